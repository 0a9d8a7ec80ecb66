"""Parsing of untrusted XML with the standard library, without entities or external references."""

import re
from xml.etree.ElementTree import Element, ParseError, XMLParser

from onet_cli.errors import SourceError

_ENCODING = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)", re.IGNORECASE)
_PLAIN = (b"", b"utf-8", b"utf8", b"utf-16", b"us-ascii", b"iso-8859-1")  # markup is ASCII in them
_DECLARATION = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)


def parse_xml(name: str, data: bytes) -> Element:
    """Return the root of the XML `data` in the file `name`.

    Document types are rejected before parsing, because only they can declare entities, which may
    expand without limit or refer to other files.

    Raises:
        SourceError: it has a document type or an unsupported encoding, or is damaged.
    """
    plain = _as_utf8(data)
    encoding = _ENCODING.search(plain[:500])
    if encoding and encoding[1].lower() not in _PLAIN:
        raise SourceError(f"{name} is XML in an unsupported encoding")
    if _DECLARATION.search(plain):
        raise SourceError(f"{name} declares XML entities, which are not supported")
    parser = XMLParser()
    try:
        parser.feed(data)
        return parser.close()
    except (ParseError, ValueError, LookupError) as error:
        raise SourceError(f"{name} is damaged: {error}") from None


def _as_utf8(data: bytes) -> bytes:
    """Return the text in an encoding whose markup is ASCII."""
    if b"\0" in data[:4]:
        return data.replace(b"\0", b"")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace").encode()
    return data
