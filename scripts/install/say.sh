# shellcheck shell=sh
# What the installer says, and how it looks at the machine. Sourced by install.sh.

OPT=/opt/pm-iot
DATA=/var/lib/pm-iot
ETC=/etc/pm-iot
ENV_FILE=$ETC/pm-iot.env
UNIT=/etc/systemd/system/pm-iot.service
COMMAND=/usr/local/bin/pm-iot
FIRST_PASSWORD=$DATA/first-password
CHANGING=$OPT/.changing

say() { printf '%s\n' "$*"; }
step() { printf '── %s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }

# The reason, and then what to do about it.
die() {
  printf '\ninstall: %s\n' "$1" >&2
  shift
  for line in "$@"; do printf '  %s\n' "$line" >&2; done
  exit 1
}

usage_error() {
  printf 'install: %s\n\n' "$*" >&2
  usage >&2
  exit 64
}

has() { command -v "$1" >/dev/null 2>&1; }

# In a container image or a chroot systemctl may be there, and nobody who listens to it.
has_systemd() { [ -d /run/systemd/system ]; }

# Started with `pm-iot run`, or by something else than this unit.
runs_by_hand() {
  is_running && return 1
  getent passwd pm-iot >/dev/null && [ -n "$(find /proc -maxdepth 1 -user pm-iot 2>/dev/null)" ]
}

is_running() { has_systemd && systemctl is-active --quiet pm-iot.service; }

# MiB that are free where a path is, or will be.
free_mib() {
  path=$1
  while [ ! -d "$path" ]; do path=$(dirname "$path"); done
  df -Pk "$path" | awk 'NR == 2 { print int($4 / 1024) }'
}

need_space() { # path, MiB, what for
  free=$(free_mib "$1")
  [ "$free" -ge "$2" ] ||
    die "there is not enough room for $3: $1 has $free MiB free, $2 are needed" \
      'Free some (apt-get clean, journalctl --vacuum-size=50M), and run this again: it goes on where it stopped.'
}

# Whole or not at all, on the disk, and only when it differs: its name is then among what has changed.
put_file() { # source, target, mode, owner:group
  if [ -f "$2" ] && cmp -s "$1" "$2"; then return 0; fi
  draft=$2.new
  cp "$1" "$draft"
  chmod "$3" "$draft"
  chown "$4" "$draft"
  sync "$draft"
  mv -f "$draft" "$2"
  changed="$changed $2"
}

# A link that leads to the one or to the other, and never to nothing.
put_link() { # target, link
  [ "$(readlink "$2" 2>/dev/null)" = "$1" ] && return 0
  ln -sfn "$1" "$2.new"
  mv -fT "$2.new" "$2"
  changed="$changed $2"
}

as_service() { runuser -u pm-iot -- env -i HOME="$DATA" PATH="$PATH" DATA_DIR="$DATA" "$@"; }

# What it starts (a server, say) must not keep the installer's lock.
apt_install() { # packages
  if [ "$online" = yes ]; then
    apt-get update -qq || warn 'apt-get update failed: older lists are used'
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 9>&-
  else
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends --no-download "$@" >/dev/null 9>&-
  fi
}
