"""XML that may come from anyone, read by the standard library with nothing that reaches out."""

import re
from xml.etree.ElementTree import Element, ParseError, XMLParser

from onet_cli.errors import SourceError

_ENCODING = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)", re.IGNORECASE)
_PLAIN = (b"", b"utf-8", b"utf8", b"utf-16", b"us-ascii", b"iso-8859-1")  # markup is ASCII in them
_DECLARATION = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)


def parse_xml(name: str, data: bytes) -> Element:
    """Return the root of the XML `data` in the file `name`.

    Document types are refused before anything is parsed: entities, which may grow without end or
    name other files, are declared nowhere else.

    Raises:
        SourceError: it has a document type, or is damaged.
    """
    plain = _as_utf8(data)
    encoding = _ENCODING.search(plain[:500])
    if encoding and encoding[1].lower() not in _PLAIN:
        raise SourceError(f"{name} is XML in an encoding that is not read")
    if _DECLARATION.search(plain):
        raise SourceError(f"{name} declares XML entities, which are not read")
    parser = XMLParser()
    try:
        parser.feed(data)
        return parser.close()
    except (ParseError, ValueError, LookupError) as error:
        raise SourceError(f"{name} is damaged: {error}") from None


def _as_utf8(data: bytes) -> bytes:
    """Return the text so that its markup is ASCII, whatever it is encoded in."""
    if b"\0" in data[:4]:
        return data.replace(b"\0", b"")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace").encode()
    return data
