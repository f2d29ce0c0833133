"""What a decision costs: from memory, worked out, and in a shift's mixture of both: `python -m bench policy`. Under ten seconds.

The floor is the cheapest thing that could decide: one look-up of the same facts in a dictionary. The peer is a decision as cedarpy's own
example makes it: policies, schema and entities as text at every question.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

import cedarpy

from bench.table import Row, percentile, show
from bluelamp.app.wiring import MODULES, policy_of
from bluelamp.spine.policy import Facts
from bluelamp.spine.policy.rules import SCHEMA, read_folder

LIMIT_US = 300.0
SEED = 3
AGENCIES, UNITS = 60, 40
ACTIONS = ("anpr.searches.run", "anpr.searches.run", "anpr.searches.run", "anpr.pictures.view", "anpr.exports.make")


def people(rng: random.Random, count: int) -> list[Facts]:
    """A shift of police officers who look: what tells their facts apart is agency, unit, role and rank."""
    return [
        Facts(
            "anpr.searches.run",
            frozenset({rng.choice(["officer", "analyst", "control", "supervisor"])}),
            rank=rng.choice(["staff", "constable", "sergeant", "inspector"]),
            unit=f"U{rng.randrange(UNITS)}",
            agency=f"A{rng.randrange(AGENCIES)}",
            mine=True,
        )
        for _ in range(count)
    ]


def looks(rng: random.Random, shift: Sequence[Facts], count: int) -> list[Facts]:
    """What they ask: most of it of the last weeks, a tenth older, one in a hundred with authority."""
    asked = []
    for _ in range(count):
        old = rng.random() < 0.1
        asked.append(
            rng.choice(shift)._replace(
                action=rng.choice(ACTIONS),
                purpose=rng.choice(["crime", "serious_crime", "vehicle_stop", "road_safety"]),
                age_days=rng.randrange(91, 366) if old else rng.choice((1, 7, 30, 90)),
                authority="granted" if rng.random() < 0.01 else "none",
            )
        )
    return asked


def timed(work: Callable[[Facts], Any], asked: Sequence[Facts], clock: Callable[[], int] = time.perf_counter_ns) -> list[float]:
    """Microseconds of each. By the clock of the processor, a machine that others use puts nothing on top."""
    took = []
    for facts in asked:
        began = clock()
        work(facts)
        took.append((clock() - began) / 1000)
    return took


def _as_text() -> Callable[[Facts], Any]:
    sources = [source for module in MODULES if module.policies is not None for source in read_folder(module.policies, module.name)]
    policies = "\n".join(s.text for s in sources if s.name.endswith(".cedar"))
    schema = "\n".join((SCHEMA.read_text("utf-8"), *(s.text for s in sources if s.name.endswith(".cedarschema"))))
    rules = policy_of().rules
    return lambda facts: cedarpy.is_authorized(rules._request(facts), policies, rules._entities(facts), schema)


def _line(what: str, took: list[float], floor: float) -> Row:
    p50, p99 = percentile(took, 0.5), percentile(took, 0.99)
    against = f"a look-up in a dictionary {floor:.2f} µs"
    return Row(
        what, f"p50 {p50:.1f} µs, p99 {p99:.1f} µs", against, f"p50 {p50 / floor:.0f} of floor",
        f"p99 {LIMIT_US:.0f} µs", p99 <= LIMIT_US,
    )  # fmt: skip


def run(size: float = 1.0) -> list[Row]:
    rng = random.Random(SEED)
    count = max(2_000, int(50_000 * size))
    shift = people(rng, 500)
    mixture = looks(rng, shift, count)
    policy = policy_of()
    table = dict.fromkeys(mixture, 1)
    floor = percentile(timed(table.__getitem__, mixture), 0.5)
    shift_took = timed(policy.decide, mixture)
    known = timed(policy.decide, mixture[-4_000:])
    fresh = timed(policy.rules.evaluate, mixture[:2_000], time.thread_time_ns)
    as_text = timed(_as_text(), mixture[:50], time.thread_time_ns)
    new = [facts._replace(unit=f"new{at}") for at, facts in enumerate(mixture[:2_000])]
    strangers = timed(policy_of().rules.evaluate, new, time.thread_time_ns)
    return [
        _line("decided before with the same facts", known, floor),
        _line(f"a shift: {count:,} looks of 500 people, from an empty memory", shift_took, floor),
        _line("worked out, the person known (CPU)", fresh, floor),
        _line("worked out, the person never seen (CPU)", strangers, floor),
        Row("policies and schema as text each time (CPU)", f"p50 {percentile(as_text, 0.5):.0f} µs", "worked out, the person known",
            f"{percentile(as_text, 0.5) / percentile(fresh, 0.5):.0f} times"),
    ]  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=float, default=1.0)
    print(show("Authorisation decisions", run(parser.parse_args().size)))
