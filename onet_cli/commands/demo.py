"""`onet demo`: the page that reconstructs in the browser, served on this machine."""

from dataclasses import dataclass
from typing import Annotated

from onet_cli.commands.declare import with_options
from onet_cli.options import Quiet
from onet_cli.setting import Setting


@dataclass(frozen=True)
class DemoOptions:
    """Options of the server."""

    port: Annotated[
        int, Setting("Port of the server.", minimum=0, maximum=65535, default="a free one")
    ] = 0
    opens: Annotated[bool, Setting("Open the page in the browser.", name="open")] = True


@with_options()
def demo(options: DemoOptions, quiet: Quiet = False) -> None:
    """Serve the web page of the shipped model on this machine, until ctrl-C.

    The first run copies the page and its model to the user's cache.

    Example: `onet demo --no-open --port 8080`
    """
    import webbrowser

    from onet_cli.commands.report import say, say_unless
    from onet_cli.exporting.web.cached import cached_site
    from onet_cli.exporting.web.serve import address_of, open_server, stopped_by_signals

    note = say_unless(quiet)
    with open_server(cached_site(note), options.port) as server, stopped_by_signals(server):
        say(address_of(server))
        if options.opens:
            webbrowser.open(address_of(server))
        note("ctrl-C ends the server")
        server.serve_forever()
    note("ended")
