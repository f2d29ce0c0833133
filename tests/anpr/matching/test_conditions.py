"""Where, when and in which direction an entry is of interest."""

from datetime import datetime

import pytest

from bluelamp.anpr.matching.conditions import LONDON, Conditions, Times, contains, hold, problem, words

SQUARE = ((-3.0, 51.0), (-2.0, 51.0), (-2.0, 52.0), (-3.0, 52.0), (-3.0, 51.0))
HOLE = ((-2.6, 51.4), (-2.4, 51.4), (-2.4, 51.6), (-2.6, 51.6), (-2.6, 51.4))


def at(text: str) -> int:
    """Local time in London, in milliseconds."""
    return round(datetime.fromisoformat(text).replace(tzinfo=LONDON).timestamp() * 1000)


@pytest.mark.parametrize(
    ("position", "inside"), [((-2.9, 51.1), True), ((-2.5, 51.5), False), ((-1.9, 51.5), False), ((-2.5, 52.1), False)]
)
def test_areas_with_holes(position, inside):
    assert contains((SQUARE, HOLE), position) is inside
    assert hold(Conditions(area=(SQUARE, HOLE)), position, "", 0) is inside


def test_what_the_camera_does_not_say_counts_as_met():
    conditions = Conditions(area=(SQUARE,), directions=("away",))
    assert hold(conditions, None, "", 0)
    assert not hold(conditions, (-2.9, 51.1), "approaching", 0)


@pytest.mark.parametrize(
    ("moment", "met"),
    [
        ("2026-06-05T21:59", False),  # a Friday, in summer time
        ("2026-06-05T22:00", True),
        ("2026-06-06T05:59", True),  # Saturday morning belongs to Friday's span
        ("2026-06-06T06:00", False),
        ("2026-06-06T23:00", False),
        ("2026-12-04T22:00", True),  # a Friday, in winter time
    ],
)
def test_a_span_past_midnight_belongs_to_the_day_on_which_it_starts(moment, met):
    assert hold(Conditions(times=(Times("22:00", "06:00", (4,)),)), None, "", at(moment)) is met


def test_any_of_several_times():
    times = (Times("07:00", "09:00"), Times("16:00", "24:00"))
    assert hold(Conditions(times=times), None, "", at("2026-06-05T23:59"))
    assert not hold(Conditions(times=times), None, "", at("2026-06-05T12:00"))


@pytest.mark.parametrize(
    "conditions",
    [
        Conditions(area=(SQUARE[:-1],)),
        Conditions(area=(((0.0, 0.0), (1.0, 200.0), (1.0, 0.0), (0.0, 0.0)),)),
        Conditions(area=(tuple((float(n % 90), 0.0) for n in range(1_001)),)),
        Conditions(times=(Times("7:00", "9:00"),)),
        Conditions(times=(Times("07:00", "07:00"),)),
    ],
)
def test_impossible_conditions_are_told(conditions):
    assert problem(conditions)
    assert not problem(Conditions(area=(SQUARE,), times=(Times("07:00", "09:00"),)))


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        (None, ""),
        (Conditions(times=(Times("22:00", "06:00"),)), "every day 22:00 to 06:00"),
        (
            Conditions(times=(Times("07:00", "09:30", (4, 0, 1, 2, 3)), Times("10:00", "11:00", (5, 0))), directions=("n", "away")),
            "Monday to Friday 07:00 to 09:30 or Monday, Saturday 10:00 to 11:00; heading north or away from the camera",
        ),
        (Conditions(area=(SQUARE, HOLE)), "in an area of 69 by 111 km"),
    ],
)
def test_conditions_are_told_in_words(conditions, said):
    assert words(conditions) == said
