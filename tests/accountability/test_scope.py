"""What an authority covers: a look that stays inside its scope, and nothing beside. No platform is needed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluelamp.accountability.authorisations.domain import Authorisation, covers
from bluelamp.contracts.authorities import Asked

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PLATES = st.sets(st.sampled_from(["AB12CDE", "XY34FGH", "KE56JNY", "LM78NOP"]), min_size=1)
DEGREES = st.integers(-9, 9).map(float)


def authority(**scope: Any) -> Authorisation:
    return Authorisation(
        id="1", kind="authority", state="granted", person="p", username="p", person_name="P", agency="KEN", manager="", purpose="crime",
        reference="Op Heron", vrms=scope.get("vrms", ()), pattern=scope.get("pattern", ""), place=scope.get("place"), data_from=NOW,
        data_to=NOW, grounds="x", hours=1, asked_at=NOW, decided_at=NOW, decided_by="q", decided_by_name="Q", decision="y", expires_at=NOW,
        ended_at=None, review_state="",
    )  # fmt: skip


def asked(**scope: Any) -> Asked:
    return Asked("p", "crime", "Op Heron", scope.get("vrms", ()), scope.get("pattern", ""), scope.get("place"))


@given(PLATES, PLATES)
def test_vehicles_are_covered_where_each_is_named(held: set[str], looked_at: set[str]) -> None:
    assert covers(authority(vrms=tuple(held)), asked(vrms=tuple(looked_at))) == (looked_at <= held)


@given(*[DEGREES] * 8)
def test_a_box_is_covered_where_it_lies_inside(w: float, s: float, e: float, n: float, aw: float, as_: float, ae: float, an: float) -> None:
    held, box = {"bbox": [w, s, e, n]}, {"bbox": [aw, as_, ae, an]}
    assert covers(authority(place=held), asked(place=box)) == (w <= aw and s <= as_ and ae <= e and an <= n)


@pytest.mark.parametrize(
    ("held", "look"),
    [
        ({"vrms": ("AB12CDE",)}, {}),
        ({"vrms": ("AB12CDE",)}, {"pattern": "AB12*"}),
        ({"pattern": "AB12*"}, {"vrms": ("AB12CDE",)}),
        ({"pattern": "AB12*"}, {"pattern": "AB1*"}),
        ({"place": {"cameras": [1, 2]}}, {"place": {"cameras": [2, 3]}}),
        ({"place": {"cameras": [1, 2]}}, {"place": {"bbox": [0.0, 0.0, 1.0, 1.0]}}),
        ({"place": {"cameras": [1]}}, {"vrms": ("AB12CDE",)}),
        ({"vrms": ("AB12CDE",), "place": {"cameras": [1]}}, {"vrms": ("AB12CDE",)}),
        ({"place": {"area": [[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]]}}, {"place": {"area": [[[0.0, 0.0], [2.0, 0.0], [0.0, 1.0]]]}}),
    ],
    ids=str,
)
def test_what_is_not_covered(held: dict[str, Any], look: dict[str, Any]) -> None:
    assert covers(authority(**held), asked(**held))
    assert not covers(authority(**held), asked(**look))


def test_it_is_one_persons_for_one_purpose_and_case() -> None:
    held, look = authority(vrms=("AB12CDE",)), asked(vrms=("AB12CDE",))
    assert covers(held, look._replace(reference="  op   HERON "))
    assert not covers(held, look._replace(person="q"))
    assert not covers(held, look._replace(purpose="serious_crime"))
    assert not covers(held, look._replace(reference="Op Heron 2"))
