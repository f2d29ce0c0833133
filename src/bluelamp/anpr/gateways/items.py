"""From a request body to its items: bounded, and with bad items kept apart from good ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from bluelamp.anpr.domain import Capture, ParsedItem, Refusal, SourceTerms
from bluelamp.anpr.errors import NotThisFormatError, TooManyItemsError

ITEMS_MAX = 10_000
BODY_BYTES_MAX = 64 << 20
"""The most that any format reads at once; a source's own limit, checked at the door, is usually far lower."""

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])


class BadItemError(Exception):
    """One item that cannot become a read. Becomes a `Refusal`, never a failed request."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


Understand = Callable[[bytes, SourceTerms], Capture | None]
"""One item's bytes to a capture; None for a message that is no read (a heartbeat).

Raises `BadItemError` or msgspec's `ValidationError` for a bad item, `NotThisFormatError` for a foreign one.
"""


def bounded(body: bytes) -> bytes:
    """The body, unless it is too large for any format."""
    if len(body) > BODY_BYTES_MAX:
        raise TooManyItemsError(f"the body has {len(body):,} bytes; at most {BODY_BYTES_MAX:,} are read at once")
    return body


def json_views(body: bytes) -> list[bytes]:
    """The items of a JSON body, the elements of an array or the one document, as views of it: pictures are not copied.

    Raises:
        NotThisFormatError: not JSON. TooManyItemsError: more than `ITEMS_MAX`.
    """
    if bounded(body).lstrip()[:1] != b"[":
        return [body]
    try:
        items: list[bytes] = [*_ARRAY.decode(body)]
    except UNREADABLE as error:
        raise NotThisFormatError(f"the body is not JSON: {error}") from None
    return counted(items)


def json_items(body: bytes) -> list[bytes]:
    """The same items, each a copy of its own, for gateways that do more with one than decode it."""
    return [bytes(item) for item in json_views(body)]


def counted(items: list[bytes]) -> list[bytes]:
    """The same items, unless they are too many for one request."""
    if len(items) > ITEMS_MAX:
        raise TooManyItemsError(f"{len(items):,} items in one body; send at most {ITEMS_MAX:,} at a time")
    return items


def each(raws: Iterable[bytes], understand: Understand, terms: SourceTerms) -> list[ParsedItem]:
    """Understand every item by itself.

    Raises:
        NotThisFormatError: not one item is of the format.
    """
    parsed: list[ParsedItem] = []
    foreign: NotThisFormatError | None = None
    known = False
    for index, raw in enumerate(raws):
        outcome: Capture | Refusal | None
        try:
            outcome = understand(raw, terms)
            known = True
        except BadItemError as error:
            outcome = Refusal(index, error.code, str(error))
            known = True
        except NotThisFormatError as error:
            outcome = Refusal(index, "not_this_format", error.message)
            foreign = error
        except UNREADABLE as error:
            outcome = Refusal(index, "bad_json", f"the item cannot be read: {error}")
            if isinstance(error, msgspec.ValidationError):
                outcome, ours = refused_field(index, str(error))
                known = known or ours
            foreign = NotThisFormatError(outcome.message)
        if outcome is not None:
            parsed.append(ParsedItem(outcome, raw, index))
    if foreign is not None and not known:
        raise foreign
    return parsed


def refused_field(index: int, problem: str) -> tuple[Refusal, bool]:
    """The decoder's words about a value of the wrong type, as a refusal; and whether a field of the format was there at all."""
    if "`$." not in problem:
        return Refusal(index, "not_this_format", f"the item is not of this format: {problem}"), False
    if "required field" in problem:
        return Refusal(index, "missing_field", problem), True
    if "base64" in problem:
        field = problem.partition("`$.")[2].rstrip("`")
        return Refusal(index, "picture_invalid", f"{field} is not base64"), True
    return Refusal(index, "bad_field", problem), True
