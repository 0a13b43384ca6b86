// esp-mqtt on top of libmosquitto, and the rest of a board that the example asks for.
#include <mosquitto.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "idf.h"
#include "network.h"

void app_main(void);

void network_start(void) {}
void vTaskDelay(TickType_t ticks) { usleep(ticks * 1000); }
int64_t esp_timer_get_time(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}
uint32_t esp_random(void) { return (uint32_t)rand(); }

esp_err_t gpio_set_direction(gpio_num_t pin, gpio_mode_t mode) { return (void)pin, (void)mode, ESP_OK; }
int gpio_get_level(gpio_num_t pin) { return (void)pin, 1; }
esp_err_t gpio_set_level(gpio_num_t pin, uint32_t level) {
  printf("pin %d is %s\n", pin, level ? "HIGH" : "LOW");
  return fflush(stdout);
}

static const char *flash(const char *key) {
  static char path[512];
  snprintf(path, sizeof path, "%s/%s", getenv("BOARD_FLASH"), key);
  return path;
}
esp_err_t nvs_flash_init(void) { return ESP_OK; }
esp_err_t nvs_open(const char *name, nvs_open_mode_t mode, nvs_handle_t *out) { return (void)name, (void)mode, *out = 1, ESP_OK; }
esp_err_t nvs_commit(nvs_handle_t store) { return (void)store, ESP_OK; }
void nvs_close(nvs_handle_t store) { (void)store; }
esp_err_t nvs_erase_key(nvs_handle_t store, const char *key) { return (void)store, unlink(flash(key)); }
esp_err_t nvs_set_str(nvs_handle_t store, const char *key, const char *value) {
  (void)store;
  FILE *file = fopen(flash(key), "w");
  if (!file) return 1;
  fputs(value, file);
  return fclose(file);
}
esp_err_t nvs_get_str(nvs_handle_t store, const char *key, char *out, size_t *size) {
  (void)store;
  FILE *file = fopen(flash(key), "r");
  if (!file) return 1;
  out[fread(out, 1, *size - 1, file)] = '\0';
  return fclose(file);
}

struct esp_mqtt_client {
  struct mosquitto *mosquitto;
  esp_event_handler_t handler;
  char host[128];
  int port, keepalive;
  bool running;
};

static void emit(esp_mqtt_client_handle_t client, esp_mqtt_event_t event) {
  esp_mqtt_error_codes_t none = {0};
  event.client = client;
  if (!event.error_handle) event.error_handle = &none;
  client->handler(NULL, "MQTT_EVENTS", event.event_id, &event);
}

static void fail(esp_mqtt_client_handle_t client, esp_mqtt_error_codes_t error) {
  emit(client, (esp_mqtt_event_t){.event_id = MQTT_EVENT_ERROR, .error_handle = &error});
  emit(client, (esp_mqtt_event_t){.event_id = MQTT_EVENT_DISCONNECTED});
}

static void on_connect(struct mosquitto *mosquitto, void *client, int code) {
  (void)mosquitto;
  if (code == 0) return emit(client, (esp_mqtt_event_t){.event_id = MQTT_EVENT_CONNECTED});
  mosquitto_disconnect(mosquitto);
  fail(client, (esp_mqtt_error_codes_t){.error_type = MQTT_ERROR_TYPE_CONNECTION_REFUSED, .connect_return_code = code});
}
static void on_disconnect(struct mosquitto *mosquitto, void *given, int code) {
  (void)mosquitto;
  esp_mqtt_client_handle_t client = given;
  if (code == 0 || !client->running) return;
  mosquitto_disconnect(mosquitto);
  fail(client, (esp_mqtt_error_codes_t){.error_type = MQTT_ERROR_TYPE_TCP_TRANSPORT, .esp_transport_sock_errno = code});
}
static void on_publish(struct mosquitto *mosquitto, void *client, int id) {
  (void)mosquitto;
  emit(client, (esp_mqtt_event_t){.event_id = MQTT_EVENT_PUBLISHED, .msg_id = id});
}
static void on_message(struct mosquitto *mosquitto, void *client, const struct mosquitto_message *message) {
  (void)mosquitto;
  emit(client, (esp_mqtt_event_t){.event_id = MQTT_EVENT_DATA,
                                  .data = message->payload,
                                  .data_len = message->payloadlen,
                                  .total_data_len = message->payloadlen,
                                  .topic = message->topic,
                                  .topic_len = strlen(message->topic),
                                  .msg_id = message->mid});
}

esp_mqtt_client_handle_t esp_mqtt_client_init(const esp_mqtt_client_config_t *config) {
  mosquitto_lib_init();
  esp_mqtt_client_handle_t client = calloc(1, sizeof *client);
  client->keepalive = config->session.keepalive;
  if (sscanf(config->broker.address.uri, "mqtts://%127[^:]:%d", client->host, &client->port) != 2) abort();
  struct mosquitto *mosquitto = client->mosquitto = mosquitto_new(config->credentials.client_id, true, client);
  mosquitto_username_pw_set(mosquitto, config->credentials.username, config->credentials.authentication.password);
  FILE *ca = fopen(flash("ca.pem"), "w");
  if (!ca) abort();
  fputs(config->broker.verification.certificate, ca);
  fclose(ca);
  mosquitto_tls_set(mosquitto, flash("ca.pem"), NULL, NULL, NULL, NULL);
  if (config->session.last_will.topic) {
    const char *words = config->session.last_will.msg;
    mosquitto_will_set(mosquitto, config->session.last_will.topic, strlen(words), words, config->session.last_will.qos, false);
  }
  mosquitto_connect_callback_set(mosquitto, on_connect);
  mosquitto_disconnect_callback_set(mosquitto, on_disconnect);
  mosquitto_publish_callback_set(mosquitto, on_publish);
  mosquitto_message_callback_set(mosquitto, on_message);
  return client;
}
esp_err_t esp_mqtt_client_register_event(esp_mqtt_client_handle_t client, esp_mqtt_event_id_t event,
                                         esp_event_handler_t handler, void *arg) {
  (void)event;
  (void)arg;
  client->handler = handler;
  return ESP_OK;
}
// The task of esp-mqtt ends its loop at each connection that is lost; so a loop is begun with each.
esp_err_t esp_mqtt_client_reconnect(esp_mqtt_client_handle_t client) {
  mosquitto_loop_stop(client->mosquitto, true);
  const int code = mosquitto_connect(client->mosquitto, client->host, client->port, client->keepalive);
  if (code != MOSQ_ERR_SUCCESS) {
    fail(client, (esp_mqtt_error_codes_t){.error_type = MQTT_ERROR_TYPE_TCP_TRANSPORT, .esp_tls_last_esp_err = code});
    return ESP_OK;
  }
  return mosquitto_loop_start(client->mosquitto);
}
esp_err_t esp_mqtt_client_start(esp_mqtt_client_handle_t client) {
  client->running = true;
  return esp_mqtt_client_reconnect(client);
}
esp_err_t esp_mqtt_client_stop(esp_mqtt_client_handle_t client) {
  client->running = false;
  mosquitto_disconnect(client->mosquitto);
  return mosquitto_loop_stop(client->mosquitto, false);
}
esp_err_t esp_mqtt_client_destroy(esp_mqtt_client_handle_t client) {
  mosquitto_destroy(client->mosquitto);
  free(client);
  return ESP_OK;
}
int esp_mqtt_client_subscribe_single(esp_mqtt_client_handle_t client, const char *topic, int qos) {
  int id = -1;
  return mosquitto_subscribe(client->mosquitto, &id, topic, qos) == MOSQ_ERR_SUCCESS ? id : -1;
}
int esp_mqtt_client_publish(esp_mqtt_client_handle_t client, const char *topic, const char *data, int len, int qos,
                            int retain) {
  int id = -1;
  const int length = len > 0 ? len : (int)strlen(data);
  return mosquitto_publish(client->mosquitto, &id, topic, length, data, qos, retain) == MOSQ_ERR_SUCCESS ? id : -1;
}

int main(void) {
  srand(getpid());
  app_main();
}
