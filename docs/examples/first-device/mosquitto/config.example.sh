# Copy to config.sh, which git does not take, and fill in. Where each value comes from: docs/first-device.md

# "broker" of npm run enroll, without mqtts:// and the port: one of the names in the certificate.
BROKER_HOST="box.local"
BROKER_PORT=8883

# "token" of npm run enroll. Used for the first connection alone.
ENROLMENT_TOKEN="token"

# 1 to 64 of A-Z a-z 0-9 . _ : - and another one for each device.
DEVICE_ID="shell-1"
DEVICE_NAME="My first device"
