// As much of the Arduino core as the sketch needs, on Linux: a board that is a process.
#pragma once
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

typedef bool boolean;
typedef uint8_t byte;
#define HIGH 1
#define LOW 0
#define OUTPUT 1
#define INPUT_PULLUP 5
#define ESP32 1
#define PROGMEM
#define PGM_P const char *
#define pgm_read_byte_near(p) (*(p))
#define strnlen_P strnlen
#define memcpy_P memcpy
class __FlashStringHelper;

unsigned long millis();
void delay(unsigned long ms);
inline void yield() {}
inline long random(long below) { return below > 0 ? rand() % below : 0; }
inline void pinMode(int, int) {}
inline int digitalRead(int) { return HIGH; }
void digitalWrite(int pin, int level);
inline float temperatureRead() { return 53.3f; }
inline void configTime(long, int, const char *) {}

struct Print {
  virtual size_t write(uint8_t) { return 0; }
  virtual size_t write(const uint8_t *, size_t) { return 0; }
  virtual ~Print() {}
};

struct SerialPort {
  void begin(unsigned long) {}
  void println(const char *text) {
    puts(text);
    fflush(stdout);
  }
  void printf(const char *format, ...) __attribute__((format(printf, 2, 3))) {
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    fflush(stdout);
  }
};
extern SerialPort Serial;
