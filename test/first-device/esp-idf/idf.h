// As much of ESP-IDF 5 as the example needs, on Linux: a board that is a process. The declarations follow its documentation.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef int esp_err_t;
#define ESP_OK 0
#define BIT0 1
#define ESP_ERROR_CHECK(x)                                                       \
  do {                                                                           \
    if ((x) != ESP_OK) {                                                         \
      fprintf(stderr, "ESP_ERROR_CHECK failed: %s\n", #x);                       \
      abort();                                                                   \
    }                                                                            \
  } while (0)
#define ESP_LOG(level, tag, format, ...) (printf("%s (%s) " format "\n", level, tag, ##__VA_ARGS__), fflush(stdout))
#define ESP_LOGI(tag, ...) ESP_LOG("I", tag, __VA_ARGS__)
#define ESP_LOGW(tag, ...) ESP_LOG("W", tag, __VA_ARGS__)
#define ESP_LOGE(tag, ...) ESP_LOG("E", tag, __VA_ARGS__)

typedef uint32_t TickType_t;
#define pdMS_TO_TICKS(ms) ((TickType_t)(ms))
#define portMAX_DELAY 0xffffffffu
#define pdFALSE 0
#define pdTRUE 1
void vTaskDelay(TickType_t ticks);
typedef struct EventGroup *EventGroupHandle_t;
EventGroupHandle_t xEventGroupCreate(void);
uint32_t xEventGroupSetBits(EventGroupHandle_t group, uint32_t bits);
uint32_t xEventGroupWaitBits(EventGroupHandle_t group, uint32_t bits, int clear, int all, TickType_t ticks);

typedef enum { GPIO_NUM_0 = 0, GPIO_NUM_2 = 2 } gpio_num_t;
typedef enum { GPIO_MODE_INPUT = 1, GPIO_MODE_OUTPUT = 2 } gpio_mode_t;
esp_err_t gpio_set_direction(gpio_num_t pin, gpio_mode_t mode);
esp_err_t gpio_set_level(gpio_num_t pin, uint32_t level);
int gpio_get_level(gpio_num_t pin);

int64_t esp_timer_get_time(void);
uint32_t esp_random(void);

typedef uint32_t nvs_handle_t;
typedef enum { NVS_READONLY, NVS_READWRITE } nvs_open_mode_t;
esp_err_t nvs_flash_init(void);
esp_err_t nvs_open(const char *name, nvs_open_mode_t mode, nvs_handle_t *out);
esp_err_t nvs_set_str(nvs_handle_t store, const char *key, const char *value);
esp_err_t nvs_get_str(nvs_handle_t store, const char *key, char *out, size_t *size);
esp_err_t nvs_erase_key(nvs_handle_t store, const char *key);
esp_err_t nvs_commit(nvs_handle_t store);
void nvs_close(nvs_handle_t store);

typedef const char *esp_event_base_t;
typedef void (*esp_event_handler_t)(void *arg, esp_event_base_t base, int32_t id, void *data);
#define ESP_EVENT_ANY_ID -1
extern esp_event_base_t const WIFI_EVENT, IP_EVENT;
enum { WIFI_EVENT_STA_START = 2, WIFI_EVENT_STA_DISCONNECTED = 5 };
enum { IP_EVENT_STA_GOT_IP = 0 };
esp_err_t esp_event_loop_create_default(void);
esp_err_t esp_event_handler_register(esp_event_base_t base, int32_t id, esp_event_handler_t handler, void *arg);

esp_err_t esp_netif_init(void);
void *esp_netif_create_default_wifi_sta(void);
typedef struct {
  int unused;
} wifi_init_config_t;
#define WIFI_INIT_CONFIG_DEFAULT() {0}
typedef struct {
  uint8_t ssid[32], password[64];
} wifi_sta_config_t;
typedef union {
  wifi_sta_config_t sta;
} wifi_config_t;
typedef enum { WIFI_MODE_STA = 1 } wifi_mode_t;
typedef enum { WIFI_IF_STA = 0 } wifi_interface_t;
esp_err_t esp_wifi_init(const wifi_init_config_t *config);
esp_err_t esp_wifi_set_mode(wifi_mode_t mode);
esp_err_t esp_wifi_set_config(wifi_interface_t interface, wifi_config_t *config);
esp_err_t esp_wifi_start(void);
esp_err_t esp_wifi_connect(void);
typedef struct {
  const char *servers[1];
} esp_sntp_config_t;
#define ESP_NETIF_SNTP_DEFAULT_CONFIG(server) {.servers = {server}}
esp_err_t esp_netif_sntp_init(const esp_sntp_config_t *config);
esp_err_t esp_netif_sntp_sync_wait(TickType_t ticks);

typedef struct esp_mqtt_client *esp_mqtt_client_handle_t;
typedef enum {
  MQTT_EVENT_ANY = -1,
  MQTT_EVENT_ERROR = 0,
  MQTT_EVENT_CONNECTED,
  MQTT_EVENT_DISCONNECTED,
  MQTT_EVENT_SUBSCRIBED,
  MQTT_EVENT_UNSUBSCRIBED,
  MQTT_EVENT_PUBLISHED,
  MQTT_EVENT_DATA,
} esp_mqtt_event_id_t;
typedef enum {
  MQTT_ERROR_TYPE_NONE = 0,
  MQTT_ERROR_TYPE_TCP_TRANSPORT,
  MQTT_ERROR_TYPE_CONNECTION_REFUSED,
} esp_mqtt_error_type_t;
typedef struct {
  esp_err_t esp_tls_last_esp_err;
  int esp_tls_stack_err, esp_tls_cert_verify_flags;
  esp_mqtt_error_type_t error_type;
  int connect_return_code;
  int esp_transport_sock_errno;
} esp_mqtt_error_codes_t;
typedef struct {
  esp_mqtt_event_id_t event_id;
  esp_mqtt_client_handle_t client;
  char *data;
  int data_len, total_data_len, current_data_offset;
  char *topic;
  int topic_len, msg_id;
  esp_mqtt_error_codes_t *error_handle;
} esp_mqtt_event_t;
typedef struct {
  struct {
    struct {
      const char *uri;
    } address;
    struct {
      const char *certificate;
    } verification;
  } broker;
  struct {
    const char *username, *client_id;
    struct {
      const char *password;
    } authentication;
  } credentials;
  struct {
    struct {
      const char *topic, *msg;
      int msg_len, qos, retain;
    } last_will;
    int keepalive;
  } session;
  struct {
    bool disable_auto_reconnect;
  } network;
  struct {
    int size;
  } buffer;
} esp_mqtt_client_config_t;
esp_mqtt_client_handle_t esp_mqtt_client_init(const esp_mqtt_client_config_t *config);
esp_err_t esp_mqtt_client_register_event(esp_mqtt_client_handle_t client, esp_mqtt_event_id_t event,
                                         esp_event_handler_t handler, void *arg);
esp_err_t esp_mqtt_client_start(esp_mqtt_client_handle_t client);
esp_err_t esp_mqtt_client_reconnect(esp_mqtt_client_handle_t client);
esp_err_t esp_mqtt_client_stop(esp_mqtt_client_handle_t client);
esp_err_t esp_mqtt_client_destroy(esp_mqtt_client_handle_t client);
#define esp_mqtt_client_subscribe esp_mqtt_client_subscribe_single
int esp_mqtt_client_subscribe_single(esp_mqtt_client_handle_t client, const char *topic, int qos);
int esp_mqtt_client_publish(esp_mqtt_client_handle_t client, const char *topic, const char *data, int len, int qos,
                            int retain);
