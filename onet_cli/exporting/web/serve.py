"""A web server for the page, on this machine only."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from onet_cli.errors import InvalidOptionError

HOST = "127.0.0.1"

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".wasm": "application/wasm",
    ".txt": "text/plain; charset=utf-8",
    "": "application/octet-stream",
}
"""Media types by suffix: those of the system may lack .wasm, without which browsers are slow."""

HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cache-Control": "no-cache",
}
"""The first two allow the page to use several threads."""


class _Handler(SimpleHTTPRequestHandler):
    extensions_map = TYPES

    def end_headers(self) -> None:
        """Add the page's headers."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def list_directory(self, path: Any) -> None:
        """Refuse to list a folder."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, text: str, *arguments: Any) -> None:
        """Print nothing."""


def open_server(folder: Path, port: int = 0) -> ThreadingHTTPServer:
    """Return a server of the files in `folder` on loopback; 0 chooses a free `port`.

    Raises:
        InvalidOptionError: the port is taken, or may not be used.
    """
    try:
        server = ThreadingHTTPServer((HOST, port), partial(_Handler, directory=str(folder)))
    except OSError as error:
        raise InvalidOptionError(
            f"port {port} cannot be used: {error.strerror}", hint="omit --port: a free one is taken"
        ) from error
    server.daemon_threads = True
    return server


def address_of(server: ThreadingHTTPServer) -> str:
    """Return the address of a server's page."""
    return f"http://{HOST}:{server.server_address[1]}/"


@contextmanager
def stopped_by_signals(server: ThreadingHTTPServer) -> Iterator[None]:
    """Within the block, ctrl-C and SIGTERM end `server.serve_forever()`, also if it begins later.

    They are no error then. Enter it in the main thread, before the address is told.
    """

    def stop(*_: Any) -> None:
        # From another thread: it waits for the loop, which this signal interrupts.
        Thread(target=server.shutdown, daemon=True).start()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
