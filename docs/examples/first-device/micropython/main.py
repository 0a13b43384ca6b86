"""A device for PM IoT: MicroPython 1.23 or newer, umqtt.simple 1.4 or newer.

Beside it on the board: board.py, config.py, ca.crt. The secret comes into device.secret; remove that to enrol anew.
"""

import binascii
import json
import random
import ssl
import time

from umqtt.simple import MQTTClient, MQTTException

import board
import config

ID = config.DEVICE_ID
SENSOR = "devices/%s/sensor" % ID
REGISTERED = "devices/%s/register/response" % ID
COMMANDS = "devices/%s/command/request" % ID
ERRORS = "devices/%s/errors" % ID
SECRET_FILE = "device.secret"

KEEP_ALIVE_S = 30
HEARTBEAT_MS = 10_000
READING_MS = 5_000
MAX_PAUSE_MS = 60_000
# Readings that wait for their acknowledgement; the oldest goes when there is no more room.
MAX_WAITING = 200

REGISTRATION = {
    "device_id": ID,
    "device_name": config.DEVICE_NAME,
    "device_type": "esp32",
    "version": "1.0.0",
    "capabilities": [
        {"capability_type": "power", "control_type": "toggle"},
        {"capability_type": "temperature", "control_type": "sensor", "unit": "°C"},
        {"capability_type": "link", "control_type": "sensor"},
    ],
}
HEARTBEAT = {"capability_type": "status", "control_type": "heartbeat", "value": "alive"}
LAST_WORDS = {"capability_type": "link", "control_type": "sensor", "value": "lost"}

# docs/troubleshooting.md, "Codes", has what each is caused by.
MEANINGS = {
    1: "the server wants MQTT 3.1.1",
    2: "DEVICE_ID has a character that no device id may have",
    3: "the server asks to try again later",
    4: "the token or the secret is wrong",
    5: "revoked, or it has its secret and may not enrol again",
}

waiting = []
commands = []
sequence = 0
led_on = False
enrolment_answer = None


def text(fields):
    # umqtt counts characters, not bytes: a text with ° must be bytes before it gets there.
    return json.dumps(fields).encode()


def timestamp():
    year, month, day, hour, minute, second = time.gmtime()[:6]
    ms = time.time_ns() // 1_000_000 % 1000
    return "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ" % (year, month, day, hour, minute, second, ms)


def report(capability, control, value):
    global sequence
    reading = {
        "capability_type": capability,
        "control_type": control,
        "value": str(value),
        "timestamp": timestamp(),
        "seq": sequence,
    }
    sequence += 1
    if len(waiting) >= MAX_WAITING:
        waiting.pop(0)
    waiting.append(text(reading))


def read_secret():
    try:
        with open(SECRET_FILE) as file:
            return file.read().strip()
    except OSError:
        return None


def tls_context():
    with open("ca.crt") as file:
        pem = file.read()
    body = pem.split("-----BEGIN CERTIFICATE-----")[1].split("-----END CERTIFICATE-----")[0]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=binascii.a2b_base64(body.replace("\n", "")))
    return context


def on_message(topic, payload):
    # Nothing is published here: umqtt may be waiting for an acknowledgement, and would miss it.
    global enrolment_answer
    topic = topic.decode()
    if topic == COMMANDS:
        commands.append(json.loads(payload))
    elif topic == REGISTERED:
        enrolment_answer = json.loads(payload)
    elif topic == ERRORS:
        print("refused:", payload.decode())


def connect(password, will):
    client = MQTTClient(
        ID, config.BROKER_HOST, config.BROKER_PORT, ID, password, KEEP_ALIVE_S, ssl=tls_context()
    )
    client.set_callback(on_message)
    if will is not None:
        client.set_last_will(SENSOR, will, qos=1)
    client.connect()
    return client


def enrol():
    """Registers with the token, and keeps the secret. The will needs a right that whoever enrols does not have yet."""
    global enrolment_answer
    enrolment_answer = None
    client = connect(config.ENROLMENT_TOKEN, None)
    print("connected with the enrolment token")
    client.subscribe(REGISTERED, 1)
    client.publish("devices/register", text(REGISTRATION), qos=1)
    while enrolment_answer is None:
        client.wait_msg()
    client.disconnect()
    if "device_secret" not in enrolment_answer:
        raise OSError("registration: %s" % json.dumps(enrolment_answer))
    with open(SECRET_FILE, "w") as file:
        file.write(enrolment_answer["device_secret"])
    print("registered: the secret is kept")
    return enrolment_answer["device_secret"]


def obey(client, command):
    global led_on
    if command["capability_type"] == "power":
        led_on = command["value"] in ("ON", "true", True)
        board.set_led(led_on)
        answer = {"status": "success", "value": command["value"]}
    else:
        answer = {"status": "error", "message": "this device has no %s to set" % command["capability_type"]}
    client.publish("devices/%s/command/response" % command["correlation_id"], text(answer), qos=1)
    print("command:", command["capability_type"], command["value"])


def send_waiting(client):
    """Each until it is acknowledged: then it is stored. What is not is sent again after the next connection."""
    while waiting:
        client.publish(SENSOR, waiting[0], qos=1)
        waiting.pop(0)


def serve(client):
    client.subscribe(ERRORS)
    client.publish("devices/register", text(REGISTRATION), qos=1)  # what it can may have changed with its program
    client.subscribe(COMMANDS, 1)
    report("link", "sensor", "up")
    report("power", "toggle", "ON" if led_on else "OFF")
    last_reading = last_heartbeat = time.ticks_ms()
    while True:
        now = time.ticks_ms()
        if time.ticks_diff(now, last_reading) >= READING_MS:
            last_reading = now
            report("temperature", "sensor", board.temperature())
        if time.ticks_diff(now, last_heartbeat) >= HEARTBEAT_MS:
            last_heartbeat = now
            client.publish("devices/%s/heartbeat" % ID, text(HEARTBEAT))
        send_waiting(client)
        client.check_msg()
        while commands:
            obey(client, commands.pop(0))
        board.alive()
        time.sleep_ms(50)


def why(error):
    if isinstance(error, MQTTException):
        return "rc=%s: %s" % (error.args[0], MEANINGS.get(error.args[0], ""))
    return repr(error)


def main():
    pause_ms = 1000
    clock_is_set = False
    while True:
        begun = time.ticks_ms()
        try:
            board.connect_network(config.WIFI_SSID, config.WIFI_PASSWORD)
            if not clock_is_set:
                board.set_clock(config.NTP_HOST)
                clock_is_set = True
            secret = read_secret() or enrol()
            client = connect(secret, text(LAST_WORDS))
            print("connected with the secret")
            serve(client)
        except (OSError, MQTTException, ValueError, IndexError, TypeError, AssertionError) as error:
            # umqtt answers a connection that is cut with whatever fails first in it.
            print("not connected,", why(error))
        board.alive()
        # Twice as long each time, and by chance a bit more: not all devices of a house at once.
        held = time.ticks_diff(time.ticks_ms(), begun) > 30_000
        pause_ms = 1000 if held else min(pause_ms * 2, MAX_PAUSE_MS)
        time.sleep_ms(pause_ms + random.getrandbits(9))


main()
