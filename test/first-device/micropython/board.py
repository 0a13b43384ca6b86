"""A board that is a process, for the Unix port of MicroPython."""


def connect_network(ssid, password):
    pass


def set_clock(host):
    pass


def set_led(on):
    print("LED", "on" if on else "off")


def temperature():
    return 53.3


def alive():
    pass
