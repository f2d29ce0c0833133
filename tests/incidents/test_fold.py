"""State is the fold of events: from nothing as from any snapshot, in any split, and however late a phone's words arrive."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bluelamp.incidents.domain.events import ADAPTERS, KINDS
from bluelamp.incidents.domain.fold import _FOLDS, Event, apply, fold, view
from bluelamp.incidents.domain.state import IncidentState

AGENCIES = ("KEN", "KFR", "KAS")
IDS = st.sampled_from(["AAAAAAAA", "BBBBBBBB", "CCCCCCCC"])
PLACES = st.builds(lambda lat, lon: {"said": "there", "latitude": lat, "longitude": lon}, st.floats(50, 58), st.floats(-5, 1))
WORDS = st.sampled_from(["one", "two", "three"])
POINT = {"type": "Point", "coordinates": [-2.7, 54.2]}
DATA: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "incident.amended": st.fixed_dictionaries({}, optional={"title": WORDS, "major": st.booleans(), "place": PLACES}),
    "agency.joined": st.fixed_dictionaries({"agency": st.sampled_from(AGENCIES), "roles": st.just([])}),
    "agency.left": st.fixed_dictionaries({"agency": st.sampled_from(AGENCIES[1:]), "reason": WORDS}),
    "resource.assigned": st.fixed_dictionaries({"resource": IDS, "call_sign": WORDS, "agency": st.sampled_from(AGENCIES)}),
    "resource.status": st.fixed_dictionaries({"resource": IDS, "code": WORDS, "status": WORDS}),
    "resource.released": st.fixed_dictionaries({"resource": IDS}),
    "feature.drawn": st.fixed_dictionaries({"feature": IDS, "type": st.just("hazard"), "geometry": st.just(POINT), "label": WORDS}),
    "feature.removed": st.fixed_dictionaries({"feature": IDS}),
    "casualty.found": st.fixed_dictionaries({"casualty": IDS}, optional={"label": WORDS, "place": PLACES}),
    "casualty.triaged": st.fixed_dictionaries(
        {"casualty": IDS, "tool": st.just("TST"), "category": st.sampled_from(["P1", "P2", "P3", "dead"])}
    ),
    "casualty.moved": st.fixed_dictionaries({"casualty": IDS, "where": WORDS}),
    "casualty.struck": st.fixed_dictionaries({"casualty": IDS, "reason": WORDS}),
    "vehicle.recorded": st.fixed_dictionaries({"vehicle": IDS, "vrm": st.just("KE77STL")}),
    "chat.said": st.fixed_dictionaries({"text": WORDS}),
    "log.written": st.fixed_dictionaries({"text": WORDS}),
    "report.sent": st.fixed_dictionaries({"form": st.sampled_from(["ETHANE", "METHANE"])}),
}
OPENED = {"number": "KEN-1", "title": "t", "type": "other", "grade": "priority", "lead": "KEN", "place": {"said": "x"}}


@st.composite
def logs(draw: st.DrawFn) -> list[Event]:
    made = [Event("I", 1, "E1", "incident.opened", 1000, 1000, "p", "Connie", "KEN", "", "", (), OPENED)]
    at = 1000
    for number in range(2, draw(st.integers(2, 25)) + 1):
        at += draw(st.integers(0, 500))
        kind = draw(st.sampled_from(sorted(DATA)))
        happened = at - draw(st.integers(0, 2000))
        data = draw(DATA[kind])
        made.append(Event("I", number, f"E{number}", kind, at, happened, "p", "Ola", draw(st.sampled_from(AGENCIES)), "", "", (), data))
    return made


@settings(max_examples=150, deadline=None)
@given(logs(), st.integers(0, 25))
def test_old_state_and_events_are_the_fresh_state(log: list[Event], cut: int) -> None:
    fresh = fold("I", log)
    kept = IncidentState.model_validate_json(fold("I", log[:cut]).model_dump_json())  # a snapshot goes through JSON
    for event in log[cut:]:
        apply(kept, event)
    assert kept == fresh
    assert view(kept, "KFR") == view(fresh, "KFR")


@settings(max_examples=80, deadline=None)
@given(st.permutations(range(4)))
def test_the_last_word_by_the_time_it_happened_stands_however_late_it_arrives(order: list[int]) -> None:
    categories = ["P3", "P2", "P1", "dead"]
    log = [Event("I", 1, "E1", "incident.opened", 1000, 1000, "p", "Connie", "KEN", "", "", (), OPENED)]
    for at, which in enumerate(order, 2):
        data = {"casualty": "AAAAAAAA", "tool": "TST", "category": categories[which]}
        log.append(Event("I", at, f"E{at}", "casualty.triaged", 10_000 + at, 2000 + which, "p", "Ola", "KEN", "", "", (), data))
    state = fold("I", log)
    assert state.casualties["AAAAAAAA"].category == "dead"
    assert [step.category for step in state.casualties["AAAAAAAA"].history] == categories
    assert state.casualty_count == {"dead": 1}


def test_the_m_of_methane_declares_and_no_older_report_takes_it_back() -> None:
    log = [Event("I", 1, "E1", "incident.opened", 1000, 1000, "p", "Connie", "KEN", "", "", (), OPENED)]

    def said(kind: str, happened: int, **data: Any) -> bool:
        number = len(log) + 1
        log.append(Event("I", number, f"E{number}", kind, 9000 + number, happened, "p", "Ola", "KEN", "", "", (), data))
        return fold("I", log).major

    assert not said("report.sent", 2000, form="ETHANE")
    assert said("report.sent", 3000, form="METHANE")
    assert said("report.sent", 4000, form="ETHANE"), "only the control room stands it down"
    assert not said("incident.amended", 5000, major=False)
    assert not said("report.sent", 3500, form="METHANE"), "one that waited in a tunnel declares nothing anew"


def test_every_kind_has_a_fold_and_a_shape() -> None:
    assert _FOLDS.keys() == KINDS.keys() == ADAPTERS.keys()


def test_what_is_for_one_agency_is_not_in_the_view_of_another() -> None:
    log = [
        Event("I", 1, "E1", "incident.opened", 1000, 1000, "p", "Connie", "KEN", "", "", (), OPENED),
        Event("I", 2, "E2", "agency.joined", 1001, 1001, "p", "Connie", "KEN", "", "", (), {"agency": "KFR", "roles": []}),
        Event("I", 3, "E3", "person.recorded", 1002, 1002, "p", "Ola", "KEN", "", "", ("KEN",), {"person": "AAAAAAAA", "name": "N"}),
        Event("I", 4, "E4", "vehicle.recorded", 1003, 1003, "p", "Ola", "KEN", "", "", (), {"vehicle": "BBBBBBBB", "vrm": "KE77STL"}),
        Event(
            "I",
            5,
            "E5",
            "vehicle.looked_up",
            1004,
            1004,
            "p",
            "Ola",
            "KEN",
            "",
            "",
            (),
            {"vehicle": "BBBBBBBB", "source": "anpr", "found": {"reads": 3}},
        ),
        Event("I", 6, "E6", "casualty.found", 1005, 1005, "p", "Ola", "KEN", "", "", ("KEN",), {"casualty": "CCCCCCCC"}),
    ]
    state = fold("I", log)
    police, fire = view(state, "KEN"), view(state, "KFR")
    assert police["persons"].keys() == {"AAAAAAAA"}
    assert police["casualty_count"] == {"unknown": 1}
    assert not fire["persons"]
    assert not fire["casualties"]
    assert fire["casualty_count"] == {}
    assert police["vehicles"]["BBBBBBBB"]["found"] == {"KEN": {"anpr": {"reads": 3}}}
    assert fire["vehicles"]["BBBBBBBB"]["found"] == {}
