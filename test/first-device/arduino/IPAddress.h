#pragma once
#include "Arduino.h"
struct IPAddress {
  uint8_t bytes[4] = {0, 0, 0, 0};
  IPAddress() {}
  IPAddress(uint8_t a, uint8_t b, uint8_t c, uint8_t d) : bytes{a, b, c, d} {}
};
