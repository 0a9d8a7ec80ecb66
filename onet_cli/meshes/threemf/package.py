"""3MF package: a zip with XML parts."""

import io
import lzma
import posixpath
import zipfile
import zlib
from xml.etree.ElementTree import Element

from onet_cli.errors import SourceError
from onet_cli.meshes.xml import parse_xml

MOST_BYTES = 1 << 27
"""Maximum total size of the unpacked parts of a package."""

_MODEL = "http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"


class Package:
    """A 3MF file; parts are found by path, with or without a leading slash."""

    def __init__(self, name: str, data: bytes) -> None:
        self._name = name
        self._room = MOST_BYTES
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            raise SourceError(f"{name} is not a 3MF file: not a zip, or truncated") from None
        self._members = {member.casefold(): member for member in self._zip.namelist()}

    def model_path(self) -> str:
        """Return the path of the root model, as in the package's relationships.

        Raises:
            SourceError: there is no model.
        """
        relations = "_rels/.rels"
        if relations in self._members:
            for relation in self.xml(relations):
                if relation.get("Type") == _MODEL and relation.get("TargetMode") != "External":
                    return relation.get("Target", "")
        models = sorted(member for member in self._members if member.endswith(".model"))
        if not models:
            raise SourceError(f"{self._name} is not a 3MF file: it contains no model")
        return models[0]

    def xml(self, path: str) -> Element:
        """Return the root of the XML in a part.

        Raises:
            SourceError: the part is missing, too large or damaged, or declares entities.
        """
        member = self._members.get(posixpath.normpath(path.lstrip("/")).casefold())
        if member is None:
            raise SourceError(f"{self._name} is damaged: it contains no {path}")
        try:
            with self._zip.open(member) as part:
                data = part.read(self._room + 1)
        except (
            zipfile.BadZipFile,
            zlib.error,
            lzma.LZMAError,
            OSError,
            RuntimeError,
            EOFError,
            ValueError,
        ) as error:
            raise SourceError(f"{self._name} is damaged: {error}") from None
        self._room -= len(data)
        if self._room < 0:
            raise SourceError(f"{self._name} unpacks to more than {MOST_BYTES >> 20} MiB")
        return parse_xml(self._name, data)
