"""SQL of pictures whose content is another region's: begun by the event that tells of them, fetched piece by piece, kept like our own."""

from __future__ import annotations

from datetime import datetime, timedelta

from bluelamp.incidents.domain.fold import Event
from bluelamp.incidents.log.store import moment
from bluelamp.incidents.media.store import MEDIA, Found, Media, media_of
from bluelamp.kit.clock import from_rfc3339
from bluelamp.spine.relational import Connection, Database

BYTES_MAX = 1 << 40


async def begin(connection: Connection, event: Event, region: str) -> None:
    """The picture is there, as it was announced; its content is to be fetched. Known already: nothing."""
    data, at = event.data, moment(event.at)
    if not 0 < data["bytes"] <= BYTES_MAX:
        return
    taken = moment(from_rfc3339(data["taken_at"])) if data.get("taken_at") else None
    await connection.execute(
        "INSERT INTO incident_media (id, incident, person, name, agency, bytes, sha256, taken_at, place, caption, audience, state,"
        " started_at, touched_at, event, sequence, region, next_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'receiving', $12, $12, $13, $14, $15, $12)"
        " ON CONFLICT (id) DO NOTHING",
        data["media"], event.incident, event.person, event.name, event.agency, data["bytes"], data["sha256"], taken, data.get("place"),
        data.get("caption", ""), list(event.audience), at, event.id, event.sequence, region,
    )  # fmt: skip


async def told_by(connection: Connection, media: str, agency: str) -> bool:
    """Whether there is such a picture, and it is this agency's."""
    return bool(await connection.fetchval("SELECT true FROM incident_media WHERE id = $1 AND agency = $2", media, agency))


async def claim(db: Database, region: str, now: datetime, lease: timedelta) -> tuple[Media, int] | None:
    """One whose turn it is, the smallest first, for whoever calls, and how often it was tried; taken again after the lease."""
    row = await db.fetchrow(
        "UPDATE incident_media SET next_at = $3 WHERE id = (SELECT id FROM incident_media WHERE state = 'receiving' AND region = $1"
        f" AND region <> '' AND next_at <= $2 ORDER BY bytes, id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING {MEDIA}, tries",
        region, now, now + lease,
    )  # fmt: skip
    if row is None:
        return None
    values = dict(row)
    tries = values.pop("tries")
    return media_of(values), tries


async def hold(connection: Connection, media: str, until: datetime) -> None:
    """It is being fetched: nobody else takes it up before."""
    await connection.execute("UPDATE incident_media SET next_at = $2 WHERE id = $1", media, until)


async def again(connection: Connection | Database, media: str, at: datetime, *, tries: int, lost: bool = False) -> None:
    """Try later; `lost`: from the beginning."""
    if lost:
        await connection.execute("DELETE FROM incident_media_pieces WHERE media = $1", media)
    await connection.execute(
        "UPDATE incident_media SET next_at = $2, tries = $3, held = CASE WHEN $4 THEN 0 ELSE held END"
        " WHERE id = $1 AND state = 'receiving'",
        media, at, tries, lost,
    )  # fmt: skip


async def keep(connection: Connection, media: str, found: Found, at_ms: int) -> None:
    await connection.execute(
        "UPDATE incident_media SET state = 'kept', content_type = $2, width = $3, height = $4, file_says = $5, thumbnails = $6,"
        " touched_at = $7, next_at = NULL WHERE id = $1 AND state = 'receiving'",
        media, found.content_type, found.width, found.height, found.says, list(found.thumbnails), moment(at_ms),
    )  # fmt: skip


async def may_have(db: Database, media: Media, agencies: list[str]) -> bool:
    """Whether one of these agencies sees the picture now: it is on an incident that the picture is told of in, and in its audience."""
    found = await db.fetchval(
        "SELECT true FROM incident_agencies a WHERE a.agency = ANY($3) AND ($4::text[] = '{}' OR a.agency = ANY($4)) AND a.incident IN"
        " (SELECT $1 UNION SELECT c.incident FROM incident_media_carried c WHERE c.media = $2) LIMIT 1",
        media.incident, media.id, agencies, list(media.audience),
    )  # fmt: skip
    return bool(found)
