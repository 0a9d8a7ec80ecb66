"""glTF buffers, in the binary chunk, data URIs or other files."""

import base64
import binascii
from urllib.parse import unquote, unquote_to_bytes

from onet_cli.meshes.gltf.container import MESHOPT, Container, compressed
from onet_cli.meshes.gltf.fields import Fields, unreadable
from onet_cli.meshes.references import MeshFiles, read_referred


class Buffers:
    """The buffers and buffer views of one file."""

    def __init__(self, container: Container, files: MeshFiles) -> None:
        self._tree = container.tree
        self._binary = container.binary
        self._files = files
        self._views = container.tree.table("bufferViews")
        self._known: dict[int, memoryview | None] = {}

    def view(self, index: int) -> tuple[memoryview, int | None]:
        """Return the bytes of a buffer view, and its byte stride or None.

        Raises:
            SourceError: it is missing, exceeds its buffer, or is compressed.
        """
        view = self._views[index]
        data = self._buffer(view.count("buffer"))
        if data is None:
            for extension in MESHOPT:
                if view.extension(extension):
                    raise compressed(view.name, extension)
            raise view.error("is in a buffer without data")
        start, length = view.count("byteOffset", 0), view.count("byteLength")
        if start + length > len(data):
            raise view.error("exceeds its buffer: the file is truncated")
        return data[start : start + length], view.index("byteStride")

    def referred(self, uri: str) -> bytes | None:
        """Return the data in a data URI or in the file that `uri` names, or None if unreadable."""
        if uri[:5].lower() == "data:":
            return _data_of(uri)
        for reference in dict.fromkeys((unquote(uri), uri)):
            data = read_referred(self._files, self._tree.name, reference)
            if data is not None:
                return data
        return None

    def _buffer(self, index: int) -> memoryview | None:
        if index not in self._known:
            self._known[index] = self._load(self._tree.table("buffers")[index], index)
        return self._known[index]

    def _load(self, buffer: Fields, index: int) -> memoryview | None:
        uri = buffer.text("uri")
        if not uri:
            return self._binary if index == 0 else None
        data = self.referred(uri)
        if data is None:
            what = "a data URI" if uri[:5].lower() == "data:" else uri
            wrong = "damaged" if uri[:5].lower() == "data:" else "missing"
            raise unreadable(buffer.name, f"{what} is {wrong}")
        return memoryview(data)


def _data_of(uri: str) -> bytes | None:
    """Return the bytes in a data URI, or None if it is damaged."""
    head, comma, body = uri.partition(",")
    if not comma:
        return None
    plain = unquote_to_bytes(body)
    if not head.lower().endswith(";base64"):
        return plain
    letters = b"".join(plain.split()).translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
    try:
        return base64.b64decode(letters + b"=" * (-len(letters) % 4), validate=True)
    except binascii.Error:
        return None
