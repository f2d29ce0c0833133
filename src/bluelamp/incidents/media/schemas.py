"""Wire shapes of imagery."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from bluelamp.incidents.domain.events import AgencyCode, Id, Line
from bluelamp.incidents.domain.places import Place
from bluelamp.incidents.media.store import Media
from bluelamp.kit.clock import to_rfc3339
from bluelamp.spine.wire import Instant, Question

Sha256 = Annotated[str, StringConstraints(min_length=64, max_length=64, pattern=r"^[0-9a-f]+$")]


class MediaQuestion(Question):
    """A picture, film or document that is about to be sent. `id` is chosen by the device: the same again begins nothing twice."""

    id: Id
    bytes: Annotated[int, Field(ge=1, le=1 << 40)]
    sha256: Sha256
    """Of the whole content, in lower case."""
    content_type: Annotated[str, Field(max_length=100)] = ""
    """As the device calls it. What it is, the content says."""
    taken_at: AwareDatetime | None = None
    place: Place | None = None
    caption: Line = ""
    audience: list[AgencyCode] = Field(default_factory=list, max_length=60)
    """Only for these agencies; none: for all of the incident."""
    sent_at: AwareDatetime | None = None
    """The device's clock as it sends, by which `taken_at` is put right."""
    device: Annotated[str, Field(max_length=60)] = ""


class UploadShown(BaseModel):
    """How far an upload is."""

    id: str
    incident: str
    state: Literal["receiving", "kept", "refused", "abandoned"]
    bytes: int
    offset: int
    """So much is held: go on from here."""
    piece_bytes_max: int
    reason: str
    """Why it was refused."""
    sequence: int
    """Of the event that tells of it, once it is kept; before that 0."""

    @classmethod
    def of(cls, media: Media, piece_bytes_max: int) -> UploadShown:
        return cls(
            id=media.id, incident=media.incident, state=media.state, bytes=media.bytes, offset=media.held,
            piece_bytes_max=piece_bytes_max, reason=media.reason, sequence=media.sequence,
        )  # fmt: skip


class FileSays(BaseModel):
    """What stands in the file itself. It is shown, and believed in nothing that the device said otherwise."""

    taken_at: str = ""
    """By the camera's clock; without a zone where the file has none."""
    latitude: float | None = None
    longitude: float | None = None
    make: str = ""
    model: str = ""


class MediaShown(BaseModel):
    """One picture, film or document of an incident."""

    id: str
    content_type: str
    bytes: int
    sha256: str
    width: int
    height: int
    taken_at: Instant | None
    """As the device said."""
    place: Place | None
    """As the device said."""
    caption: str
    audience: list[str]
    by: str
    agency: str
    file_says: FileSays
    thumbnails: list[int]
    """Longest sides in pixels, for `thumbnail?size=`."""
    hidden: str
    """Why it is no longer shown; empty: it is."""
    sequence: int

    @classmethod
    def of(cls, media: Media, hidden: str) -> MediaShown:
        given: dict[str, Any] = {name: getattr(media, name) for name in _AS_KEPT}
        taken = to_rfc3339(media.taken_at) if media.taken_at is not None else None
        return cls(
            **given, taken_at=taken, place=Place.model_validate(media.place) if media.place else None, audience=list(media.audience),
            by=media.name, file_says=FileSays.model_validate(media.file_says), thumbnails=list(media.thumbnails), hidden=hidden,
        )  # fmt: skip


_AS_KEPT = ("id", "content_type", "bytes", "sha256", "width", "height", "caption", "agency", "sequence")
