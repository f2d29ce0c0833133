"""Statistics of times from the log alone."""

from __future__ import annotations

from typing import Any

from bluelamp.incidents.domain.fold import Event
from bluelamp.incidents.export.times import times_of
from bluelamp.incidents.log.stays import Stays


def said(kind: str, at_s: int, happened_s: int = 0, by: str = "KEN", **data: Any) -> Event:
    return Event("i", at_s, f"e{at_s}", kind, at_s * 1000, (happened_s or at_s) * 1000, "p", "Pat", by, "", "", (), data)


LOG = [
    said("incident.opened", 1000, lead="KEN"),
    said("agency.joined", 1010, agency="KFR"),
    said("resource.assigned", 1020, resource="r1", call_sign="KN1", agency="KEN", status="en_route"),
    said("agency.acknowledged", 1040, by="KFR"),
    said("resource.assigned", 1050, resource="r2", call_sign="F1", agency="KFR", status="available"),
    said("emergency.raised", 1100, emergency="x"),
    said("emergency.escalated", 1120, emergency="x", level=1),
    said("emergency.acknowledged", 1125, emergency="x"),
    said("resource.status", 1300, 1200, resource="r1", code="6", status="at_scene"),
    said("resource.status", 1250, resource="r2", code="IA", status="at_scene"),
    said("resource.released", 1400, resource="r2"),
    said("incident.closed", 4600, reason="done"),
]


def test_each_time_is_counted_from_its_beginning() -> None:
    times = times_of(LOG)
    assert (times.opened_to_assigned_s, times.opened_to_at_scene_s, times.opened_to_closed_s) == (20, 200, 3600)
    assert times.first_at_scene_at == "1970-01-01T00:20:00.000Z", "a crew without signal said it later"
    ken, kfr = times.agencies
    assert (ken.agency, ken.resources, ken.assigned_to_at_scene_s) == ("KEN", 1, 180)
    assert (kfr.joined_to_acknowledged_s, kfr.joined_to_assigned_s, kfr.assigned_to_at_scene_s) == (30, 40, 200)
    [emergency] = times.emergencies
    assert (emergency.raised_to_acknowledged_s, emergency.level) == (25, 1)


def test_what_did_not_happen_has_no_time() -> None:
    times = times_of(LOG[:1])
    assert (times.first_assigned_at, times.opened_to_closed_s, times.emergencies) == ("", None, [])
    reopened = times_of([*LOG, said("incident.reopened", 5000, reason="again")])
    assert (reopened.closed_at, reopened.opened_to_closed_s) == ("", None)


def test_who_was_on_it_when() -> None:
    stays = Stays()
    for event in LOG:
        stays.see(event)
    assert {(one.resource, one.start, one.end) for one in stays.until(9_000_000)} == {
        ("r2", 1_050_000, 1_400_000),
        ("r1", 1_020_000, 4_600_000),
    }
