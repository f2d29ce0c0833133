"""XML bodies, read without entities, document types or trust in their depth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol
from xml.etree.ElementTree import fromstring as plain

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError
from defusedxml.ElementTree import fromstring as defused

from bluelamp.anpr.errors import NotThisFormatError
from bluelamp.anpr.gateways.items import bounded


class Element(Protocol):
    """What we use of an ElementTree element."""

    tag: str
    text: str | None

    def __iter__(self) -> Iterator[Element]: ...


def root_of(body: bytes) -> Element:
    """The root element.

    Raises:
        NotThisFormatError: not well-formed, or with a document type or entities, which no camera needs.
    """
    try:
        root = _parsed(bounded(body).strip())
    except DefusedXmlException:
        raise NotThisFormatError("the XML declares a document type or entities, which are refused") from None
    except (ParseError, ValueError, LookupError, RecursionError, MemoryError) as error:
        raise NotThisFormatError(f"the body is not well-formed XML: {error}") from None
    return root


def _parsed(body: bytes) -> Element:
    # A document type or entity begins with `<!`. Without it there is none to defuse, in any encoding that writes ASCII as ASCII;
    # expat reads others only with NUL bytes in them. The plain parser is over twice as fast, and cameras send no `<!`.
    if b"<!" in body or b"\0" in body:
        guarded: Element = defused(body, forbid_dtd=True)
        return guarded
    return plain(body)  # noqa: S314 - nothing in it can be expanded


def local_name(element: Element) -> str:
    """The tag without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


class Fields:
    """The children of an element by local name: text of the leaves, `Fields` of the others. First one wins."""

    def __init__(self, element: Element | None) -> None:
        self._children: dict[str, Element] = {}
        for child in element if element is not None else ():
            self._children.setdefault(local_name(child), child)

    def __contains__(self, name: str) -> bool:
        return name in self._children

    def text(self, name: str) -> str:
        """Empty where the element is absent or empty."""
        child = self._children.get(name)
        return (child.text or "").strip() if child is not None else ""

    def under(self, name: str) -> Fields:
        """The children of that child; nothing where it is absent."""
        return Fields(self._children.get(name))
