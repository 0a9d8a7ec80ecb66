import signal
import subprocess
import sys
import urllib.request

PROGRAM = """
import sys, webbrowser
from pathlib import Path
from onet_cli import app
from onet_cli.exporting.web import cached
folder = Path(sys.argv.pop())
cached.cached_site = lambda note: folder
webbrowser.open = lambda address: print("opened", address, flush=True)
app.main()
"""


def start(folder, *options):
    """Start `onet demo` of the page in `folder`."""
    command = [sys.executable, "-u", "-c", PROGRAM, "demo", *options, str(folder)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder
    )


def test_the_page_is_served_until_ctrl_c(tmp_path):
    (tmp_path / "index.html").write_text("the page")

    with start(tmp_path, "--no-open") as process:
        address = process.stdout.readline().strip()
        page = urllib.request.urlopen(address).read()
        process.send_signal(signal.SIGINT)
        rest, notes = process.communicate()

    assert page == b"the page"
    assert process.returncode == 0, notes
    assert rest == ""
    assert notes.splitlines() == ["ctrl-C ends the server", "ended"]


def test_the_browser_is_opened_and_quiet_prints_only_the_address(tmp_path):
    with start(tmp_path, "--quiet") as process:
        address = process.stdout.readline().strip()
        opened = process.stdout.readline().split()
        process.send_signal(signal.SIGTERM)
        _, notes = process.communicate()

    assert opened == ["opened", address]
    assert notes == ""
