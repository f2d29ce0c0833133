"""SQL of the statistics of times: each incident's steps by its events, then the middle and the slow end of each by type and grade."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bluelamp.spine.relational import Database, Record

STEPS = ("call_to_open", "open_to_assigned", "assigned_to_scene", "scene_to_closed")
INCIDENTS_MAX = 50_000
"""The newest of the period are counted."""

# Steps are the agency's own: from when it had the incident (opened by it, or shared with it) to its own resources.
_SPANS = """
WITH mine AS (
    SELECT i.id, i.type, i.grade, i.status, i.lead FROM incidents i JOIN incident_agencies a ON a.incident = i.id AND a.agency = $1
    WHERE (a.roles = '{}' OR a.roles && $2::text[]) AND i.opened_at >= $3 AND i.opened_at < $4 AND i.status <> 'merged'
    ORDER BY i.opened_at DESC LIMIT $5
), told AS (
    SELECT e.incident, e.kind, e.at, e.happened_at, e.data FROM mine JOIN incident_events e ON e.incident = mine.id
    WHERE e.kind IN ('incident.opened', 'incident.closed', 'agency.joined', 'resource.assigned', 'resource.status')
    AND (e.audience = '{}' OR $1 = ANY(e.audience))
), sent AS (
    SELECT incident, data->>'resource' AS resource, min(happened_at) AS at FROM told
    WHERE kind = 'resource.assigned' AND data->>'agency' = $1 GROUP BY 1, 2
), scene AS (
    SELECT s.incident, min(t.happened_at) AS at FROM sent s JOIN told t ON t.incident = s.incident
    AND t.data->>'resource' = s.resource AND t.data->>'status' = 'at_scene' AND t.happened_at >= s.at GROUP BY 1
), had AS (
    SELECT incident, min(at) FILTER (WHERE kind = 'incident.opened') AS opened,
    min(at) FILTER (WHERE kind = 'agency.joined' AND data->>'agency' = $1) AS joined,
    min((data->>'called_at')::timestamptz) FILTER (WHERE kind = 'incident.opened') AS called,
    max(at) FILTER (WHERE kind = 'incident.closed') AS closed FROM told GROUP BY 1
), spans AS (
    SELECT m.type, m.grade,
    CASE WHEN m.lead = $1 THEN extract(epoch FROM h.opened - h.called) END AS call_to_open,
    extract(epoch FROM (SELECT min(at) FROM sent s WHERE s.incident = m.id) - coalesce(h.joined, h.opened)) AS open_to_assigned,
    extract(epoch FROM c.at - (SELECT min(at) FROM sent s WHERE s.incident = m.id)) AS assigned_to_scene,
    CASE WHEN m.status = 'closed' THEN extract(epoch FROM h.closed - c.at) END AS scene_to_closed
    FROM mine m JOIN had h ON h.incident = m.id LEFT JOIN scene c ON c.incident = m.id
)
"""


def _figures(step: str) -> str:
    # What began before it could have, by a clock that was off or by an incident that was taken over, is no measurement.
    sound = f"FILTER (WHERE {step} >= 0)"
    return f"count({step}) {sound} AS {step}_count, percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY {step}) {sound} AS {step}"


async def figures(db: Database, agency: str, roles: Iterable[str], since: datetime, until: datetime) -> list[Record]:
    """For everything (no type, no grade), each type, each grade, and each type with each grade: how many, and each step's figures."""
    asked = ", ".join(_figures(step) for step in STEPS)
    return await db.fetch(
        f"{_SPANS} SELECT type, grade, count(*) AS incidents, {asked} FROM spans"
        " GROUP BY GROUPING SETS ((), (type), (grade), (type, grade)) ORDER BY incidents DESC, type, grade LIMIT 2000",
        agency, list(roles), since, until, INCIDENTS_MAX,
    )  # fmt: skip
