"""Network access is blocked in the test process and in its subprocesses."""

import socket
import subprocess
import sys
import urllib.request

import pytest

from tests.offline.sitecustomize import NetworkUsed

FAR = "192.0.2.1"  # for documentation (RFC 5737): nothing answers there


@pytest.mark.parametrize(
    ("kind", "use"),
    [
        (socket.SOCK_STREAM, lambda s: s.connect((FAR, 80))),
        (socket.SOCK_STREAM, lambda s: (s.bind(("0.0.0.0", 0)), s.listen())),
        (socket.SOCK_DGRAM, lambda s: s.bind(("", 0))),
        (socket.SOCK_DGRAM, lambda s: s.sendto(b"", (FAR, 53))),
    ],
)
def test_a_socket_beyond_loopback_is_an_error(kind, use):
    with socket.socket(socket.AF_INET, kind) as opened, pytest.raises(NetworkUsed):
        use(opened)


def test_a_name_is_not_looked_up():
    with pytest.raises(NetworkUsed):
        urllib.request.urlopen("http://example.org/")


def test_a_port_may_be_reserved():
    with socket.socket() as opened:
        opened.bind(("", 0))

        assert opened.getsockname()[1] > 0


def test_loopback_and_sockets_of_the_system_are_free(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
    with socket.socket(socket.AF_UNIX) as local:
        local.bind(str(tmp_path / "s"))


def test_processes_of_tests_are_watched_too():
    program = f"import socket; socket.create_connection(({FAR!r}, 80), timeout=1)"

    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert "NetworkUsed" in result.stderr
