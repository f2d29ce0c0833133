"""Wire shapes of a replay's positions: compact, as there may be tens of thousands."""

from __future__ import annotations

from pydantic import BaseModel

from bluelamp.incidents.replay.queries import Track, Tracks
from bluelamp.kit.clock import to_rfc3339
from bluelamp.spine.wire import Instant


class StayShown(BaseModel):
    start_ms: int
    end_ms: int


class TrackShownCompact(BaseModel):
    resource: str
    call_sign: str
    agency: str
    type: str
    covert: bool
    stale_ms: int
    """Older than this a position of this kind of resource is shown as old."""
    stays: list[StayShown]
    """When it was on the incident, in milliseconds from `since`."""
    points: list[tuple[int, float, float]]
    """Milliseconds from `since`, longitude, latitude; in order."""
    gone: list[int]
    """When it went off duty: from then until its next point it is nowhere."""

    @classmethod
    def of(cls, track: Track, start: int, stale_ms: dict[str, int]) -> TrackShownCompact:
        last, stay = track.positions[-1] if track.positions else None, track.stays[-1]
        kind = last.kind if last else ""
        return cls(
            resource=stay.resource,
            call_sign=stay.call_sign,
            agency=stay.agency,
            type=kind,
            covert=any(position.covert for position in track.positions),
            stale_ms=stale_ms.get(kind, stale_ms["default"]),
            stays=[StayShown(start_ms=one.start - start, end_ms=one.end - start) for one in track.stays],
            points=[(p.at - start, round(p.longitude, 6), round(p.latitude, 6)) for p in track.positions if not p.gone],
            gone=[p.at - start for p in track.positions if p.gone],
        )


class IncidentTracksShown(BaseModel):
    since: Instant
    until: Instant
    every_seconds: int
    """Positions of one resource are this far apart, or farther where it said nothing."""
    complete: bool
    """False: there were more than one answer holds."""
    tracks: list[TrackShownCompact]

    @classmethod
    def of(cls, found: Tracks, stale_ms: dict[str, int]) -> IncidentTracksShown:
        return cls(
            since=to_rfc3339(found.start),
            until=to_rfc3339(found.end),
            every_seconds=found.every_s,
            complete=found.complete,
            tracks=[TrackShownCompact.of(track, found.start, stale_ms) for track in found.tracks],
        )
