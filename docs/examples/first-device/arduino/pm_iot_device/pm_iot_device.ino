// A device for PM IoT on an ESP32: Arduino core 2 or 3, PubSubClient 2.8. It switches the LED of the board and measures the
// temperature of its chip. Hold BOOT (GPIO 0) while it starts to forget the secret and enrol anew.
#include <Preferences.h>
#include <PubSubClient.h>
#include <WiFi.h>
#include <WiFiClientSecure.h>
#include <sys/time.h>
#include <time.h>

#include "config.h"

const int LED_PIN = 2;
const int BOOT_PIN = 0;
const unsigned long HEARTBEAT_MS = 10000;
const unsigned long READING_MS = 5000;
const unsigned long MIN_PAUSE_MS = 1000;
const unsigned long MAX_PAUSE_MS = 60000;
// A connection that held for so long was a good one: the next may be tried at once.
const unsigned long STEADY_MS = 30000;
// Any time after the program was written: before NTP has answered, the clock begins at 1970.
const time_t CLOCK_IS_SET = 1750000000;

WiFiClientSecure tls;
PubSubClient mqtt(tls);
Preferences store;

char secret[128];
bool enrolled = false;    // there is a secret
bool comeAgain = false;   // with the secret that has just come
bool ledOn = false;
unsigned long sequence = 0;
unsigned long lastHeartbeat = 0, lastReading = 0, lastTry = 0, pauseMs = 0;

// PubSubClient sends with QoS 0: nobody tells it what has arrived. So the last readings are sent once more after each new
// connection; the server knows a reading by its time and number, and stores it once.
const int RECENT = 24;
char recent[RECENT][224];
int newest = 0;

const char REGISTRATION[] =
    "{\"device_id\":\"" DEVICE_ID "\",\"device_name\":\"" DEVICE_NAME "\",\"device_type\":\"esp32\","
    "\"version\":\"1.0.0\",\"capabilities\":["
    "{\"capability_type\":\"power\",\"control_type\":\"toggle\"},"
    "{\"capability_type\":\"temperature\",\"control_type\":\"sensor\",\"unit\":\"°C\"},"
    "{\"capability_type\":\"link\",\"control_type\":\"sensor\"}]}";
const char LAST_WORDS[] = "{\"capability_type\":\"link\",\"control_type\":\"sensor\",\"value\":\"lost\"}";

// The value of a field of a flat JSON object, as the server writes it, without its quotes.
bool field(const char *json, const char *name, char *out, size_t size) {
  char key[40];
  snprintf(key, sizeof key, "\"%s\":", name);
  const char *at = strstr(json, key);
  if (at == nullptr) return false;
  at += strlen(key);
  const bool quoted = *at == '"';
  if (quoted) at++;
  size_t length = 0;
  for (; *at != '\0' && length + 1 < size; at++) {
    if (quoted ? *at == '"' : (*at == ',' || *at == '}')) break;
    if (quoted && *at == '\\' && at[1] != '\0') at++;
    out[length++] = *at;
  }
  out[length] = '\0';
  return true;
}

bool clockIsSet() { return time(nullptr) > CLOCK_IS_SET; }

// 2026-01-15T10:30:00.000Z
void timestamp(char *out, size_t size) {
  struct timeval now;
  gettimeofday(&now, nullptr);
  struct tm utc;
  gmtime_r(&now.tv_sec, &utc);
  char text[24];
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  snprintf(out, size, "%s.%03dZ", text, (int)(now.tv_usec / 1000));
}

void send(const char *payload) {
  if (!mqtt.publish("devices/" DEVICE_ID "/sensor", payload)) Serial.println("not sent: too long, or no connection");
}

// Without a clock a reading goes without a time: the server gives it that of its arrival.
void report(const char *capability, const char *control, const char *value) {
  char payload[224];
  if (!clockIsSet()) {
    snprintf(payload, sizeof payload, "{\"capability_type\":\"%s\",\"control_type\":\"%s\",\"value\":\"%s\"}", capability,
             control, value);
    send(payload);
    return;
  }
  char at[32];
  timestamp(at, sizeof at);
  snprintf(payload, sizeof payload,
           "{\"capability_type\":\"%s\",\"control_type\":\"%s\",\"value\":\"%s\",\"timestamp\":\"%s\",\"seq\":%lu}",
           capability, control, value, at, sequence++);
  strcpy(recent[newest], payload);
  newest = (newest + 1) % RECENT;
  if (mqtt.connected()) send(payload);
}

void sendRecentAgain() {
  for (int i = 0; i < RECENT; i++) {
    const char *payload = recent[(newest + i) % RECENT];
    if (payload[0] != '\0') send(payload);
  }
}

void keepSecret(const char *payload) {
  char status[24] = "";
  field(payload, "status", status, sizeof status);
  if (!field(payload, "device_secret", secret, sizeof secret)) {
    Serial.printf("registration: %s\n", strcmp(status, "error") == 0 ? payload : status);
    return;
  }
  store.putString("secret", secret);
  enrolled = true;
  comeAgain = true;
  Serial.println("registered: the secret is kept");
}

void obey(const char *command) {
  char id[80], capability[40], value[40], topic[128], answer[160];
  if (!field(command, "correlation_id", id, sizeof id)) return;
  field(command, "capability_type", capability, sizeof capability);
  field(command, "value", value, sizeof value);
  snprintf(topic, sizeof topic, "devices/%s/command/response", id);
  if (strcmp(capability, "power") == 0) {
    ledOn = strcmp(value, "ON") == 0 || strcmp(value, "true") == 0;
    digitalWrite(LED_PIN, ledOn ? HIGH : LOW);
    snprintf(answer, sizeof answer, "{\"status\":\"success\",\"value\":\"%s\"}", value);
  } else {
    snprintf(answer, sizeof answer, "{\"status\":\"error\",\"message\":\"this device has no %s to set\"}", capability);
  }
  mqtt.publish(topic, answer);
  Serial.printf("command: %s %s\n", capability, value);
}

void onMessage(char *topic, uint8_t *bytes, unsigned int length) {
  // Both lie in the buffer that the next publish writes into.
  char payload[1024];
  if (length >= sizeof payload) return;
  memcpy(payload, bytes, length);
  payload[length] = '\0';
  if (strcmp(topic, "devices/" DEVICE_ID "/register/response") == 0) keepSecret(payload);
  else if (strcmp(topic, "devices/" DEVICE_ID "/command/request") == 0) obey(payload);
  else if (strcmp(topic, "devices/" DEVICE_ID "/errors") == 0) Serial.printf("refused: %s\n", payload);
}

// docs/troubleshooting.md, "Codes", has what each is caused by.
const char *meaning(int state) {
  switch (state) {
    case MQTT_CONNECT_BAD_PROTOCOL: return "the server wants MQTT 3.1.1";
    case MQTT_CONNECT_BAD_CLIENT_ID: return "DEVICE_ID has a character that no device id may have";
    case MQTT_CONNECT_UNAVAILABLE: return "the server asks to try again later";
    case MQTT_CONNECT_BAD_CREDENTIALS: return "the token or the secret is wrong";
    case MQTT_CONNECT_UNAUTHORIZED: return "revoked, or it has its secret and may not enrol again";
    case MQTT_CONNECT_FAILED: return "no connection: name, port, certificate or TLS version";
    case MQTT_CONNECTION_TIMEOUT: return "no answer";
    default: return "the connection was lost";
  }
}

bool connect() {
  // The will needs a right that whoever enrols does not have yet.
  const bool ok = enrolled ? mqtt.connect(DEVICE_ID, DEVICE_ID, secret, "devices/" DEVICE_ID "/sensor", 1, false, LAST_WORDS)
                           : mqtt.connect(DEVICE_ID, DEVICE_ID, ENROLMENT_TOKEN);
  if (!ok) {
    char why[96] = "";
    if (mqtt.state() == MQTT_CONNECT_FAILED) tls.lastError(why, sizeof why);
    Serial.printf("not connected, rc=%d: %s %s\n", mqtt.state(), meaning(mqtt.state()), why);
    return false;
  }
  Serial.printf("connected with the %s\n", enrolled ? "secret" : "enrolment token");
  if (!enrolled) {
    mqtt.subscribe("devices/" DEVICE_ID "/register/response", 1);
    mqtt.publish("devices/register", REGISTRATION);
    return true;
  }
  mqtt.subscribe("devices/" DEVICE_ID "/errors");
  mqtt.publish("devices/register", REGISTRATION);  // what it can may have changed with its program
  mqtt.subscribe("devices/" DEVICE_ID "/command/request", 1);
  sendRecentAgain();
  report("link", "sensor", "up");
  report("power", "toggle", ledOn ? "ON" : "OFF");
  return true;
}

void setup() {
  Serial.begin(115200);
  pinMode(LED_PIN, OUTPUT);
  pinMode(BOOT_PIN, INPUT_PULLUP);
  store.begin("pm-iot");
  if (digitalRead(BOOT_PIN) == LOW) store.remove("secret");
  enrolled = store.getString("secret", secret, sizeof secret) > 0;
  WiFi.mode(WIFI_STA);
  WiFi.begin(WIFI_SSID, WIFI_PASSWORD);
  configTime(0, 0, NTP_SERVER);
  tls.setCACert(CA_PEM);
  mqtt.setServer(BROKER_HOST, BROKER_PORT);
  mqtt.setBufferSize(1024);  // 256 by default: the registration and many commands are longer
  mqtt.setKeepAlive(30);
  mqtt.setSocketTimeout(10);
  mqtt.setCallback(onMessage);
}

void loop() {
  const unsigned long now = millis();
  if (now - lastReading >= READING_MS) {
    lastReading = now;
    char value[16];
    snprintf(value, sizeof value, "%.1f", temperatureRead());
    if (enrolled) report("temperature", "sensor", value);
  }
  if (WiFi.status() != WL_CONNECTED) return delay(100);
  if (comeAgain) {
    comeAgain = false;
    mqtt.disconnect();
    pauseMs = 0;
  }
  if (!mqtt.connected()) {
    if (now - lastTry < pauseMs) return delay(10);
    connect();
    lastTry = millis();
    // Twice as long each time, and by chance a bit more: not all devices of a house at once.
    pauseMs = pauseMs < MIN_PAUSE_MS ? MIN_PAUSE_MS : pauseMs * 2 > MAX_PAUSE_MS ? MAX_PAUSE_MS : pauseMs * 2;
    pauseMs += random(pauseMs / 2);
    return;
  }
  if (now - lastTry > STEADY_MS) pauseMs = 0;
  mqtt.loop();
  if (enrolled && now - lastHeartbeat >= HEARTBEAT_MS) {
    lastHeartbeat = now;
    mqtt.publish("devices/" DEVICE_ID "/heartbeat",
                 "{\"capability_type\":\"status\",\"control_type\":\"heartbeat\",\"value\":\"alive\"}");
  }
  delay(10);
}
