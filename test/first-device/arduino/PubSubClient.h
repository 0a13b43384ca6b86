// In place of the library PubSubClient 2.8, which no Debian package brings: as much of what its page documents as the sketch
// uses, with its two bounds: all is sent with QoS 0, and a packet that is longer than the buffer is neither sent nor received.
// PUBSUBCLIENT=folder makes the test compile the library itself.
#pragma once
#include <string>
#include "Client.h"

#define MQTT_CONNECTION_TIMEOUT -4
#define MQTT_CONNECTION_LOST -3
#define MQTT_CONNECT_FAILED -2
#define MQTT_DISCONNECTED -1
#define MQTT_CONNECTED 0
#define MQTT_CONNECT_BAD_PROTOCOL 1
#define MQTT_CONNECT_BAD_CLIENT_ID 2
#define MQTT_CONNECT_UNAVAILABLE 3
#define MQTT_CONNECT_BAD_CREDENTIALS 4
#define MQTT_CONNECT_UNAUTHORIZED 5

class PubSubClient {
 public:
  typedef std::function<void(char *, uint8_t *, unsigned int)> Callback;
  explicit PubSubClient(Client &client) : client(client) {}
  PubSubClient &setServer(const char *name, uint16_t number) { return host = name, port = number, *this; }
  PubSubClient &setCallback(Callback told) { return callback = told, *this; }
  PubSubClient &setKeepAlive(uint16_t seconds) { return keepAlive = seconds, *this; }
  PubSubClient &setSocketTimeout(uint16_t seconds) { return timeout = seconds, *this; }
  bool setBufferSize(uint16_t size) { return bufferSize = size, true; }
  int state() { return code; }

  bool connect(const char *id, const char *user, const char *password) {
    return connect(id, user, password, nullptr, 0, false, nullptr);
  }
  bool connect(const char *id, const char *user, const char *password, const char *willTopic, int willQos, bool willRetain,
               const char *will) {
    if (client.connect(host, port) != 1) return code = MQTT_CONNECT_FAILED, false;
    uint8_t flags = 0xc2;
    if (willTopic) flags |= 4 | willQos << 3 | willRetain << 5;
    std::string body = text("MQTT") + '\4' + char(flags) + char(keepAlive >> 8) + char(keepAlive & 255) + text(id);
    if (willTopic) body += text(willTopic) + text(will);
    packet(0x10, body + text(user) + text(password));
    std::string answer;
    if (!receive(answer) || answer.size() != 3) return close(MQTT_CONNECTION_TIMEOUT);
    if (answer[2] != 0) return close(answer[2]);
    return code = MQTT_CONNECTED, lastOut = millis(), true;
  }
  void disconnect() {
    packet(0xe0, "");
    close(MQTT_DISCONNECTED);
  }
  bool connected() {
    if (code == MQTT_CONNECTED && !client.connected()) close(MQTT_CONNECTION_LOST);
    return code == MQTT_CONNECTED;
  }
  bool publish(const char *topic, const char *payload) {
    return connected() && packet(0x30, text(topic) + payload);
  }
  bool subscribe(const char *topic, int qos = 0) {
    const uint16_t id = nextId++;
    return connected() && packet(0x82, std::string() + char(id >> 8) + char(id & 255) + text(topic) + char(qos));
  }
  bool loop() {
    if (!connected()) return false;
    if (millis() - lastOut > keepAlive * 1000UL) packet(0xc0, "");
    if (!client.available()) return true;
    std::string got;
    if (!receive(got)) return close(MQTT_CONNECTION_LOST);
    if ((got[0] & 0xf0) != 0x30 || got.size() > bufferSize) return true;
    const size_t length = uint8_t(got[1]) << 8 | uint8_t(got[2]);
    std::string topic = got.substr(3, length), rest = got.substr(3 + length), id;
    if (got[0] & 6) {
      id = rest.substr(0, 2);
      rest.erase(0, 2);
    }
    if (callback) callback(&topic[0], reinterpret_cast<uint8_t *>(&rest[0]), rest.size());
    if (!id.empty()) packet(0x40, id);
    return true;
  }

 private:
  Client &client;
  Callback callback;
  const char *host = "";
  uint16_t port = 0, keepAlive = 15, timeout = 15, bufferSize = 256, nextId = 1;
  unsigned long lastOut = 0;
  int code = MQTT_DISCONNECTED;

  static std::string text(const std::string &text) {
    return std::string() + char(text.size() >> 8) + char(text.size() & 255) + text;
  }
  bool close(int why) {
    client.stop();
    return code = why, false;
  }
  bool packet(uint8_t first, const std::string &body) {
    if (body.size() + 5 > bufferSize) return false;
    std::string bytes(1, char(first));
    size_t left = body.size();
    do {
      bytes += char((left & 127) | (left > 127 ? 128 : 0));
      left >>= 7;
    } while (left > 0);
    bytes += body;
    lastOut = millis();
    return client.write(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()) == bytes.size();
  }
  bool byte(uint8_t &out) {
    for (const unsigned long from = millis(); !client.available(); delay(1)) {
      if (!client.connected() || millis() - from > timeout * 1000UL) return false;
    }
    const int got = client.read();
    out = uint8_t(got);
    return got >= 0;
  }
  /** The first byte, and what follows the length. */
  bool receive(std::string &out) {
    uint8_t next = 0;
    if (!byte(next)) return false;
    out = char(next);
    size_t length = 0;
    int shift = 0;
    do {
      if (!byte(next)) return false;
      length |= size_t(next & 127) << shift;
      shift += 7;
    } while (next & 128);
    while (length-- > 0) {
      if (!byte(next)) return false;
      out += char(next);
    }
    return true;
  }
};
