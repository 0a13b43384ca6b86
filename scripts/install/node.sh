# shellcheck shell=sh
# Finds a Node that will do, or brings one. Sourced by install.sh.

NODE=$OPT/bin/node

node_fits() {
  [ -x "$1" ] && "$1" -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    const fits = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
    process.exit(fits ? 0 : 1)' 2>/dev/null
}

# One in somebody's home (nvm and the like) is out of reach for the service, and goes with its owner.
is_reachable() {
  case $(readlink -f "$1") in /root/* | /home/* | /tmp/*) return 1 ;; esac
}

debian_node_fits() {
  candidate=$(apt-cache policy nodejs 2>/dev/null | awk '$1 == "Candidate:" { print $2 }')
  case $candidate in '' | '(none)') return 1 ;; esac
  dpkg --compare-versions "$candidate" ge 22.12 ||
    { dpkg --compare-versions "$candidate" ge 20.19 && dpkg --compare-versions "$candidate" lt 21; }
}

unpack_node() { # archive of nodejs.org
  [ -f "$1" ] || die "--node: there is no file $1"
  case $1 in
    *.xz) has xz || die "--node: $1 needs xz to be unpacked" 'apt-get install xz-utils, or take the .tar.gz from nodejs.org' ;;
  esac
  need_space "$OPT" 300 'Node'
  draft=$OPT/.new-node
  rm -rf "$draft"
  mkdir -p "$draft"
  tar -xf "$1" -C "$draft" --strip-components=1 --no-same-owner ||
    die "--node: $1 cannot be unpacked" 'Is it whole? Compare its SHA-256 with SHASUMS256.txt of nodejs.org.'
  "$draft/bin/node" --version >/dev/null 2>&1 ||
    die "--node: $1 does not run on this machine ($architecture)" \
      "Take node-v…-linux-$([ "$architecture" = amd64 ] && echo x64 || echo "$architecture").tar.xz from nodejs.org."
  node_fits "$draft/bin/node" ||
    die "--node: $1 has Node $("$draft/bin/node" --version): 20.19 or newer, or 22.12 or newer is needed"
  folder=$OPT/node-$("$draft/bin/node" --version)
  if [ -d "$folder" ]; then rm -rf "$draft"; else
    sync -f "$draft"
    mv -T "$draft" "$folder"
  fi
  chosen=$folder/bin/node
}

# Sets `chosen`. Nothing is fetched unless that was asked for.
find_node() {
  step 'Node'
  chosen=
  if [ -n "$node_archive" ]; then
    unpack_node "$node_archive"
  elif node_fits "$NODE"; then
    chosen=$(readlink "$NODE")
  else
    found=$(command -v node || true)
    if [ -n "$found" ] && node_fits "$found"; then
      if is_reachable "$found"; then chosen=$(readlink -f "$found"); else
        warn "$(readlink -f "$found") is of one user alone: the service cannot use it"
      fi
    fi
  fi
  if [ -z "$chosen" ] && debian_node_fits && apt_install nodejs && node_fits /usr/bin/node; then
    chosen=/usr/bin/node
  fi
  [ -n "$chosen" ] ||
    die 'there is no Node that will do: 20.19 or newer, or 22.12 or newer' \
      "Debian 13 has one: $0 --online … lets apt-get fetch it." \
      'Otherwise bring https://nodejs.org/dist/latest-v22.x/ node-v22.…-linux-x64.tar.xz (Raspberry Pi: linux-arm64) along,' \
      "and add --node FILE."
  mkdir -p "$OPT/bin"
  put_link "$chosen" "$NODE"
  say "$chosen, $("$NODE" --version)"
}
