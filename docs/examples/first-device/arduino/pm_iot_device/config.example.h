// Copy to config.h, which git does not take, and fill in. Where each value comes from: docs/first-device.md
#pragma once

#define WIFI_SSID "name of the network"
#define WIFI_PASSWORD "its password"

// "broker" of npm run enroll, without mqtts:// and the port. A name, not an address, with Arduino core 2.
#define BROKER_HOST "box.local"
#define BROKER_PORT 8883

// "token" of npm run enroll. Used for the first connection alone.
#define ENROLMENT_TOKEN "token"

// 1 to 64 of A-Z a-z 0-9 . _ : - and another one for each device.
#define DEVICE_ID "esp32-1"
#define DEVICE_NAME "My first device"

// Any server of the network that knows the time.
#define NTP_SERVER "pool.ntp.org"

// The file ca.crt, whole.
static const char CA_PEM[] = R"(
-----BEGIN CERTIFICATE-----
…
-----END CERTIFICATE-----
)";
