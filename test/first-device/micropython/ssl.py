"""Debian's build has the module tls alone; the firmware of a board has ssl, which is this and a little more."""

import tls
from tls import CERT_NONE, CERT_REQUIRED, PROTOCOL_TLS_CLIENT


class SSLContext:
    def __init__(self, protocol):
        self._context = tls.SSLContext(protocol)

    @property
    def verify_mode(self):
        return self._context.verify_mode

    @verify_mode.setter
    def verify_mode(self, mode):
        self._context.verify_mode = mode

    def load_verify_locations(self, cadata):
        self._context.load_verify_locations(cadata)

    def wrap_socket(self, sock, server_hostname=None):
        return self._context.wrap_socket(sock, server_hostname=server_hostname)
