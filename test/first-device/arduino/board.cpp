#include <netdb.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <string>
#include "Preferences.h"
#include "WiFi.h"
#include "WiFiClientSecure.h"

void setup();
void loop();

SerialPort Serial;
WiFiClass WiFi;

unsigned long millis() {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000UL + now.tv_nsec / 1000000UL;
}
void delay(unsigned long ms) { usleep(ms * 1000); }
void digitalWrite(int pin, int level) { Serial.printf("pin %d is %s\n", pin, level ? "HIGH" : "LOW"); }

static std::string keyFile(const char *key) {
  const char *folder = getenv("BOARD_FLASH");
  return std::string(folder ? folder : ".") + "/" + key;
}
void Preferences::putString(const char *key, const char *value) {
  FILE *file = fopen(keyFile(key).c_str(), "w");
  if (!file) abort();
  fputs(value, file);
  fclose(file);
}
size_t Preferences::getString(const char *key, char *out, size_t size) {
  FILE *file = fopen(keyFile(key).c_str(), "r");
  out[0] = '\0';
  if (!file) return 0;
  const size_t length = fread(out, 1, size - 1, file);
  out[length] = '\0';
  fclose(file);
  return length;
}
void Preferences::remove(const char *key) { unlink(keyFile(key).c_str()); }

int WiFiClientSecure::fail(const char *why) {
  const unsigned long code = ERR_get_error();
  long verified = ssl ? SSL_get_verify_result(ssl) : X509_V_OK;
  if (verified != X509_V_OK) snprintf(error, sizeof error, "%s", X509_verify_cert_error_string(verified));
  else snprintf(error, sizeof error, "%s", code ? ERR_reason_error_string(code) : why);
  ERR_clear_error();
  stop();
  return 0;
}

int WiFiClientSecure::connect(const char *host, uint16_t port) {
  stop();
  struct addrinfo hints = {}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_family = AF_INET;
  if (getaddrinfo(host, std::to_string(port).c_str(), &hints, &found) != 0) return fail("the name is not known");
  socket = ::socket(found->ai_family, SOCK_STREAM, 0);
  const int refused = ::connect(socket, found->ai_addr, found->ai_addrlen);
  freeaddrinfo(found);
  if (refused) return fail("connection refused");
  context = SSL_CTX_new(TLS_client_method());
  const char *newest = getenv("BOARD_TLS");
  if (newest && strcmp(newest, "1.2") == 0) SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
  BIO *pem = BIO_new_mem_buf(ca, -1);
  X509 *root = PEM_read_bio_X509(pem, nullptr, nullptr, nullptr);
  BIO_free(pem);
  if (!root) return fail("CA_PEM is no certificate");
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context), root);
  X509_free(root);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  ssl = SSL_new(context);
  SSL_set1_host(ssl, host);
  SSL_set_tlsext_host_name(ssl, host);
  SSL_set_fd(ssl, socket);
  if (SSL_connect(ssl) != 1) return fail("the handshake failed");
  over = false;
  return 1;
}

size_t WiFiClientSecure::write(const uint8_t *bytes, size_t size) {
  const int sent = ssl ? SSL_write(ssl, bytes, size) : 0;
  if (sent <= 0) over = true;
  return sent > 0 ? sent : 0;
}

int WiFiClientSecure::available() {
  if (!ssl || over) return 0;
  uint8_t first;
  struct pollfd waiting = {socket, POLLIN, 0};
  if (SSL_pending(ssl) == 0 && poll(&waiting, 1, 0) <= 0) return 0;
  // A record may hold no data at all: tickets of TLS 1.3.
  SSL_clear_mode(ssl, SSL_MODE_AUTO_RETRY);
  const int got = SSL_peek(ssl, &first, 1);
  if (got > 0) return SSL_pending(ssl);
  if (SSL_get_error(ssl, got) != SSL_ERROR_WANT_READ) over = true;
  return 0;
}

int WiFiClientSecure::read() {
  uint8_t byte;
  return ssl && SSL_read(ssl, &byte, 1) == 1 ? byte : -1;
}

uint8_t WiFiClientSecure::connected() {
  if (available() > 0) return 1;
  return ssl && !over;
}

void WiFiClientSecure::stop() {
  if (ssl) {
    if (!over) SSL_shutdown(ssl);
    SSL_free(ssl);
  }
  if (context) SSL_CTX_free(context);
  if (socket >= 0) close(socket);
  ssl = nullptr;
  context = nullptr;
  socket = -1;
}

int WiFiClientSecure::lastError(char *out, size_t size) {
  snprintf(out, size, "%s", error);
  return error[0] ? -1 : 0;
}

int main() {
  srand(getpid());
  setup();
  for (;;) loop();
}
