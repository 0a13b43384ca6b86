"""All that is of the board: its network, clock, LED and sensor. For another one, change this file alone."""

import time

import esp32
import machine
import network
import ntptime

LED = machine.Pin(2, machine.Pin.OUT)
# Whoever hangs for so long is started anew: a socket of umqtt waits for ever.
WATCHDOG = machine.WDT(timeout=120_000)


def connect_network(ssid, password):
    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    if not wlan.isconnected():
        wlan.connect(ssid, password)
    for _ in range(200):
        if wlan.isconnected():
            return
        time.sleep_ms(100)
    raise OSError("no Wi-Fi")


def set_clock(host):
    """Certificates are checked against it, and readings are known by it."""
    ntptime.host = host
    ntptime.settime()


def set_led(on):
    LED.value(1 if on else 0)


def temperature():
    return round((esp32.raw_temperature() - 32) / 1.8, 1)


def alive():
    WATCHDOG.feed()
