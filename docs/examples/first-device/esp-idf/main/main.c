// A device for PM IoT on an ESP32: ESP-IDF 5.1 or newer, esp-mqtt. It switches the LED of the board and counts the seconds
// since it was started. Hold BOOT (GPIO 0) while it starts to forget the secret and enrol anew.
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "cJSON.h"
#include "config.h"
#include "driver/gpio.h"
#include "esp_log.h"
#include "esp_random.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "mqtt_client.h"
#include "network.h"
#include "nvs.h"
#include "nvs_flash.h"

#define LED_PIN GPIO_NUM_2
#define BOOT_PIN GPIO_NUM_0
#define HEARTBEAT_MS 10000
#define READING_MS 5000
#define MAX_PAUSE_MS 60000
// Readings that wait for their acknowledgement; the oldest goes when there is no more room.
#define MAX_WAITING 64

#define MINE "devices/" DEVICE_ID

static const char *TAG = "device";
extern const char ca_pem[] asm("_binary_ca_crt_start");

static const char REGISTRATION[] =
    "{\"device_id\":\"" DEVICE_ID "\",\"device_name\":\"" DEVICE_NAME "\",\"device_type\":\"esp32\","
    "\"version\":\"1.0.0\",\"capabilities\":["
    "{\"capability_type\":\"power\",\"control_type\":\"toggle\"},"
    "{\"capability_type\":\"uptime\",\"control_type\":\"sensor\",\"unit\":\"s\"},"
    "{\"capability_type\":\"link\",\"control_type\":\"sensor\"}]}";
static const char HEARTBEAT[] = "{\"capability_type\":\"status\",\"control_type\":\"heartbeat\",\"value\":\"alive\"}";
static const char LAST_WORDS[] = "{\"capability_type\":\"link\",\"control_type\":\"sensor\",\"value\":\"lost\"}";

static char secret[128];
static volatile bool led_on = false;
// Told by the task of esp-mqtt, acted upon by app_main.
static volatile bool connected = false, disconnected = false, has_secret = false;
static volatile int acknowledged = -1;

// A ring: esp-mqtt forgets what it could not send for 30 s, so what is not acknowledged is kept here.
static char waiting[MAX_WAITING][224];
static int oldest = 0, count = 0, in_flight = -1;
static unsigned long sequence = 0;

static int64_t now_ms(void) { return esp_timer_get_time() / 1000; }

static void keep_secret(const char *text) {
  nvs_handle_t store;
  ESP_ERROR_CHECK(nvs_open("pm-iot", NVS_READWRITE, &store));
  ESP_ERROR_CHECK(nvs_set_str(store, "secret", text));
  ESP_ERROR_CHECK(nvs_commit(store));
  nvs_close(store);
}

static bool read_secret(bool forget) {
  nvs_handle_t store;
  size_t size = sizeof secret;
  ESP_ERROR_CHECK(nvs_open("pm-iot", NVS_READWRITE, &store));
  if (forget) nvs_erase_key(store, "secret");
  const bool found = nvs_get_str(store, "secret", secret, &size) == ESP_OK;
  nvs_close(store);
  return found;
}

static void report(const char *capability, const char *control, const char *value) {
  struct timeval now;
  struct tm utc;
  char at[24];
  gettimeofday(&now, NULL);
  gmtime_r(&now.tv_sec, &utc);
  strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S", &utc);
  if (count == MAX_WAITING) {
    oldest = (oldest + 1) % MAX_WAITING;
    count--;
    in_flight = -1;
  }
  snprintf(waiting[(oldest + count++) % MAX_WAITING], sizeof waiting[0],
           "{\"capability_type\":\"%s\",\"control_type\":\"%s\",\"value\":\"%s\",\"timestamp\":\"%s.%03dZ\",\"seq\":%lu}",
           capability, control, value, at, (int)(now.tv_usec / 1000), sequence++);
}

// One after the other, each until it is acknowledged: then it is stored. Sent twice, it is stored once.
static void send_waiting(esp_mqtt_client_handle_t client) {
  if (in_flight >= 0 && acknowledged == in_flight) {
    in_flight = -1;
    oldest = (oldest + 1) % MAX_WAITING;
    count--;
  }
  if (in_flight < 0 && count > 0) in_flight = esp_mqtt_client_publish(client, MINE "/sensor", waiting[oldest], 0, 1, 0);
}

static const char *text_of(const cJSON *object, const char *name) {
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(object, name));
  return text == NULL ? "" : text;
}

static void obey(esp_mqtt_client_handle_t client, const cJSON *command) {
  char topic[128], answer[192];
  const char *capability = text_of(command, "capability_type"), *value = text_of(command, "value");
  if (strcmp(capability, "power") == 0) {
    led_on = strcmp(value, "ON") == 0;
    gpio_set_level(LED_PIN, led_on);
    snprintf(answer, sizeof answer, "{\"status\":\"success\",\"value\":\"%.40s\"}", led_on ? "ON" : "OFF");
  } else {
    snprintf(answer, sizeof answer, "{\"status\":\"error\",\"message\":\"this device has no %.40s to set\"}", capability);
  }
  snprintf(topic, sizeof topic, "devices/%s/command/response", text_of(command, "correlation_id"));
  esp_mqtt_client_publish(client, topic, answer, 0, 1, 0);
  ESP_LOGI(TAG, "command: %s %s", capability, value);
}

static bool is_topic(const esp_mqtt_event_t *event, const char *topic) {
  return event->topic_len == (int)strlen(topic) && memcmp(event->topic, topic, event->topic_len) == 0;
}

static void on_data(const esp_mqtt_event_t *event) {
  if (event->data_len != event->total_data_len) return;  // longer than .buffer.size: nothing of ours is
  if (is_topic(event, MINE "/errors")) {
    ESP_LOGW(TAG, "refused: %.*s", event->data_len, event->data);
    return;
  }
  cJSON *message = cJSON_ParseWithLength(event->data, event->data_len);
  if (is_topic(event, MINE "/register/response")) {
    const char *given = text_of(message, "device_secret");
    if (given[0] == '\0') {
      ESP_LOGW(TAG, "registration: %.*s", event->data_len, event->data);
    } else {
      snprintf(secret, sizeof secret, "%s", given);
      keep_secret(secret);
      has_secret = true;
      ESP_LOGI(TAG, "registered: the secret is kept");
    }
  } else if (is_topic(event, MINE "/command/request")) {
    obey(event->client, message);
  }
  cJSON_Delete(message);
}

// docs/troubleshooting.md, "Codes", has what each is caused by.
static void tell(const esp_mqtt_error_codes_t *error) {
  if (error->error_type == MQTT_ERROR_TYPE_CONNECTION_REFUSED) {
    static const char *const MEANINGS[] = {
        "", "the server wants MQTT 3.1.1", "DEVICE_ID has a character that no device id may have",
        "the server asks to try again later", "the token or the secret is wrong",
        "revoked, or it has its secret and may not enrol again"};
    const int code = error->connect_return_code;
    ESP_LOGE(TAG, "not connected, rc=%d: %s", code, code > 0 && code < 6 ? MEANINGS[code] : "");
  } else {
    ESP_LOGE(TAG, "not connected: name, port, certificate or TLS version (esp-tls 0x%x, mbedTLS -0x%x, flags 0x%x, errno %d)",
             error->esp_tls_last_esp_err, -error->esp_tls_stack_err, error->esp_tls_cert_verify_flags,
             error->esp_transport_sock_errno);
  }
}

static void on_mqtt(void *arg, esp_event_base_t base, int32_t id, void *data) {
  (void)arg;
  (void)base;
  const esp_mqtt_event_t *event = data;
  switch ((esp_mqtt_event_id_t)id) {
    case MQTT_EVENT_CONNECTED: connected = true; break;
    case MQTT_EVENT_DISCONNECTED: disconnected = true; break;
    case MQTT_EVENT_PUBLISHED: acknowledged = event->msg_id; break;
    case MQTT_EVENT_DATA: on_data(event); break;
    case MQTT_EVENT_ERROR: tell(event->error_handle); break;
    default: break;
  }
}

// With the secret, or with the token for as long as there is none. A will needs a right that whoever enrols does not have yet.
static esp_mqtt_client_handle_t start(bool enrolled) {
  esp_mqtt_client_config_t config = {
      .broker = {.address = {.uri = BROKER_URL}, .verification = {.certificate = ca_pem}},
      .credentials = {.client_id = DEVICE_ID,
                      .username = DEVICE_ID,
                      .authentication = {.password = enrolled ? secret : ENROLMENT_TOKEN}},
      .session = {.keepalive = 30},
      .network = {.disable_auto_reconnect = true},
      .buffer = {.size = 2048},
  };
  if (enrolled) {
    config.session.last_will.topic = MINE "/sensor";
    config.session.last_will.msg = LAST_WORDS;
    config.session.last_will.qos = 1;
  }
  esp_mqtt_client_handle_t client = esp_mqtt_client_init(&config);
  ESP_ERROR_CHECK(esp_mqtt_client_register_event(client, MQTT_EVENT_ANY, on_mqtt, NULL));
  ESP_ERROR_CHECK(esp_mqtt_client_start(client));
  return client;
}

static void greet(esp_mqtt_client_handle_t client, bool enrolled) {
  ESP_LOGI(TAG, "connected with the %s", enrolled ? "secret" : "enrolment token");
  if (!enrolled) esp_mqtt_client_subscribe(client, MINE "/register/response", 1);
  esp_mqtt_client_publish(client, "devices/register", REGISTRATION, 0, 1, 0);
  if (!enrolled) return;
  esp_mqtt_client_subscribe(client, MINE "/errors", 0);
  esp_mqtt_client_subscribe(client, MINE "/command/request", 1);
  report("link", "sensor", "up");
  report("power", "toggle", led_on ? "ON" : "OFF");
}

void app_main(void) {
  ESP_ERROR_CHECK(nvs_flash_init());
  gpio_set_direction(LED_PIN, GPIO_MODE_OUTPUT);
  gpio_set_direction(BOOT_PIN, GPIO_MODE_INPUT);
  bool enrolled = read_secret(gpio_get_level(BOOT_PIN) == 0);
  network_start();
  esp_mqtt_client_handle_t client = start(enrolled);
  bool online = false;
  int64_t last_reading = 0, last_heartbeat = 0, since = now_ms();
  uint32_t pause_ms = 1000;
  for (;;) {
    vTaskDelay(pdMS_TO_TICKS(20));
    if (has_secret) {
      has_secret = false;
      esp_mqtt_client_stop(client);
      esp_mqtt_client_destroy(client);
      connected = disconnected = online = false;
      enrolled = true;
      client = start(enrolled);
    }
    if (connected) {
      connected = false;
      online = true;
      in_flight = acknowledged = -1;
      since = now_ms();
      greet(client, enrolled);
    }
    if (disconnected) {
      disconnected = online = false;
      // Twice as long each time, and by chance a bit more: not all devices of a house at once.
      pause_ms = now_ms() - since > 30000 ? 1000 : pause_ms * 2 > MAX_PAUSE_MS ? MAX_PAUSE_MS : pause_ms * 2;
      vTaskDelay(pdMS_TO_TICKS(pause_ms + esp_random() % 500));
      since = now_ms();
      esp_mqtt_client_reconnect(client);
    }
    if (!enrolled) continue;
    if (now_ms() - last_reading >= READING_MS) {
      last_reading = now_ms();
      char value[24];
      snprintf(value, sizeof value, "%lld", (long long)(last_reading / 1000));
      report("uptime", "sensor", value);
    }
    if (!online) continue;
    send_waiting(client);
    if (now_ms() - last_heartbeat >= HEARTBEAT_MS) {
      last_heartbeat = now_ms();
      esp_mqtt_client_publish(client, MINE "/heartbeat", HEARTBEAT, 0, 0, 0);
    }
  }
}
