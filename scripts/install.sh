#!/bin/sh
# Installs PM IoT on Debian 12, 13 and Raspberry Pi OS (64 bit), or brings it up to date: docs/install.md.
# A second run changes only what differs. All is in functions, so that a file that is not whole does nothing.
set -eu

usage() {
  cat <<'END'
install.sh [options]    installs PM IoT, or brings it up to date; run as root

  --from FILE         the package that npm pack made; without it, the folder that this script is in
  --online            apt-get may fetch what is missing (from a checkout it may anyway)
  --node FILE         Node of nodejs.org (node-v…-linux-….tar.xz), where Debian's is too old
  --with-postgres     PostgreSQL of Debian, with a database of its own, in place of the built-in one
  --config FILE       becomes /etc/pm-iot/pm-iot.env at a first installation
  --host NAME         PUBLIC_HOST: how devices reach this box, at a first installation
  --https-port PORT   8443 unless told, at a first installation
  --mqtts-port PORT   8883 unless told, at a first installation
  --no-start          everything but the start

  --back              to the version before
  --uninstall         takes the program away; data and configuration stay
  --purge             these too. --yes: without asking
END
}

installer=$(dirname "$(readlink -f "$0")")/install
checkout=$(dirname "$(readlink -f "$0")")/..
checkout=$(readlink -f "$checkout")
# shellcheck source=install/say.sh
. "$installer/say.sh"
# shellcheck source=install/node.sh
. "$installer/node.sh"
# shellcheck source=install/program.sh
. "$installer/program.sh"
# shellcheck source=install/postgres.sh
. "$installer/postgres.sh"
# shellcheck source=install/service.sh
. "$installer/service.sh"
# shellcheck source=install/remove.sh
. "$installer/remove.sh"

value_of() { # option, values
  if [ $# -lt 2 ] || [ -z "$2" ]; then usage_error "$1 needs a value"; fi
}

read_options() {
  from='' online='' node_archive='' postgres=no config='' host='' https_port='' mqtts_port=''
  action=install start=yes purge=no yes=no
  while [ $# -gt 0 ]; do
    case $1 in
      --from) value_of "$@"; from=$2; shift ;;
      --node) value_of "$@"; node_archive=$2; shift ;;
      --config) value_of "$@"; config=$2; shift ;;
      --host) value_of "$@"; host=$2; shift ;;
      --https-port) value_of "$@"; https_port=$2; shift ;;
      --mqtts-port) value_of "$@"; mqtts_port=$2; shift ;;
      --online) online=yes ;;
      --with-postgres) postgres=yes ;;
      --no-start) start=no ;;
      --back) action=back ;;
      --uninstall) action=remove ;;
      --purge) action=remove purge=yes ;;
      --yes) yes=yes ;;
      -h | --help) usage; exit 0 ;;
      *) usage_error "there is no option $1" ;;
    esac
    shift
  done
  for port in "$https_port" "$mqtts_port"; do
    case $port in '' | off) ;; *[!0-9]* | ??????*) usage_error "$port is no port" ;; esac
  done
  case $host in *[!A-Za-z0-9.:-]*) usage_error "$host is no name of a host" ;; esac
  [ -z "$config" ] || [ -f "$config" ] || usage_error "--config: there is no file $config"
  if [ -z "$online" ]; then
    if [ -n "$from" ] || is_package "$checkout"; then online=no; else online=yes; fi
  fi
}

check_machine() {
  if ! has dpkg || ! has apt-get; then die 'this is no Debian' 'docs/install.md tells how to install it by hand.'; fi
  architecture=$(dpkg --print-architecture)
  case $architecture in
    amd64 | arm64) ;;
    armhf) die 'this system has 32 bits (armhf)' 'Take the 64-bit Raspberry Pi OS: a Raspberry Pi 3, 4, 5 or Zero 2 runs it.' ;;
    *) die "this machine is $architecture: amd64 and arm64 are what the package runs on" ;;
  esac
  [ "$(id -u)" -eq 0 ] || die 'this needs root' "sudo sh $0 …"
  for tool in runuser useradd flock awk tar gzip; do
    has "$tool" || die "$tool is missing" 'It is in every Debian: apt-get install util-linux passwd mawk tar gzip'
  done
}

# Two installations at once would be in each other's way.
lock() {
  mkdir -p /run/lock
  exec 9>/run/lock/pm-iot-install
  flock -n 9 || die 'another installation runs on this machine' 'Wait for its end, and run this again.'
}

tell_result() {
  version=$(current_version)
  if [ -z "$changed" ]; then outcome="no change: PM IoT $version runs"; else
    case $before in
      '') outcome="installed: PM IoT $version runs" ;;
      "$new") outcome="brought up to date: PM IoT $version runs" ;;
      *) outcome="upgraded: PM IoT $version runs, before it was $(basename "$before")" ;;
    esac
  fi
  printf '\n%s\n\n' "$outcome"
  with_config "$OPT/current/scripts/install/facts.mjs" tell
  if [ -f "$FIRST_PASSWORD" ]; then
    printf '  %-10s%s   (once: it asks for another one, and is not shown again)\n' Password "$(cat "$FIRST_PASSWORD")"
    rm -f "$FIRST_PASSWORD"
    say ''
    say 'The first device: scan this with its app, or flash the line into it.'
    "$COMMAND" enroll || warn 'no token was made: pm-iot enroll makes one'
  else
    say ''
    say 'pm-iot enroll makes a token for a device; pm-iot password admin a new password.'
  fi
}

tell_by_hand() {
  printf '\nPM IoT %s is installed in %s, and not started: ' "$(current_version)" "$OPT/current"
  if has_systemd; then say 'systemctl start pm-iot'; else
    say 'systemd does not run here.'
    say "By hand:   $COMMAND run"
    say "Then:      $COMMAND enroll"
    say "The first start writes the password of admin into $FIRST_PASSWORD: read it, and remove the file."
  fi
}

# From here to the end of a start: if this is interrupted, the next run starts it anew, whatever differs by then.
begin_change() {
  if [ -f "$CHANGING" ]; then changed="$changed interrupted"; fi
  : >"$CHANGING"
}

install_all() {
  changed='' database_url=''
  clear_drafts
  find_node
  place_program
  make_user
  if [ "$postgres" = yes ]; then setup_postgres; fi
  make_config
  check_config
  begin_change
  switch_to "$new"
  install_unit
  if [ "$start" = yes ] && has_systemd; then
    start_service
    rm -f "$CHANGING"
    remove_older
    tell_result
  else
    remove_older
    tell_by_hand
  fi
}

go_back() {
  changed=''
  new=$(readlink "$OPT/previous" 2>/dev/null || true)
  if [ -z "$new" ] || [ ! -d "$new" ]; then die 'there is no version before this one'; fi
  begin_change
  switch_to "$new"
  install_unit
  if has_systemd; then
    start_service
    rm -f "$CHANGING"
    say "back: PM IoT $(current_version) runs"
  else tell_by_hand; fi
}

main() {
  read_options "$@"
  check_machine
  lock
  case $action in
    install) install_all ;;
    back) go_back ;;
    remove) uninstall_or_purge ;;
  esac
}

main "$@"
exit
