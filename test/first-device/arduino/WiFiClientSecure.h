#pragma once
#include <openssl/ssl.h>
#include "Client.h"
// TLS as an ESP32 speaks it: the CA of the sketch and the name of the server are checked. BOARD_TLS=1.2: no newer version.
struct WiFiClientSecure : Client {
  void setCACert(const char *pem) { ca = pem; }
  int connect(IPAddress, uint16_t) override { return 0; }
  int connect(const char *host, uint16_t port) override;
  size_t write(uint8_t byte) override { return write(&byte, 1); }
  size_t write(const uint8_t *bytes, size_t size) override;
  int available() override;
  int read() override;
  void flush() override {}
  void stop() override;
  uint8_t connected() override;
  int lastError(char *out, size_t size);

 private:
  const char *ca = nullptr;
  SSL_CTX *context = nullptr;
  SSL *ssl = nullptr;
  int socket = -1;
  bool over = false;
  char error[128] = "";
  int fail(const char *why);
};
