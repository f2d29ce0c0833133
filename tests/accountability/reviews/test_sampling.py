"""The sampling plan: a look is drawn by its own id alone, as often as its rate says, and anybody draws the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluelamp.accountability.reviews.sampling import Candidate, Draw, Plan, parse_rates, position, rate_of, seed_of

SEED = seed_of("KEN", "2026-11-20")
looks = st.lists(
    st.builds(
        Candidate,
        st.text("0123456789ABCDEF", min_size=8, max_size=8),
        st.sampled_from([("officer",), ("analyst", "officer"), ()]),
        st.sampled_from(["crime", "test"]),
    ),
    unique_by=lambda look: look.entry,
    max_size=60,
)


def drawn(candidates: list[Candidate], rates: str, least: int = 0, most: int = 1000) -> list[str]:
    draw = Draw(Plan(SEED, parse_rates(rates), least, most))
    # In pages, as the audit gives them.
    for at in range(0, len(candidates), 7):
        draw.add(candidates[at : at + 7])
    assert draw.population == len(candidates)
    return draw.entries()


@given(looks, st.randoms())
def test_the_order_of_looks_does_not_matter(candidates: list[Candidate], chance: object) -> None:
    shuffled = list(candidates)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert drawn(candidates, "*:*=0.2,officer:*=0.5", least=3, most=9) == drawn(shuffled, "*:*=0.2,officer:*=0.5", least=3, most=9)


@given(looks)
def test_a_higher_rate_only_adds(candidates: list[Candidate]) -> None:
    assert set(drawn(candidates, "*:*=0.1")) <= set(drawn(candidates, "*:*=0.4")) <= set(drawn(candidates, "*:*=1"))
    assert sorted(drawn(candidates, "*:*=1")) == sorted(look.entry for look in candidates)


@given(looks, st.integers(0, 10), st.integers(1, 20))
def test_the_least_is_filled_up_and_the_most_is_kept(candidates: list[Candidate], least: int, most: int) -> None:
    assert len(drawn(candidates, "*:*=0", least=least)) == min(least, len(candidates))
    assert len(drawn(candidates, "*:*=1", most=most)) == min(most, len(candidates))


def test_the_share_is_the_rate() -> None:
    candidates = [Candidate(f"{n:026}", ("officer",), "crime") for n in range(20_000)]
    # Four standard deviations of 20,000 throws at 2% are 79.
    assert abs(len(drawn(candidates, "*:*=0.02")) - 400) < 80


def test_the_formula_is_the_published_one() -> None:
    expected = int.from_bytes(hashlib.sha256(b"KEN:2026-11-20:01ARZ3NDEKTSV4RRFFQ69G5FAV").digest()[:8], "big") / 2**64
    assert position(SEED, "01ARZ3NDEKTSV4RRFFQ69G5FAV") == expected


@pytest.mark.parametrize(
    ("roles", "purpose", "rate"),
    [
        (("officer",), "crime", 0.2),
        (("officer",), "stop", 0.3),
        (("analyst",), "stop", 0.05),
        (("analyst",), "crime", 0.01),
        (("analyst", "officer"), "crime", 0.2),
        ((), "stop", 0.05),
    ],
)
def test_the_closest_rule_holds(roles: tuple[str, ...], purpose: str, rate: float) -> None:
    assert rate_of(parse_rates("*:*=0.01, officer:*=0.2, officer:stop=0.3, *:stop=0.05"), roles, purpose) == rate


@pytest.mark.parametrize("text", ["officer=1", "a:b", "a:b=2", "a:b=-0.1", "a:b=x", "a:b=0.1,a:b=0.2", ":b=1"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    read: Callable[[str], object] = parse_rates
    with pytest.raises(ValueError, match=r".+"):
        read(text)
