#!/bin/sh
# A device for PM IoT of nothing but mosquitto-clients 2: it tells the load of its machine, and obeys a switch.
# Beside it: config.sh and ca.crt. The secret comes into device.secret; remove that to enrol anew.
set -u
cd "$(dirname "$0")" || exit
. ./config.sh

# What stands on a command line is seen by everybody on the machine: the options of the clients are read from files.
XDG_CONFIG_HOME=$(mktemp -d)
export XDG_CONFIG_HOME
trap 'rm -rf "$XDG_CONFIG_HOME"' EXIT
trap 'exit 1' INT TERM
log_in_with() {
  for client in mosquitto_pub mosquitto_sub mosquitto_rr; do
    printf '%s\n' "-V mqttv311" "-h $BROKER_HOST" "-p $BROKER_PORT" "--cafile $PWD/ca.crt" \
      "-i $DEVICE_ID" "-u $DEVICE_ID" "-P $1" > "$XDG_CONFIG_HOME/$client"
  done
}

# The text of a field of a flat JSON object, as the server writes it.
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }

registration='{"device_id":"'$DEVICE_ID'","device_name":"'$DEVICE_NAME'","device_type":"shell","capabilities":[
  {"capability_type":"power","control_type":"toggle"},{"capability_type":"load","control_type":"sensor"}]}'
if [ ! -s device.secret ]; then
  log_in_with "$ENROLMENT_TOKEN"
  answer=$(mosquitto_rr -q 1 -W 10 -t devices/register -e "devices/$DEVICE_ID/register/response" -m "$registration")
  secret=$(printf '%s' "$answer" | field device_secret)
  if [ -z "$secret" ]; then
    echo "not registered: $answer"
    exit 1
  fi
  (umask 077 && printf '%s' "$secret" > device.secret)
  echo "registered: the secret is kept"
fi
log_in_with "$(cat device.secret)"

# The clients do not reconnect, and a second connection under the same id would end the first: so one after the other.
seq=0
pause=1
report() {
  mosquitto_pub -q 1 -t "devices/$DEVICE_ID/sensor" -m '{"capability_type":"'"$1"'","control_type":"'"$2"'","value":"'"$3"'",
    "timestamp":"'"$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)"'","seq":'"$seq"'}'
  seq=$((seq + 1))
}
while :; do
  # With QoS 1 mosquitto_pub ends with 0 once the reading is acknowledged: then it is stored.
  if ! report load sensor "$(cut -d' ' -f1 /proc/loadavg)"; then
    echo "not sent: again in $pause s"
    sleep "$pause"
    pause=$((pause < 60 ? pause * 2 : 60))
    continue
  fi
  pause=1
  command=$(mosquitto_sub -q 1 -C 1 -W 5 -t "devices/$DEVICE_ID/command/request" 2> /dev/null)
  [ -n "$command" ] || continue
  value=$(printf '%s' "$command" | field value)
  mosquitto_pub -q 1 -t "devices/$(printf '%s' "$command" | field correlation_id)/command/response" \
    -m '{"status":"success","value":"'"$value"'"}'
  echo "command: $value"
done
