"""The bundled page: what `make web` builds, and wheels contain."""

from pathlib import Path

from onet_cli.errors import OnetError

BUNDLE = Path(__file__).with_name("bundle")
"""Folder of the bundle: page, worker, runtime and licences."""

FILES = (
    "index.html",
    "style.css",
    "page.js",
    "worker.js",
    "ort-wasm-simd-threaded.mjs",
    "ort-wasm-simd-threaded.wasm",
    "licences.txt",
)


def bundled_files(bundle: Path = BUNDLE) -> dict[str, Path]:
    """Return the files of the bundle by name.

    Raises:
        OnetError: it is not built, or incomplete.
    """
    found = {name: bundle / name for name in FILES}
    if not all(path.is_file() for path in found.values()):
        raise OnetError(
            "the web page is not built", hint="run `make web` in onet's folder; it needs Node.js"
        )
    return found
