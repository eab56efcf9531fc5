"""Small XML documents from strangers as a tree. Pure; linear; no document types, no entities, nothing is fetched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat

from tuimail.accounts.discovery.values import DiscoveryError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = 256 * 1024
MOST_ELEMENTS = 5_000
MOST_ATTRIBUTES = 16
"""Of one element."""
DEEPEST = 16
LONGEST_TEXT = 2_000
"""Characters of one element's text, and of one attribute."""


@dataclass(slots=True)
class XmlElement:
    """An element without its comments; names without prefixes."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    """Its own text, blanks at the ends removed."""
    children: list[XmlElement] = field(default_factory=list)

    def all(self, name: str) -> Iterator[XmlElement]:
        """The children with this name."""
        return (child for child in self.children if child.name == name)

    def first(self, name: str) -> XmlElement | None:
        """The first child with this name."""
        return next(self.all(name), None)

    def text_of(self, name: str) -> str:
        """The text of the first child with this name; empty without one."""
        found = self.first(name)
        return found.text if found is not None else ""


def parse_xml(document: bytes) -> XmlElement:
    """The root element of ``document``.

    Raises:
        DiscoveryError: it is not well-formed, has a document type, or exceeds a bound above.
    """
    if len(document) > MOST_BYTES:
        raise DiscoveryError(f"The file is larger than {MOST_BYTES // 1024} KiB.")
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    # Without a document type there are no entities but the five of XML itself.
    parser.StartDoctypeDeclHandler = _refuse_document_type
    try:
        parser.Parse(document, True)
    except (expat.ExpatError, ValueError, LookupError):  # the last ones: encodings that are not known
        raise DiscoveryError("The file is not well-formed XML.") from None
    if builder.root is None:
        raise DiscoveryError("The file is empty.")
    return builder.root


def _refuse_document_type(*_declaration: object) -> None:
    raise DiscoveryError("The file has a document type, which settings do not need.")


class _Builder:
    def __init__(self) -> None:
        self.root: XmlElement | None = None
        self._open: list[tuple[XmlElement, list[str]]] = []
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MOST_ELEMENTS or len(self._open) >= DEEPEST or len(attributes) > MOST_ATTRIBUTES:
            raise DiscoveryError("The file has more elements, levels or attributes than settings need.")
        if any(len(value) > LONGEST_TEXT for value in attributes.values()):
            raise DiscoveryError("The file has longer texts than settings need.")
        element = XmlElement(name.rpartition(":")[2], attributes)
        if self._open:
            self._open[-1][0].children.append(element)
        else:
            self.root = element
        self._open.append((element, []))

    def characters(self, text: str) -> None:
        self._open[-1][1].append(text)

    def end(self, _name: str) -> None:
        element, pieces = self._open.pop()
        if sum(map(len, pieces)) > LONGEST_TEXT * 8:
            raise DiscoveryError("The file has longer texts than settings need.")
        element.text = "".join(pieces).strip()
        if len(element.text) > LONGEST_TEXT:
            raise DiscoveryError("The file has longer texts than settings need.")
