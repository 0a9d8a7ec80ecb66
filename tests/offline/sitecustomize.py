"""Keeps a Python process from the network: every socket beyond loopback is an error.

Python imports this at its start in every process that the tests start, as `tests/conftest.py` puts
its folder on PYTHONPATH, and that imports it for the tests' own process.
"""

import ipaddress
import socket
import sys


class NetworkUsed(BaseException):
    """A test went to the network. No `except Exception` catches it."""


def _is_near(host: object) -> bool:
    """Return whether a name or address stays on this machine."""
    if isinstance(host, bytes | bytearray):
        host = host.decode()
    if host in (None, "localhost", socket.gethostname()):
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def guard(event: str, arguments: tuple[object, ...]) -> None:
    """Raise NetworkUsed for an audit event of the socket module that leaves this machine."""
    if event in ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"):
        place, address = arguments
        known = isinstance(place, socket.socket) and isinstance(address, tuple)
        if known and place.family in (socket.AF_INET, socket.AF_INET6) and not _is_near(address[0]):
            raise NetworkUsed(f"{event} {address}")
    elif event in ("socket.getaddrinfo", "socket.gethostbyname") and not _is_near(arguments[0]):
        raise NetworkUsed(f"{event} {arguments[0]!r}")


sys.addaudithook(guard)
