#pragma once
#include "Arduino.h"
// NVS: a file for each key, in the folder that BOARD_FLASH names.
struct Preferences {
  bool begin(const char *) { return true; }
  void putString(const char *key, const char *value);
  size_t getString(const char *key, char *out, size_t size);
  void remove(const char *key);
};
