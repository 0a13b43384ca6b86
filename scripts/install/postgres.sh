# shellcheck shell=sh
# PostgreSQL from Debian's packages, with a role and a database of its own. Sourced by install.sh.

# Left while the package is being installed: its server is then ours to tune, in a second try too.
TUNE_MARK=$ETC/.postgres-is-ours

psql_as_admin() { runuser -u postgres -- psql -X -q -A -t -v ON_ERROR_STOP=1 -p "$pg_port" -d postgres "$@"; }

install_postgres() {
  if has pg_lsclusters && [ -n "$(pg_lsclusters -h)" ]; then return 0; fi
  need_space /var/lib/postgresql 400 'PostgreSQL'
  : >"$TUNE_MARK"
  apt_install postgresql ||
    die 'postgresql could not be installed' 'apt-get says why above.' \
      "Offline, its packages must be in /var/cache/apt/archives; --online lets apt-get fetch them." \
      'Without --with-postgres the built-in database is used, which does for most boxes.'
}

# The newest cluster. Sets pg_version, pg_name, pg_port.
find_cluster() {
  line=$(pg_lsclusters -h | sort -k1,1n | tail -n 1)
  [ -n "$line" ] || die 'there is no cluster of PostgreSQL' "pg_createcluster makes one: pg_createcluster VERSION main"
  # shellcheck disable=SC2086 # its columns
  set -- $line
  pg_version=$1 pg_name=$2 pg_port=$3
}

pg_answers() { runuser -u postgres -- psql -X -q -p "$pg_port" -d postgres -c 'select 1' >/dev/null 2>&1; }

pg_control() { # action
  if has_systemd; then systemctl "$1" "postgresql@$pg_version-$pg_name.service"; else
    # A server that stays must not keep the installer's lock.
    pg_ctlcluster "$pg_version" "$pg_name" "$1" 9>&-
  fi
}

start_cluster() {
  pg_answers || pg_control start || true
  tries=0
  until pg_answers; do
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || die "PostgreSQL $pg_version does not start" \
      "Its log: /var/log/postgresql/postgresql-$pg_version-$pg_name.log"
    sleep 1
  done
}

# Only where nobody else used the server before. What it keeps is written as safely as ever: fsync, synchronous_commit and
# full_page_writes stay on.
tune_cluster() {
  [ -f "$TUNE_MARK" ] || return 0
  folder=/etc/postgresql/$pg_version/$pg_name/conf.d
  draft=$(mktemp)
  cat "$installer/postgres.conf" >"$draft"
  mkdir -p "$folder"
  changed_before=$changed
  put_file "$draft" "$folder/pm-iot.conf" 0644 postgres:postgres
  rm -f "$draft"
  if [ "$changed_before" != "$changed" ]; then
    pg_control restart
    start_cluster
  fi
  rm -f "$TUNE_MARK"
}

# No password anywhere: PostgreSQL knows the service by its user (`peer`), over a Unix socket.
make_database() {
  [ "$(psql_as_admin -c "select 1 from pg_roles where rolname = 'pm-iot'")" = 1 ] ||
    psql_as_admin -c 'create role "pm-iot" login'
  # Where its files are: so that the guard of the disk sees it.
  psql_as_admin -c 'grant pg_read_all_settings to "pm-iot"'
  [ "$(psql_as_admin -c "select 1 from pg_database where datname = 'pm-iot'")" = 1 ] ||
    psql_as_admin -c "create database \"pm-iot\" owner \"pm-iot\" template template0 encoding 'UTF8' lc_collate 'C.UTF-8' lc_ctype 'C.UTF-8'"
  database_url="postgres:///pm-iot?host=/run/postgresql&user=pm-iot"
  [ "$pg_port" = 5432 ] || database_url="$database_url&port=$pg_port"
  as_service psql -X -q -h /run/postgresql -p "$pg_port" -d pm-iot -c 'select 1' >/dev/null ||
    die 'PostgreSQL does not let the user pm-iot in over its Unix socket' \
      "/etc/postgresql/$pg_version/$pg_name/pg_hba.conf must have the line of Debian: local all all peer"
}

setup_postgres() {
  step 'PostgreSQL'
  install_postgres
  find_cluster
  start_cluster
  tune_cluster
  make_database
  say "PostgreSQL $pg_version, database pm-iot, without a password over /run/postgresql"
}

drop_database() {
  if ! has pg_lsclusters || [ -z "$(pg_lsclusters -h)" ]; then return 0; fi
  find_cluster
  pg_answers || { warn 'PostgreSQL does not run: its database pm-iot, if there is one, stays'; return 0; }
  psql_as_admin -c 'drop database if exists "pm-iot" with (force)' -c 'drop role if exists "pm-iot"'
  rm -f "/etc/postgresql/$pg_version/$pg_name/conf.d/pm-iot.conf"
}
