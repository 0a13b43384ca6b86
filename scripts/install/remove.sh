# shellcheck shell=sh
# Takes it away again. Sourced by install.sh.

confirm() { # question
  [ "$yes" = no ] || return 0
  [ -t 0 ] || die 'nobody is there to be asked' '--yes answers it.'
  printf '%s Type yes: ' "$1"
  read -r answer
  [ "$answer" = yes ] || die 'nothing was removed'
}

uninstall() {
  if runs_by_hand; then die 'PM IoT runs, and not as a service' 'Stop it where it was started, and run this again.'; fi
  if has_systemd && [ -f "$UNIT" ]; then systemctl disable --now --quiet pm-iot.service || true; fi
  rm -f "$UNIT" "$UNIT.new"
  if has_systemd; then systemctl daemon-reload; fi
  if [ -f "$COMMAND" ] && grep -q 'Runs a command of PM IoT' "$COMMAND"; then rm -f "$COMMAND"; fi
  rm -rf "$OPT"
}

uninstall_or_purge() {
  if [ "$purge" = yes ]; then
    confirm "This deletes every reading, certificate, secret and account of this box ($DATA, $ETC, its database)."
    uninstall
    drop_database
    rm -rf "$DATA" "$ETC" /etc/systemd/system/pm-iot.service.d
    if getent passwd pm-iot >/dev/null; then userdel pm-iot; fi
    say 'PM IoT and all that it kept are gone. Packages of Debian (postgresql, nodejs) stay: apt-get remove takes them.'
  else
    uninstall
    say "PM IoT is removed. What it kept stays in $DATA and $ETC (and in PostgreSQL, where it used it):"
    say 'an installation finds it again; --purge deletes it.'
  fi
}
