"""Hits as they travel and are kept, and how reads become them: deterministic ids, repeats folded, amendments followed."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import msgspec

from bluelamp.anpr.domain import parse_read_id
from bluelamp.anpr.matching.conditions import Conditions, Position, hold
from bluelamp.anpr.matching.matcher import Match
from bluelamp.kit.ids import decode_base32, encode_base32

NEW_SUBJECT = "anpr.hits.new"
AMENDED_SUBJECT = "anpr.hits.amended"
ACTION_SUBJECT = "anpr.hits.action"
REMINDER_SUBJECT = "anpr.hits.reminder"
_TIME_DIGITS = 9  # 44 bits of milliseconds


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What a VOI entry says, as a hit repeats it."""

    number: int
    list_id: str
    list_name: str
    agency: str
    reason: str
    priority: int
    marker: str
    instruction: str
    starts_at: int | None = None
    expires_at: int | None = None
    conditions: Conditions | None = None

    def stands(self, position: Position | None, direction: str, captured_at: int) -> bool:
        """Tell whether the entry is in force for a read made there and then."""
        if self.starts_at is not None and captured_at < self.starts_at:
            return False
        if self.expires_at is not None and captured_at >= self.expires_at:
            return False
        return self.conditions is None or hold(self.conditions, position, direction, captured_at)


class Camera(msgspec.Struct, frozen=True):
    """A camera as a hit shows it."""

    number: int
    id: str
    name: str
    agency: str
    position: Position | None


class Image(msgspec.Struct, frozen=True):
    """A picture of the read: `kind` is plate or overview."""

    kind: str
    ref: str
    sha256: str


class SeenRead(msgspec.Struct, frozen=True, kw_only=True):
    """The read behind a hit."""

    id: str
    version: int
    vrm: str
    seen_as: str
    captured_at: int
    received_at: int
    confidence: float
    direction: str
    lane: int
    make: str
    model: str
    colour: str
    vehicle_class: str
    images: tuple[Image, ...] = ()


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """One hit. A later version replaces an earlier one under the same id. `captured_at` is the first read's, for ever."""

    id: str
    version: int
    vrm: str
    match: str
    score: float
    why: str
    alert: bool
    entry: Entry
    camera: Camera
    read: SeenRead
    captured_at: int
    found_at: int
    last_seen_at: int
    agencies: tuple[str, ...]
    """Who may see it: the camera's force and the list's owner."""
    muted_for: tuple[str, ...] = ()
    """Agencies that had muted the camera or the entry when it was found: listed for them, not alerted."""
    repeats: int = 0
    withdrawn: bool = False
    """The camera has since corrected its read to another plate."""
    causes: tuple[str, ...] = ()
    """Ids of the reads that brought this version about."""


_HITS = msgspec.json.Decoder(list[Hit])
_HIT = msgspec.json.Decoder(Hit)


def encode_hits(hits: list[Hit]) -> bytes:
    """The payload of a message on `anpr.hits.new` or `.amended`: a JSON array, so that a busy second is a few messages."""
    return msgspec.json.encode(hits)


def decode_hits(payload: bytes) -> list[Hit]:
    """The inverse of `encode_hits`; msgspec.MsgspecError where it is not one."""
    return _HITS.decode(payload)


def decode_hit(body: str | bytes) -> Hit:
    """One hit, as the columnar store keeps it."""
    return _HIT.decode(body)


def hit_id(read: str, entry: int) -> str:
    """The id of the hit of a read on an entry: the same whenever it is worked out again.

    It begins with the time of the read, so that the store finds it without an index of ids.
    """
    digest = blake2b(f"{read}/{entry}".encode(), digest_size=9, person=b"bluelamp-hit").digest()
    return encode_base32(parse_read_id(read).captured_at, _TIME_DIGITS) + encode_base32(int.from_bytes(digest), 15)


def first_id_at(captured_at: int) -> str:
    """What the ids of hits from that time on (milliseconds) are not less than."""
    return encode_base32(captured_at, _TIME_DIGITS)


def captured_at_of(hit: str) -> int:
    """When the first read of a hit was made, in milliseconds; ValueError where the text is no hit's id."""
    if len(hit) != _TIME_DIGITS + 15:
        raise ValueError("not a hit id")
    return decode_base32(hit[:_TIME_DIGITS])


def entry_id(number: int) -> str:
    """The public id of a VOI entry."""
    return encode_base32(number, 7)


def parse_entry_id(text: str) -> int:
    """The number behind a public id; ValueError where it is none."""
    number = decode_base32(text)
    if len(text) != 7 or number >= 1 << 32:
        raise ValueError("not an entry id")
    return number


class Sighting(msgspec.Struct, frozen=True):
    """A read with what the matcher found in it (after the entries' own conditions)."""

    read: SeenRead
    camera: Camera
    matches: tuple[tuple[Match, Entry], ...]


class FoldTerms(msgspec.Struct, frozen=True):
    """How reads become hits, in milliseconds."""

    window_ms: int
    alert_age_ms_max: int


class Fold:
    """Remembers recent hits, so that repeats and amendments go under the first and a replay adds nothing."""

    def __init__(self, terms: FoldTerms, remembered_max: int = 200_000) -> None:
        self._terms = terms
        self._remembered_max = remembered_max
        self._hits: dict[str, Hit] = {}
        self._at_camera: dict[tuple[int, int], set[str]] = {}
        self._by_cause: dict[tuple[str, int], str] = {}
        self._by_read: dict[str, set[str]] = {}

    def remember(self, hits: Iterable[Hit]) -> None:
        """Take published hits in: what `changes` proposed, or what the stream tells after a restart."""
        for hit in hits:
            held = self._hits.get(hit.id)
            if held is not None and held.version >= hit.version:
                continue
            self._hits[hit.id] = hit
            self._at_camera.setdefault((hit.entry.number, hit.camera.number), set()).add(hit.id)
            for read in hit.causes:
                self._by_cause[read, hit.entry.number] = hit.id
                self._by_read.setdefault(read, set()).add(hit.id)
        if len(self._hits) > self._remembered_max:
            self._forget(self._remembered_max // 4)

    def changes(self, sightings: list[Sighting], mutes: Mutes, now: int) -> tuple[list[Hit], list[Hit]]:
        """Return (new hits, later versions of known ones) that the sightings bring about. Nothing is remembered yet."""
        draft = _Draft(self)
        for sighting in sightings:
            found = {entry.number for _, entry in sighting.matches}
            if sighting.read.version > 0:
                for hid in draft.of_read(sighting.read.id):
                    self._withdraw(draft, hid, sighting, found)
            for match, entry in sighting.matches:
                self._sight(draft, sighting, match, entry, mutes, now)
        return draft.new, draft.amended

    def _sight(self, draft: _Draft, sighting: Sighting, match: Match, entry: Entry, mutes: Mutes, now: int) -> None:
        read, camera = sighting.read, sighting.camera
        known = draft.caused(read.id, entry.number)
        if known is not None:
            if read.version > known.read.version and known.read.id == read.id:
                draft.amend(_seen(known, match, read), read.id)
            return
        held = draft.nearest(entry.number, camera.number, read.captured_at, self._terms.window_ms)
        if held is not None:
            better = _seen(held, match, read) if match.score > held.score else held
            last = max(held.last_seen_at, read.captured_at)
            draft.amend(msgspec.structs.replace(better, repeats=held.repeats + 1, last_seen_at=last), read.id)
            return
        agencies = tuple(sorted({camera.agency, entry.agency} - {""}))
        draft.add(
            Hit(
                id=hit_id(read.id, entry.number),
                version=1,
                vrm=match.plate,
                match="exact" if match.exact else "tolerant",
                score=match.score,
                why=match.why,
                alert=now - read.captured_at <= self._terms.alert_age_ms_max,
                entry=entry,
                camera=camera,
                read=read,
                captured_at=read.captured_at,
                found_at=now,
                last_seen_at=read.captured_at,
                agencies=agencies,
                muted_for=tuple(a for a in agencies if mutes.covers(a, camera.id, entry.number, now)),
                causes=(read.id,),
            )
        )

    def _withdraw(self, draft: _Draft, hid: str, sighting: Sighting, found: set[int]) -> None:
        hit = draft.get(hid)
        if hit is None or hit.withdrawn or hit.entry.number in found or hit.read.id != sighting.read.id:
            return
        if hit.read.version >= sighting.read.version:
            return
        why = f"the camera corrected its read from {hit.read.vrm} to {sighting.read.vrm}"
        changed = msgspec.structs.replace(hit, withdrawn=True, alert=False, why=why, read=sighting.read)
        draft.amend(changed, sighting.read.id)

    def _forget(self, count: int) -> None:
        gone = {hid: self._hits.pop(hid) for hid in list(self._hits)[:count]}
        self._at_camera = {key: kept for key, hids in self._at_camera.items() if (kept := hids - gone.keys())}
        self._by_cause = {key: hid for key, hid in self._by_cause.items() if hid not in gone}
        self._by_read = {read: kept for read, hids in self._by_read.items() if (kept := hids - gone.keys())}


class _Draft:
    """Changes of one batch over the fold's memory, so that a publication that fails leaves the memory as it was."""

    def __init__(self, fold: Fold) -> None:
        self._fold = fold
        self._hits: dict[str, Hit] = {}
        self._new: dict[str, None] = {}
        self._at_camera: dict[tuple[int, int], set[str]] = {}
        self._by_cause: dict[tuple[str, int], str] = {}

    @property
    def new(self) -> list[Hit]:
        return [self._hits[hid] for hid in self._new]

    @property
    def amended(self) -> list[Hit]:
        return [hit for hid, hit in self._hits.items() if hid not in self._new]

    def get(self, hid: str | None) -> Hit | None:
        if hid is None:
            return None
        return self._hits.get(hid) or self._fold._hits.get(hid)  # noqa: SLF001 - one thing in two halves

    def caused(self, read: str, entry: int) -> Hit | None:
        key = (read, entry)
        return self.get(self._by_cause.get(key) or self._fold._by_cause.get(key))  # noqa: SLF001

    def nearest(self, entry: int, camera: int, at: int, window_ms: int) -> Hit | None:
        """The hit that a read at that time repeats. By the times alone, so that neither batches nor a restart decide it."""
        key = (entry, camera)
        there = self._at_camera.get(key, set()) | self._fold._at_camera.get(key, set())  # noqa: SLF001
        hits = [hit for hid in there if (hit := self.get(hid)) and not hit.withdrawn and _apart(hit, at) <= window_ms]
        return min(hits, key=lambda hit: (_apart(hit, at), hit.id), default=None)

    def of_read(self, read: str) -> list[str]:
        here = {hid for (cause, _), hid in self._by_cause.items() if cause == read}
        return sorted(here | self._fold._by_read.get(read, set()))  # noqa: SLF001

    def add(self, hit: Hit) -> None:
        self._new[hit.id] = None
        self._put(hit)

    def amend(self, hit: Hit, cause: str) -> None:
        earlier = self._hits[hit.id].causes if hit.id in self._hits else ()
        self._put(msgspec.structs.replace(hit, version=hit.version + 1, causes=(*earlier, cause)))

    def _put(self, hit: Hit) -> None:
        self._hits[hit.id] = hit
        self._at_camera.setdefault((hit.entry.number, hit.camera.number), set()).add(hit.id)
        for read in hit.causes:
            self._by_cause[read, hit.entry.number] = hit.id


class Mutes:
    """Cameras and entries that an agency wants no alerts from for a while. Times in milliseconds."""

    def __init__(self, rows: Iterable[tuple[str, str | None, int | None, int]] = ()) -> None:
        self._until: dict[tuple[str, Any], int] = {}
        for agency, camera, entry, until in rows:
            key = (agency, camera if camera is not None else entry)
            self._until[key] = max(until, self._until.get(key, 0))

    def covers(self, agency: str, camera: str, entry: int, now: int) -> bool:
        """Tell whether the agency has muted the camera or the entry at `now`."""
        return self._until.get((agency, camera), 0) > now or self._until.get((agency, entry), 0) > now


def _apart(hit: Hit, at: int) -> int:
    """Milliseconds between a time and the span in which the hit's vehicle was seen; 0 within it."""
    return max(hit.captured_at - at, at - hit.last_seen_at, 0)


def _seen(hit: Hit, match: Match, read: SeenRead) -> Hit:
    """The hit with another read (a better one, or an amended one) as its evidence."""
    kind = "exact" if match.exact else "tolerant"
    return msgspec.structs.replace(hit, match=kind, score=match.score, why=match.why, read=read, withdrawn=False)
