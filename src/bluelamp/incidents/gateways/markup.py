"""XML of hand-overs: read without document types, entities or trust in its depth; written with namespaces that stand on the root."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from xml.etree.ElementTree import Element as Made
from xml.etree.ElementTree import SubElement, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError
from defusedxml.ElementTree import fromstring as defused

from bluelamp.incidents.gateways.message import NotThisFormatError, bounded
from bluelamp.kit.clock import from_rfc3339

DEPTH_MAX = 32
ELEMENTS_MAX = 20_000


class Tree:
    """An element by local names; what is absent is empty."""

    def __init__(self, element: Made | None) -> None:
        self._element = element

    @property
    def name(self) -> str:
        tag = self._element.tag if self._element is not None else ""
        return tag.rpartition("}")[2] if isinstance(tag, str) else ""

    @property
    def namespace(self) -> str:
        tag = self._element.tag if self._element is not None else ""
        return tag[1:].partition("}")[0] if isinstance(tag, str) and tag.startswith("{") else ""

    def __bool__(self) -> bool:
        return self._element is not None

    def all(self, name: str) -> Iterator[Tree]:
        for child in self._element if self._element is not None else ():
            if isinstance(child.tag, str) and child.tag.rpartition("}")[2] == name:
                yield Tree(child)

    def one(self, name: str) -> Tree:
        return next(self.all(name), Tree(None))

    def within(self, name: str) -> Tree:
        """The first of this name at any depth."""
        for element in self._element.iter() if self._element is not None else ():
            if isinstance(element.tag, str) and element.tag.rpartition("}")[2] == name:
                return Tree(element)
        return Tree(None)

    def text(self, name: str = "") -> str:
        if name:
            return self.one(name).text()
        return (self._element.text or "").strip() if self._element is not None else ""

    def attribute(self, name: str) -> str:
        return str(self._element.get(name, "")).strip() if self._element is not None else ""


def root_of(body: bytes) -> Tree:
    """The root element.

    Raises:
        NotThisFormatError: not well-formed, too deep or too many elements, or with a document type or entities.
    """
    try:
        root: Made = defused(bounded(body).strip(), forbid_dtd=True)
    except DefusedXmlException:
        raise NotThisFormatError("the XML declares a document type or entities, which are refused: leave them out") from None
    except (ParseError, ValueError, LookupError, RecursionError, MemoryError):
        raise NotThisFormatError("the body is not well-formed XML: send it as UTF-8") from None
    level, counted, depth = [root], 0, 0
    while level:
        counted, depth = counted + len(level), depth + 1
        if counted > ELEMENTS_MAX or depth > DEPTH_MAX:
            raise NotThisFormatError(f"the XML has more than {ELEMENTS_MAX} elements or {DEPTH_MAX} levels: send one message at a time")
        level = [child for element in level for child in element]
    return Tree(root)


class Page:
    """XML being written. Namespaces are attributes of the root, prefixes part of the names. Empty texts leave no element behind."""

    def __init__(self, element: Made) -> None:
        self.element = element

    @classmethod
    def of(cls, name: str, **namespaces: str) -> Page:
        """`of("alert", xmlns=…)`; a prefix is declared as `xmlns_ct=…`."""
        return cls(Made(name, {key.replace("_", ":"): value for key, value in namespaces.items()}))

    def add(self, name: str, text: str = "", **attributes: str) -> None:
        """A child with a text, attributes or both; none where all are empty."""
        if text or any(attributes.values()):
            child = SubElement(self.element, name, {key: value for key, value in attributes.items() if value})
            child.text = text or None

    def put(self, name: str, **attributes: str) -> Page:
        """A child with children."""
        return Page(SubElement(self.element, name, {key: value for key, value in attributes.items() if value}))

    def as_bytes(self) -> bytes:
        written: bytes = tostring(self.element, "utf-8", xml_declaration=True)
        return written


def to_seconds(ms: int) -> str:
    """RFC 3339 in UTC with `+00:00` and whole seconds: also what CAP and EDXL ask for."""
    return datetime.fromtimestamp(ms // 1000, UTC).isoformat(timespec="seconds")


def from_time(text: str, what: str) -> int:
    """Epoch milliseconds.

    Raises:
        NotThisFormatError: not a time with its offset.
    """
    try:
        return from_rfc3339(text)
    except (ValueError, OverflowError):
        raise NotThisFormatError(f"{what} is not a time such as 2026-11-21T18:04:05+00:00") from None


def number(text: str, what: str) -> float:
    """Raises `NotThisFormatError`: not a number."""
    try:
        return float(text)
    except ValueError:
        raise NotThisFormatError(f"{what} is not a number") from None


def degrees(value: float) -> str:
    """To seven decimals, a centimetre, without an exponent, which not every reader knows."""
    return f"{value:.7f}".rstrip("0").rstrip(".")
