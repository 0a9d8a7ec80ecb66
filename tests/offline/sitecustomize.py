"""Block network access of Python processes beyond loopback.

`tests/conftest.py` imports this module and adds its folder to PYTHONPATH, so that Python processes
started by tests import it at startup.
"""

import ipaddress
import socket
import sys


class NetworkUsed(BaseException):
    """Access beyond loopback. Not an Exception, so that no handler hides it."""


def _is_near(host: object) -> bool:
    """Return whether a host is loopback or this machine's own name."""
    if isinstance(host, bytes | bytearray):
        host = host.decode()
    if host in (None, "localhost", socket.gethostname()):
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def guard(event: str, arguments: tuple[object, ...]) -> None:
    """Raise NetworkUsed for audit events of the socket module beyond loopback."""
    if event in ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg"):
        place, address = arguments
        known = isinstance(place, socket.socket) and isinstance(address, tuple)
        if not known or place.family not in (socket.AF_INET, socket.AF_INET6):
            return
        # A stream that is bound but does not listen only reserves a port: see `listen`.
        reserves = event == "socket.bind" and place.type == socket.SOCK_STREAM
        if not reserves and not _is_near(address[0]):
            raise NetworkUsed(f"{event} {address}")
    elif event in ("socket.getaddrinfo", "socket.gethostbyname") and not _is_near(arguments[0]):
        raise NetworkUsed(f"{event} {arguments[0]!r}")


def listen(self: socket.socket, *backlog: int) -> None:
    """Listen as `socket.listen` does, on loopback only."""
    if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_near(self.getsockname()[0]):
        raise NetworkUsed(f"socket.listen {self.getsockname()}")
    _listen(self, *backlog)


_listen = socket.socket.listen
socket.socket.listen = listen  # type: ignore[method-assign]
sys.addaudithook(guard)
