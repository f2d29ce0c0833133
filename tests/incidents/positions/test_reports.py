"""What becomes of what devices say: judged one by one, as data."""

import pytest

from bluelamp.incidents.positions.clocks import clock_off
from bluelamp.incidents.positions.domain import Position
from bluelamp.incidents.positions.reports import Carrier, Limits, Report, departure, is_stale, judge, restated

NOW = 1_790_000_000_000
HOUR = 3_600_000
CARRIER = Carrier("R1", "KEN", "KM12", "car", covert=False, on_duty=True)
LIMITS = Limits(48 * HOUR)


def told(*reports: Report, off_ms: int = 0, known: Position | None = None, carrier: Carrier = CARRIER):
    return judge(list(reports), carrier, "phone", off_ms, NOW, known, LIMITS)


def test_positions_come_in_order_of_time_and_each_once():
    positions, account = told(Report(NOW - 1000, 54.2, -2.7), Report(NOW - 3000, 54.1, -2.7), Report(NOW - 1000, 54.2, -2.7))
    assert [p.at for p in positions] == [NOW - 3000, NOW - 1000]
    assert (account.tracked, account.accepted, account.repeated, account.late) == (True, 2, 1, 0)
    assert positions[0].call_sign == "KM12"
    assert positions[0].received_at == NOW


def test_late_ones_are_history_and_repeats_are_counted():
    known = told(Report(NOW - 1000, 54.2, -2.7))[0][0]
    positions, account = told(Report(NOW - 5000, 54.1, -2.7), Report(NOW - 1000, 54.2, -2.7), Report(NOW - 500, 54.3, -2.7), known=known)
    assert (account.accepted, account.late, account.repeated) == (2, 1, 1)
    assert [p.at for p in positions] == [NOW - 5000, NOW - 500]


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (Report(NOW, 91, 0), "no_place"),
        (Report(NOW, 54, -181), "no_place"),
        (Report(NOW, float("nan"), 1), "no_number"),
        (Report(NOW, 54, 1, accuracy_m=float("inf")), "no_number"),
        (Report(NOW, 0, 0), "no_fix"),
        (Report(NOW + 10_000, 54, -2), "ahead_of_time"),
        (Report(NOW - 49 * HOUR, 54, -2), "too_old"),
    ],
)
def test_what_is_no_position_is_refused_and_the_rest_taken(report, code):
    positions, account = told(Report(NOW - 1, 54, -2), report)
    assert len(positions) == 1
    assert [(r.index, r.code) for r in account.rejected] == [(1, code)]


def test_what_was_before_duty_is_not_tracked():
    _, account = told(Report(NOW - HOUR, 54, -2), carrier=CARRIER._replace(since=NOW - 1000))
    assert [r.code for r in account.rejected] == ["before_duty"]


@pytest.mark.parametrize(
    ("off", "found"), [(0, 0), (1500, 0), (-30_000, 0), (HOUR, HOUR), (-HOUR, -HOUR), (2500, 2500), (-61_000, -61_000)]
)
def test_a_clock_is_known_by_the_time_it_sends(off, found):
    assert clock_off(NOW + off, NOW) == found


def test_a_clock_an_hour_off_is_put_right():
    for off in (HOUR, -HOUR):
        positions, account = told(Report(NOW + off - 4000, 54, -2), off_ms=clock_off(NOW + off, NOW))
        assert [(p.at, p.clock_off_ms) for p in positions] == [(NOW - 4000, off)]
        assert account.clock_off_ms == off


def test_who_leaves_and_who_changes_is_told_anew():
    known = told(Report(NOW - 1000, 54.2, -2.7))[0][0]
    gone = departure(known, NOW)
    assert gone.gone
    assert gone.at > known.at
    assert departure(known, NOW - HOUR).at > known.at
    assert restated(known, CARRIER, NOW) is None
    hidden = restated(known, CARRIER._replace(covert=True), NOW)
    assert hidden.covert
    assert hidden.at == known.at
    assert hidden.received_at > known.received_at


def test_stale_by_kind():
    known = told(Report(NOW - 30_000, 54.2, -2.7))[0][0]
    assert not is_stale(known, NOW, {"default": 60_000})
    assert is_stale(known, NOW, {"default": 60_000, "car": 10_000})
