"""SQL of imagery."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from bluelamp.incidents.log.store import moment
from bluelamp.kit.clock import to_ms
from bluelamp.spine.relational import Connection, Database, Record

MEDIA = (
    "id, incident, person, name, agency, device, bytes, sha256, taken_at, place, caption, audience, state, held, reason, started_at,"
    " content_type, width, height, file_says, thumbnails, event, sequence"
)
_SHOWN = "state = 'kept' AND (audience = '{}' OR $2 = ANY(audience))"


class Media(NamedTuple):
    """A picture, film or document: announced, on its way, or kept. Times are epoch milliseconds."""

    id: str
    incident: str
    person: str
    name: str
    agency: str
    device: str
    bytes: int
    sha256: str
    taken_at: int | None
    place: dict[str, Any] | None
    caption: str
    audience: tuple[str, ...]
    state: str
    held: int
    reason: str
    started_at: int
    content_type: str
    width: int
    height: int
    file_says: dict[str, Any]
    thumbnails: tuple[int, ...]
    event: str
    sequence: int


class Piece(NamedTuple):
    """A part of the original: where it begins, and the object that holds it."""

    start: int
    bytes: int
    object: str


class Found(NamedTuple):
    """What the content turned out to be."""

    content_type: str
    width: int
    height: int
    says: dict[str, Any]
    thumbnails: tuple[int, ...]


def media_of(row: Record | dict[str, Any]) -> Media:
    values = dict(row)
    if (carried := values.pop("carried", None)) is not None:
        values["sequence"] = carried
    values["taken_at"] = to_ms(row["taken_at"]) if row["taken_at"] else None
    values["started_at"] = to_ms(row["started_at"])
    values["audience"], values["thumbnails"] = tuple(row["audience"]), tuple(row["thumbnails"])
    return Media(**values)


async def find(db: Connection | Database, media: str, *, lock: bool = False) -> Media | None:
    row = await db.fetchrow(f"SELECT {MEDIA} FROM incident_media WHERE id = $1" + (" FOR UPDATE" if lock else ""), media)
    return media_of(row) if row else None


async def load_of(connection: Connection, incident: str, person: str) -> tuple[int, int, int]:
    """Items and bytes of an incident, and how many uploads a person has on their way."""
    row = await connection.fetchrow(
        "SELECT count(*) AS items, coalesce(sum(bytes), 0)::bigint AS bytes, (SELECT count(*) FROM incident_media"
        " WHERE person = $2 AND state = 'receiving') AS open FROM incident_media WHERE incident = $1 AND state IN ('receiving', 'kept')",
        incident, person,
    )  # fmt: skip
    assert row is not None  # noqa: S101 - an aggregate has a row
    return row["items"], row["bytes"], row["open"]


async def members_of(connection: Connection, incident: str) -> set[str]:
    """Agencies that see the incident now."""
    return {row["agency"] for row in await connection.fetch("SELECT agency FROM incident_agencies WHERE incident = $1", incident)}


async def begin(connection: Connection, media: Media) -> None:
    """A new upload, or one that had ended without being kept, from its beginning."""
    at = moment(media.started_at)
    await connection.execute(
        "INSERT INTO incident_media (id, incident, person, name, agency, device, bytes, sha256, taken_at, place, caption, audience, state,"
        " started_at, touched_at, event) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'receiving', $13, $13, $14)"
        " ON CONFLICT (id) DO UPDATE SET bytes = $7, sha256 = $8, taken_at = $9, place = $10, caption = $11, audience = $12,"
        " state = 'receiving', held = 0, reason = '', started_at = $13, touched_at = $13, event = $14",
        *media[:8], moment(media.taken_at) if media.taken_at is not None else None, media.place, media.caption, list(media.audience),
        at, media.event,
    )  # fmt: skip


async def add_piece(connection: Connection, media: str, piece: Piece, at_ms: int) -> None:
    await connection.execute("INSERT INTO incident_media_pieces VALUES ($1, $2, $3, $4)", media, *piece)
    await connection.execute(
        "UPDATE incident_media SET held = $2, touched_at = $3 WHERE id = $1", media, piece.start + piece.bytes, moment(at_ms)
    )


async def pieces_of(db: Connection | Database, media: str) -> list[Piece]:
    rows = await db.fetch("SELECT start, bytes, object FROM incident_media_pieces WHERE media = $1 ORDER BY start", media)
    return [Piece(*row) for row in rows]


async def keep(connection: Connection, media: str, found: Found, sequence: int, at_ms: int) -> None:
    await connection.execute(
        "UPDATE incident_media SET state = 'kept', content_type = $2, width = $3, height = $4, file_says = $5, thumbnails = $6,"
        " sequence = $7, touched_at = $8 WHERE id = $1",
        media, found.content_type, found.width, found.height, found.says, list(found.thumbnails), sequence, moment(at_ms),
    )  # fmt: skip


async def end(connection: Connection, media: str, state: str, reason: str) -> None:
    """Refused or given up: nothing of its content is kept."""
    await connection.execute("DELETE FROM incident_media_pieces WHERE media = $1", media)
    await connection.execute("UPDATE incident_media SET state = $2, reason = $3, held = 0 WHERE id = $1", media, state, reason)


async def abandoned(db: Database, before: datetime, before_elsewhere: datetime, limit: int) -> list[str]:
    """Those that nothing came for since; the second time counts for what another region has."""
    rows = await db.fetch(
        "SELECT id FROM incident_media WHERE state = 'receiving'"
        " AND (region = '' AND touched_at < $1 OR region <> '' AND touched_at < $2) ORDER BY touched_at LIMIT $3",
        before, before_elsewhere, limit,
    )  # fmt: skip
    return [row["id"] for row in rows]


async def shown(db: Database, incident: str, agency: str, after: str, limit: int) -> list[Media]:
    """What an agency sees of an incident's imagery, by id: as the devices made them. `sequence` is of the log of this incident."""
    rows = await db.fetch(
        f"SELECT {MEDIA}, (SELECT c.sequence FROM incident_media_carried c WHERE c.incident = $1 AND c.media = id) AS carried"
        " FROM incident_media WHERE (incident = $1 OR id IN (SELECT media FROM incident_media_carried WHERE incident = $1))"
        f" AND {_SHOWN} AND id > $3 ORDER BY id LIMIT $4",
        incident, agency, after, limit,
    )  # fmt: skip
    return [media_of(row) for row in rows]


async def is_in(db: Connection | Database, incident: str, media: Media) -> bool:
    """Whether it is seen in this incident: its own, or one that the own one was merged into."""
    if media.incident == incident:
        return True
    found = await db.fetchval("SELECT true FROM incident_media_carried WHERE incident = $1 AND media = $2", incident, media.id)
    return bool(found)


async def show_in(connection: Connection, incident: str, media: str, sequence: int) -> None:
    """It is told of by this event of another incident than the one that it was sent to."""
    await connection.execute("INSERT INTO incident_media_carried VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", incident, media, sequence)


async def hidden_of(db: Connection | Database, incident: str, media: list[str] | None = None) -> dict[str, str]:
    """Media id -> why it was hidden, in whichever of the incidents that it is seen in; of some or all of an incident."""
    rows = await db.fetch(
        "WITH theirs AS (SELECT id, incident FROM incident_media WHERE incident = $1"
        " UNION SELECT m.id, m.incident FROM incident_media m JOIN incident_media_carried c ON c.media = m.id WHERE c.incident = $1),"
        " places AS (SELECT $1::text AS incident UNION SELECT incident FROM theirs"
        " UNION SELECT c.incident FROM incident_media_carried c JOIN theirs ON theirs.id = c.media)"
        " SELECT e.data->>'media' AS media, e.data->>'reason' AS reason FROM incident_events e JOIN places ON places.incident = e.incident"
        " WHERE e.kind = 'media.hidden' AND ($2::text[] IS NULL OR e.data->>'media' = ANY($2)) ORDER BY e.at, e.sequence",
        incident, media,
    )  # fmt: skip
    return {row["media"]: row["reason"] for row in rows}
