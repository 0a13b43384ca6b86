# shellcheck shell=sh
# User, folders, configuration and service. Sourced by install.sh.

make_user() {
  if ! getent passwd pm-iot >/dev/null; then
    useradd --system --user-group --home-dir "$DATA" --no-create-home --shell /usr/sbin/nologin \
      --comment 'PM IoT' pm-iot
    changed="$changed pm-iot"
  fi
  install -d -m 0700 -o pm-iot -g pm-iot "$DATA"
  install -d -m 0750 -o root -g pm-iot "$ETC"
}

# $1 (a variable) with its value in the new configuration, or as a comment.
line_for() { # name, value, example
  if [ -n "$2" ]; then printf '%s=%s\n' "$1" "$2"; else printf '#%s=%s\n' "$1" "$3"; fi
}

write_config() { # target
  cat <<END
# Configuration of PM IoT: docs/configuration.md tells all variables, $OPT/current/docs has it.
# After a change: systemctl restart pm-iot. The installer never writes into what is here.
# DATA_DIR is $DATA; PostgreSQL and Redis have no password here unless you write one.

# How devices and browsers reach this box, when its own addresses are not the way.
$(line_for PUBLIC_HOST "$host" box.example.org)
# Announced by mDNS as pm-iot.local; a box of several in a network needs a name of its own.
MDNS_NAME=pm-iot
# The app, and MQTT, over TLS. 'off': no such listener.
$(line_for HTTPS_PORT "$https_port" 8443)
$(line_for MQTTS_PORT "$mqtts_port" 8883)
# Without TLS, on this machine alone.
#HTTP_PORT=3000
#MQTT_PORT=1883
# Who may register a device: open, token or closed.
#DEVICE_ENROLLMENT=token
# Devices that cannot do TLS 1.3.
#TLS_MIN_VERSION=TLSv1.2
# How long raw readings, and summaries of minutes, are kept.
#RETENTION_RAW=30d
#RETENTION_MINUTE=1y
# A PostgreSQL server; without it the built-in database in $DATA/db.
$(line_for DATABASE_URL "$database_url" 'postgres:///pm-iot?host=/run/postgresql&user=pm-iot')
#LOG_LEVEL=info
END
}

# An own configuration is taken as it is; one that is there is never written.
make_config() {
  if [ ! -f "$ENV_FILE" ]; then
    draft=$(mktemp)
    if [ -n "$config" ]; then cat "$config" >"$draft"; else write_config >"$draft"; fi
    if [ -n "$config" ] && [ -n "$database_url" ] && ! grep -q '^DATABASE_URL=' "$draft"; then
      printf '\nDATABASE_URL=%s\n' "$database_url" >>"$draft"
    fi
    put_file "$draft" "$ENV_FILE" 0640 root:pm-iot
    rm -f "$draft"
    return 0
  fi
  [ -z "$config$host$https_port$mqtts_port" ] ||
    warn "$ENV_FILE is there already and stays as it is: change it there (--config, --host and ports count for a first installation)"
  [ -n "$database_url" ] || return 0
  grep -qxF "DATABASE_URL=$database_url" "$ENV_FILE" && return 0
  if grep -q '^DATABASE_URL=' "$ENV_FILE"; then
    warn "DATABASE_URL in $ENV_FILE is another one, and stays"
  elif [ -d "$DATA/db" ]; then
    warn "the readings of this box are in its built-in database, which goes on being used. To bring them to PostgreSQL:"
    warn "pm-iot migrate-db --help, and then in $ENV_FILE: DATABASE_URL=$database_url"
  else
    # An installation that was interrupted before its first start: no reading is anywhere yet.
    draft=$(mktemp)
    { cat "$ENV_FILE" && printf 'DATABASE_URL=%s\n' "$database_url"; } >"$draft"
    put_file "$draft" "$ENV_FILE" 0640 root:pm-iot
    rm -f "$draft"
  fi
}

with_config() { # command that Node runs, with the configuration of the service
  as_service FIRST_PASSWORD_FILE="$FIRST_PASSWORD" "$NODE" --env-file="$ENV_FILE" "$@"
}

# Before anything is stopped: a configuration that would not start, or a port that is taken.
check_config() {
  step 'configuration'
  checked=ports
  if is_running || runs_by_hand; then checked=tell; fi
  with_config "$new/scripts/install/facts.mjs" "$checked" >/dev/null ||
    die "with this configuration it would not start: see above" \
      "Change $ENV_FILE, or end what is in its way (ss -ltnp tells what listens), and run this again." \
      'Nothing was started or stopped.'
  say "$ENV_FILE"
}

install_unit() {
  if [ -e "$COMMAND" ] && ! grep -q 'Runs a command of PM IoT' "$COMMAND"; then
    warn "$COMMAND is something else, and stays: the command is $new/scripts/install/pm-iot"
  else
    put_file "$new/scripts/install/pm-iot" "$COMMAND" 0755 root:root
  fi
  mkdir -p "$(dirname "$UNIT")"
  put_file "$new/scripts/install/pm-iot.service" "$UNIT" 0644 root:root
  has_systemd || return 0
  systemctl daemon-reload
  systemctl is-enabled --quiet pm-iot.service 2>/dev/null || systemctl enable --quiet pm-iot.service
}

log_of_start() { # lines
  journalctl -o cat --no-pager -n "$1" \
    "_SYSTEMD_INVOCATION_ID=$(systemctl show -p InvocationID --value pm-iot.service)" 2>/dev/null
}

why_not() {
  told=$(log_of_start 200 | grep -E '"level":"(fatal|error|warn)"|^[A-Z_]+: |^DATA_DIR ' | tail -n 5 | sed 's/.*"msg":"\(.*\)"}$/\1/')
  [ -n "$told" ] || told=$(log_of_start 8)
  printf '%s' "$told"
}

property() { systemctl show -p "$1" --value pm-iot.service; }

not_ready() { # how it is
  printf '\n%s\n' "$(why_not)" >&2
  if [ -n "$before" ] && [ "$before" != "$new" ]; then
    die "$1" 'The last of what it says is above; all of it: journalctl -u pm-iot' \
      "Back to the version before: sudo sh $new/scripts/install.sh --back"
  fi
  die "$1" 'The last of what it says is above; all of it: journalctl -u pm-iot' \
    "What it says to do helps most; then: systemctl restart pm-iot, or this installer once more."
}

# A first start makes a database: seconds on a PC, a minute on a small box. Migrations of much history may take longer.
wait_until_ready() {
  waited=0
  while :; do
    case $(property ActiveState)/$(property SubState) in
      active/running) break ;;
      failed/*) not_ready 'PM IoT does not start' ;;
      activating/auto-restart)
        [ "$(property NRestarts)" -lt 2 ] || not_ready 'PM IoT does not start, and goes on trying'
        ;;
    esac
    if [ $((waited % 10)) -eq 9 ]; then
      say "   … $((waited + 1)) s: $(log_of_start 1 | sed 's/.*"msg":"\(.*\)"}$/\1/' | cut -c 1-120)"
    fi
    [ "$waited" -lt 900 ] || not_ready 'PM IoT is not ready after 15 minutes, and goes on trying'
    sleep 1
    waited=$((waited + 1))
  done
}

start_service() {
  step 'service'
  if is_running && [ -z "$changed" ]; then return 0; fi
  systemctl reset-failed pm-iot.service 2>/dev/null || true
  systemctl restart --no-block pm-iot.service
  # The state of the start that was asked for, not of the one before.
  sleep 1
  wait_until_ready
}
