"""The officer's app's own arithmetic, run by the Node that builds it: ids, clocks, triage, the words of a report, what is counted."""

from __future__ import annotations

from pathlib import Path

from .test_words import run

SRC = Path(__file__).parents[2] / "web" / "apps" / "officer" / "src"


def test_ids_rise_within_a_millisecond_and_when_the_clock_is_set_back() -> None:
    made = run(SRC / "line/ulid.ts", "[...Array(500)].map((_, i) => m.ulid(i < 250 ? 1700000000000 : 1600000000000))")
    assert made == sorted(made)
    assert len(set(made)) == 500
    assert {len(one) for one in made} == {26}
    # The first ten digits are the time, as the platform's own ids have it.
    assert made[0][:10] == "01HF7YAT00"


def test_a_clock_an_hour_off_is_measured_and_one_that_may_be_right_is_left_alone() -> None:
    hour = 3_600_000
    module = SRC / "line/offset.ts"
    off = run(module, f"m.measure(1000, 1100, {hour} + 1050, 1)")
    assert abs(off["offset"] - hour) <= off["doubt"]
    assert run(module, f"m.correction({{offset: {hour}, doubt: 50}})") == hour
    assert run(module, "m.correction({offset: -900, doubt: 1050})") == 0
    # The surer measurement stays; one that contradicts it, because the clock was set, replaces it.
    sure = "{offset: 10, doubt: 20}"
    assert run(module, f"m.better({sure}, {{offset: 400, doubt: 1000}})")["offset"] == 10
    assert run(module, f"m.better({sure}, {{offset: {hour}, doubt: 1000}})")["offset"] == hour
    assert run(module, f"m.better({sure}, {{offset: 12, doubt: 5}})")["offset"] == 12


def test_ten_second_triage_ends_in_every_category_and_only_there() -> None:
    walk = """(() => { const found = {}; const go = (step, way) => { if (m.isOutcome(step)) found[way] = step.category;
        else { go(step.yes, way + 'y'); go(step.no, way + 'n'); } }; go(m.TST, ''); return found; })()"""
    # walking; bleeding; talking, then penetrating; otherwise breathing.
    assert run(SRC / "casualties/tst.ts", walk) == {"y": "P3", "ny": "P1", "nnyy": "P1", "nnyn": "P2", "nnny": "P1", "nnnn": "dead"}


def test_a_report_says_what_was_chosen() -> None:
    words = SRC / "report/words.ts"
    assert run(words, "m.casualtyWords({P1: 2, P2: 0, P3: 1, dead: 1}, ' one trapped ')") == "P1 2, P3 1, not breathing 1. one trapped"
    assert run(words, "m.casualtyWords({P1: 0, P2: 0, P3: 0, dead: 0}, '')") == "none seen"
    assert run(words, "m.listed(['Fuel', 'Fire'], 'cables down')") == "Fuel, Fire. cables down"
    assert run(words, "m.servicesOf({Fire: 'needed', Police: 'present', Ambulance: 'needed'}, 'needed')") == "Fire, Ambulance"
    assert run(words, "['', 'needed', 'present'].map(m.nextPresence)") == ["needed", "present", ""]


def test_what_waits_to_be_sent_counts_once() -> None:
    state = "{casualty_count: {P1: 1, unknown: 1}, casualties: {A: {category: 'P1'}, B: {category: ''}}}"
    item = "(kind, casualty, category) => ({kind, data: {casualty, category}})"
    waiting = (
        f"(() => {{ const i = {item}; return [i('casualty.found', 'C'), i('casualty.triaged', 'C', 'P2'), i('casualty.triaged', 'B', 'P3'),"
        " i('casualty.found', 'A'), i('chat.said')]; })()"
    )
    assert run(SRC / "casualties/count.ts", f"m.counted({state}, {waiting})") == {"P1": 1, "P2": 1, "P3": 1}
    assert run(SRC / "casualties/count.ts", "m.counted(undefined, [])") == {}


def test_distances_are_said_as_road_signs_say_them() -> None:
    module = SRC / "line/distance.ts"
    far = run(module, "m.metres({latitude: 54.3345, longitude: -2.7702}, {latitude: 54.32812, longitude: -2.74501})")
    assert 1_760 < far < 1_800
    assert run(module, "[m.inWords(null), m.inWords(843), m.inWords(2500), m.inWords(40000)]") == ["", "840 m", "1.6 miles", "25 miles"]
