# shellcheck shell=sh
# Puts a version of the program beside the others in /opt/pm-iot, and lets `current` lead to it. Sourced by install.sh.

# What an installation that was interrupted has left.
clear_drafts() {
  mkdir -p "$OPT"
  chmod 0755 "$OPT"
  rm -rf "$OPT"/.new-*
}

# A package that was unpacked has no lock file; a checkout has one.
is_package() { [ -f "$1/dist/packed.json" ] && [ ! -f "$1/package-lock.json" ]; }

# `npm pack`, as the owner of the checkout: nothing in it is root's afterwards.
pack_checkout() {
  has npm || die 'npm is missing, which a checkout needs to be built' \
    'apt-get install npm; or build a package elsewhere (npm pack), and use --from FILE'
  owner=$(stat -c %U "$checkout")
  packs=$(mktemp -d)
  chown "$owner" "$packs"
  say "building $checkout: some minutes on a small box"
  libc=gnu
  case $("$NODE" -p process.arch) in x64) platform=linux-x64-$libc ;; *) platform=linux-arm64-$libc ;; esac
  (cd "$checkout" && runuser -u "$owner" -- env PATH="$OPT/bin:$PATH" PACK_PLATFORMS="$platform" \
    npm pack --silent --pack-destination "$packs" >&2) ||
    die "npm pack failed in $checkout" 'Its own words are above.'
  package=$(find "$packs" -name '*.tgz')
}

unpack() { # tarball
  [ -f "$1" ] || die "--from: there is no file $1"
  tar -xzf "$1" -C "$draft" --strip-components=1 --no-same-owner 2>/dev/null ||
    die "$1 cannot be unpacked" 'Is it whole, and made by npm pack? Compare its sha256sum with that of where it came from.'
  is_package "$draft" || die "$1 is not a package of PM IoT" 'npm pack in a checkout makes one.'
}

# Sets `new` to the folder of the version that was asked for.
place_program() {
  step 'program'
  need_space "$OPT" 150 'the program'
  draft=$OPT/.new-program
  mkdir -p "$draft"
  if [ -n "$from" ]; then
    unpack "$from"
  elif is_package "$checkout"; then
    cp -R --no-preserve=ownership "$checkout/." "$draft/"
  else
    pack_checkout
    unpack "$package"
    rm -rf "$packs"
  fi
  # A file that others may not read would stop the service.
  chmod -R u+rwX,go+rX,go-w "$draft"
  chown -R root:root "$draft"
  (cd "$draft" && "$NODE" scripts/setup.mjs && "$NODE" dist/scripts/enroll/main.js --help >/dev/null) ||
    die 'the program does not run with this Node' 'Its own words are above.'
  name=$("$NODE" -p "const { version, build } = JSON.parse(fs.readFileSync('$draft/dist/packed.json', 'utf8')); version + '-' + build")
  new=$OPT/$name
  if [ -d "$new" ]; then
    rm -rf "$draft"
    say "$name is here already"
  else
    sync -f "$draft"
    mv -T "$draft" "$new"
    say "$name is in $new"
  fi
}

current_version() { basename "$(readlink "$OPT/current" 2>/dev/null || true)"; }

# The one before stays, to go back to.
switch_to() { # folder
  before=$(readlink "$OPT/current" 2>/dev/null || true)
  if [ -n "$before" ] && [ "$before" != "$1" ] && [ -d "$before" ]; then put_link "$before" "$OPT/previous"; fi
  put_link "$1" "$OPT/current"
}

remove_older() {
  keep=" $(readlink "$OPT/current") $(readlink "$OPT/previous" 2>/dev/null || true) $(dirname "$(dirname "$(readlink "$NODE")")") "
  for folder in "$OPT"/[0-9]* "$OPT"/node-v*; do
    [ -d "$folder" ] || continue
    case $keep in *" $folder "*) ;; *) rm -rf "$folder" && say "removed $folder" ;; esac
  done
}
