"""A message between two control rooms, whatever format it travels in. Frozen, bounded, without characters that no format can carry."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from bluelamp.kit.mistakes import where_and_what
from bluelamp.spine.errors import InvalidError

Kind = Literal["create", "update", "close", "receipt"]
Category = Literal["P1", "P2", "P3", "dead", "not_injured", "unknown"]
Role = Literal["casualty", "witness", "suspect", "missing", "informant", "other"]
BODY_BYTES_MAX = 1 << 20
PERSONS_MAX = 200
AREAS_MAX = 20
POINTS_MAX = 500

# What XML 1.0 cannot hold, and half surrogate pairs; a text is the same in every format then.
_UNSAYABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class NotThisFormatError(InvalidError):
    """The body is not a message of the format. The text says what would be."""

    code = "not_this_format"


class CannotCarryError(InvalidError):
    """The format has no way to say this."""

    code = "cannot_carry"


def _text(most: int, *, lines: bool) -> Callable[[object], object]:
    def clean(value: object) -> object:
        if not isinstance(value, str):
            return value
        text = _UNSAYABLE.sub("", value[: 4 * most].replace("\r\n", "\n").replace("\r", "\n"))
        text = "\n".join(line.strip() for line in text.split("\n")).strip() if lines else " ".join(text.split())
        # The whole of it stays with the transfer, for whoever wants to read on.
        return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"

    return clean


Line = Annotated[str, BeforeValidator(_text(200, lines=False)), StringConstraints(max_length=200)]
Words = Annotated[str, BeforeValidator(_text(60, lines=False)), StringConstraints(max_length=60)]
Text = Annotated[str, BeforeValidator(_text(4000, lines=True)), StringConstraints(max_length=4000)]
Token = Annotated[str, StringConstraints(pattern=r"^[!-%'-+\--;=?-~]*$", max_length=120)]
"""An identifier: printable ASCII without white space, commas, `<`, `>` and `&`, as CAP wants it."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Coded(_Part):
    """A code of the sender's and what it means in words. Either may be empty."""

    code: Words = ""
    words: Line = ""


def _to_centimetres(value: float) -> float:
    return round(value, 7)


Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False), AfterValidator(_to_centimetres)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False), AfterValidator(_to_centimetres)]


class Where(_Part):
    """WGS 84 degrees; both or neither."""

    said: Line = ""
    latitude: Latitude | None = None
    longitude: Longitude | None = None

    @property
    def point(self) -> tuple[float, float] | None:
        """(latitude, longitude)."""
        return None if self.latitude is None or self.longitude is None else (self.latitude, self.longitude)


class Area(_Part):
    """A closed ring of (latitude, longitude): a cordon, the area of a warning."""

    label: Line = ""
    ring: Annotated[tuple[tuple[Latitude, Longitude], ...], Field(min_length=4, max_length=POINTS_MAX)]


class PersonTold(_Part):
    name: Line = ""
    role: Role = "other"
    born: Words = ""
    description: Text = ""


class HandoverMessage(_Part):
    """`incident` is one id for both sides, chosen by whoever created. What a format cannot carry is at its default after reading."""

    id: Annotated[Token, StringConstraints(min_length=1)]
    kind: Kind
    sender: Token = ""
    receiver: Token = ""
    at: Annotated[int, Field(ge=0, le=253_402_300_799_000)] = 0
    """Epoch milliseconds, when it was sent; formats carry whole seconds."""
    status: Literal["actual", "exercise", "test"] = "actual"
    incident: Token = ""
    reference: Line = ""
    """The sender's own number."""
    title: Line = ""
    type: Coded = Coded()
    grade: Coded = Coded()
    major: bool = False
    place: Where | None = None
    description: Text = ""
    note: Text = ""
    """What is new, why it was closed, or why it was refused."""
    casualties: Annotated[dict[Category, Annotated[int, Field(ge=0, le=100_000)]], Field(max_length=6)] = {}
    persons: Annotated[tuple[PersonTold, ...], Field(max_length=PERSONS_MAX)] = ()
    areas: Annotated[tuple[Area, ...], Field(max_length=AREAS_MAX)] = ()
    answers: Token = ""
    """Of a receipt: id of the message that it is for; otherwise, where the format asks for it, of the message that this follows."""
    answers_at: Annotated[int, Field(ge=0, le=253_402_300_799_000)] = 0
    outcome: Literal["", "received", "refused"] = ""

    @property
    def is_receipt(self) -> bool:
        return self.kind == "receipt"

    def carried(self, members: frozenset[str]) -> HandoverMessage:
        """The same with the members that a format does not carry left out."""
        return type(self)(**{name: getattr(self, name) for name in members})


RECEIPT = frozenset(
    {"id", "kind", "sender", "receiver", "at", "status", "incident", "reference", "note", "answers", "answers_at", "outcome"}
)
"""What a receipt says, in every format that can."""


def built(**values: Any) -> HandoverMessage:
    """A message from what was read.

    Raises:
        NotThisFormatError: names the members that are wrong, never what was sent.
    """
    try:
        return HandoverMessage(**values)
    except ValidationError as error:
        wrong = [where_and_what(mistake) for mistake in error.errors(include_input=False)[:5]]
        raise NotThisFormatError(f"the message does not hold together: {'; '.join(wrong)}") from None


def bounded(body: bytes) -> bytes:
    """Raises `NotThisFormatError`: nothing, or more than any hand-over needs."""
    if not body.strip():
        raise NotThisFormatError("the body is empty: send one message")
    if len(body) > BODY_BYTES_MAX:
        raise NotThisFormatError(f"the body has {len(body)} bytes; a hand-over has at most {BODY_BYTES_MAX}: send pictures another way")
    return body


def chosen(value: str, allowed: dict[str, Any] | frozenset[str], what: str) -> str:
    """The code itself.

    Raises:
        NotThisFormatError: there is no such code; says which there are.
    """
    if value in allowed:
        return value
    shown = value if len(value) <= 40 and value.isprintable() else "this"
    raise NotThisFormatError(f"there is no {what} {shown!r}: send one of {', '.join(sorted(allowed))}")
