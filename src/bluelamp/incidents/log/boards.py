"""What a board shows of each incident beside its own row: who has it and whether they answered, and how many casualties.

Read from the events by their kind, as the agency that looks sees them: what is for others only is not counted either.
"""

from __future__ import annotations

from typing import NamedTuple

from bluelamp.spine.relational import Database

_MEMBERS = """
SELECT a.incident, a.agency, a.agency = i.lead OR EXISTS (
    SELECT FROM incident_events e WHERE e.incident = a.incident AND e.kind = 'agency.acknowledged' AND e.agency = a.agency
    AND e.sequence > coalesce((SELECT max(g.sequence) FROM incident_events g WHERE g.incident = a.incident AND g.kind = 'agency.left'
                               AND g.data->>'agency' = a.agency), 0)
) AS acknowledged
FROM incident_agencies a JOIN incidents i ON i.id = a.incident WHERE a.incident = ANY($1) ORDER BY a.agency
"""
_CASUALTIES = """
SELECT incident, count(*) FILTER (WHERE NOT struck) AS casualties FROM (
    SELECT incident, data->>'casualty' AS casualty, bool_or(kind = 'casualty.struck') AS struck FROM incident_events
    WHERE incident = ANY($1) AND kind = ANY($3) AND (audience = '{}' OR $2 = ANY(audience)) GROUP BY 1, 2
) AS counted GROUP BY incident
"""
_COUNTED = ["casualty.found", "casualty.triaged", "casualty.moved", "casualty.handed_over", "casualty.struck"]


class Board(NamedTuple):
    """Beside one incident's row. The agency that leads counts as having answered."""

    agencies: dict[str, bool]
    """Code -> whether its control room has acknowledged."""
    casualties: int


async def boards_of(db: Database, incidents: list[str], agency: str) -> dict[str, Board]:
    """By incident, for those that the agency sees; a page of a list at a time."""
    if not incidents:
        return {}
    members: dict[str, dict[str, bool]] = {}
    for row in await db.fetch(_MEMBERS, incidents):
        members.setdefault(row["incident"], {})[row["agency"]] = row["acknowledged"]
    counted = {row["incident"]: row["casualties"] for row in await db.fetch(_CASUALTIES, incidents, agency, _COUNTED)}
    return {incident: Board(members.get(incident, {}), counted.get(incident, 0)) for incident in incidents}
