"""References that are missing, worn out, borrowed from another unit, or handed round."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bluelamp.accountability.misuse.baselines import centre_and_spread, rising, surprise
from bluelamp.accountability.misuse.looks import Bools, group
from bluelamp.accountability.misuse.scene import Evidence, Scene, codes_64
from bluelamp.accountability.misuse.signals.subjects import SCORE_MIN

LOOKS_MIN = 5
SUBJECTS_OF_A_FORM = 5
"""Subjects of one's own under a reference that three of the role write so, from which it is taken for a form."""
CARELESS = 0.05
"""Share of looks without a reference that is carelessness in any role."""
HABIT = 0.03
"""Share of a purpose's looks under such references from which they are how that purpose is written: places where vehicles are stopped."""


def missing(scene: Scene) -> Iterator[Evidence]:
    """Far more looks without a reference that names a case than the person's role, and the person, usually have."""
    codes = scene.looks.codes
    spans = group(codes["person"], scene.month)
    blank = spans.total(scene.scribble * scene.expected_reference)
    role = spans.first(codes["role"]).astype(np.int64)
    person = spans.first(codes["person"])
    rates = scene.learned.rate(
        "looks_without_reference",
        scene.scribble * scene.expected_reference,
        np.ones(len(scene.looks)),
        codes_64(codes["role"]),
        scene.roles,
        0.05,
    )
    own = scene.by_person.total(scene.scribble * scene.expected_reference) / np.maximum(scene.by_person.size, 1)
    habit = np.zeros(scene.looks.size("person"))
    habit[scene.by_person.first(codes["person"])] = own
    # Somebody always careless is careless, not sudden: half of their own habit is forgiven.
    mates = spans.total(scene.careless_mates * scene.expected_reference) / np.maximum(spans.size, 1)
    expected = spans.size * np.maximum(np.maximum(rates[role], mates), 0.5 * habit[person])
    score = 0.9 * rising(surprise(blank.astype(np.int64), expected), 5.0, 4.0) * (blank >= LOOKS_MIN)
    for span in np.flatnonzero(score >= SCORE_MIN):
        rows = spans.rows(span)
        held = rows[scene.scribble[rows]]
        why = (
            f"{len(held)} of {len(rows)} looks {scene.say_when(rows)} without a reference that names a case;"
            f" about {max(0, round(float(expected[span])))} would be usual for a {scene.roles[role[span]] or 'person'} with so many"
        )
        yield Evidence("no_reference", int(person[span]), float(score[span]), held, why)


def habitual(scene: Scene) -> Iterator[Evidence]:
    """Over the whole time far more looks without a reference than even the careless of the role have: what a month does not show."""
    people = scene.by_person
    weighed = scene.scribble * scene.expected_reference
    blank = people.total(weighed)
    role = people.first(scene.looks.codes["role"]).astype(np.int64)
    share = blank / np.maximum(people.size, 1)
    enough = people.size >= LOOKS_MIN * 4
    centre, spread = centre_and_spread(share[enough], role[enough], len(scene.roles), CARELESS / 3)
    careless = scene.learned.upper("share_without_reference", share[enough], role[enough], scene.roles, 0.98, CARELESS)
    mates = people.total(scene.careless_mates * scene.expected_reference) / np.maximum(people.size, 1)
    usual = np.maximum(centre[role], mates)
    expected = np.asarray(people.size * np.maximum(np.minimum(careless[role], usual + 0.3), usual + 3 * spread[role]), np.float64)
    score = 0.9 * rising(surprise(blank.astype(np.int64), expected), 1.0, 1.6) * (enough & (blank >= LOOKS_MIN * 2))
    for g in np.flatnonzero(score >= SCORE_MIN):
        rows = people.rows(g)
        held = rows[scene.scribble[rows]]
        why = (
            f"{len(held)} of {len(rows)} looks {scene.say_when(rows)} without a reference that names a case;"
            f" {usual[g]:.0%} is usual for a {scene.roles[role[g]] or 'person'} there, {max(careless[role[g]], 0):.0%} for a careless one"
        )
        yield Evidence("no_reference", int(scene.looks.codes["person"][rows[0]]), float(score[g]), held, why)


def _practice(scene: Scene) -> Bools:
    """Pairs of person and reference that others of the role have too, each for many subjects of their own: a form, a section of a law,
    an operation at the roadside. That is how the work is written down, not one person's cover.
    """
    groups = scene.by_person_reference
    reference, role = (groups.first(scene.looks.codes[n]) for n in ("reference", "role"))
    same = group(reference, role)
    many = same.total(scene.alone >= SUBJECTS_OF_A_FORM)
    return np.asarray(many[same.of] >= 3, np.bool_)


def recycled(scene: Scene) -> Iterator[Evidence]:
    """One reference for many subjects that nobody else looked at under it."""
    groups = scene.by_person_reference
    role = groups.first(scene.looks.codes["role"]).astype(np.int64)
    named = ~groups.first(scene.scribble)
    limit = scene.learned.upper("subjects_of_a_reference", scene.alone[named], role[named], scene.roles, 0.9995, 12.0)
    days = groups.distinct(scene.day)
    each = groups.size / np.maximum(scene.alone, 1)
    # Vehicles of a case are looked at more than once; those of a worn-out reference hardly ever.
    loose = np.clip(1.6 - 0.4 * each, 0.4, 1.0) * ~_practice(scene)
    score = rising(scene.alone, limit[role] * 0.9, limit[role] * 0.5) * named * loose * (days >= 2)
    for g in np.flatnonzero(score >= SCORE_MIN):
        rows = groups.rows(g)
        text = scene.looks.text("reference", int(rows[0]))
        why = (
            f"the reference {text!r} served for {scene.alone[g]} subjects that nobody else looked at under it, on {days[g]} days"
            f" {scene.say_when(rows)}; {limit[role[g]]:.0f} is the most that is usual for a {scene.roles[role[g]] or 'person'}"
        )
        yield Evidence("recycled_reference", int(scene.looks.codes["person"][rows[0]]), float(score[g]), rows, why)


def elsewhere(scene: Scene) -> Iterator[Evidence]:
    """References of cases that belong to another unit, for subjects which that unit never looked at."""
    codes = scene.looks.codes
    rows_all = np.flatnonzero(scene.elsewhere & ~scene.pattern)
    if len(rows_all) == 0:
        return
    people = group(codes["person"][rows_all], scene.month[rows_all] // 3)
    subjects = people.distinct(codes_64(codes["subject"][rows_all]))
    role = people.first(codes["role"][rows_all]).astype(np.int64)
    limit = scene.learned.upper("subjects_under_anothers_case", subjects.astype(float), role, scene.roles, 0.98, 2.5)
    score = 0.8 * rising(subjects, limit[role], 2.0)
    for g in np.flatnonzero(score >= SCORE_MIN):
        rows = rows_all[people.rows(g)]
        known = list(dict.fromkeys(scene.looks.text("reference", int(r)) for r in rows))[:3]
        why = (
            f"used references of another unit's cases ({', '.join(known)}) for {subjects[g]} subjects which that unit "
            f"did not look at, {scene.say_when(rows)}"
        )
        yield Evidence("another_units_case", int(codes["person"][rows[0]]), float(score[g]), rows, why)


def passed_round(scene: Scene) -> Iterator[Evidence]:
    """A reference that people of many units use, each for subjects of their own: a word that opens the door, not a case."""
    codes = scene.looks.codes
    groups = scene.by_reference
    units, people = groups.distinct(codes_64(codes["unit"])), groups.distinct(codes_64(codes["person"]))
    subjects = groups.distinct(codes_64(codes["subject"]))
    shared = groups.total(scene.confirmed) / np.maximum(groups.size, 1)
    wide = (units >= 4) & (people >= 8) & (shared < 0.15) & (subjects > 0.8 * groups.size) & ~groups.first(scene.scribble)
    purpose = codes_64(codes["purpose"])
    share = np.bincount(purpose, weights=wide[groups.of], minlength=purpose.max(initial=0) + 1) / np.maximum(np.bincount(purpose), 1)
    for g in np.flatnonzero(wide):
        rows = groups.rows(g)
        rows = rows[share[purpose[rows]] < HABIT]
        if len(rows) == 0:
            continue
        text = scene.looks.text("reference", int(rows[0]))
        mine = group(codes["person"][rows])
        for p in np.flatnonzero(mine.size >= LOOKS_MIN):
            held = rows[mine.rows(p)]
            why = (
                f"{len(held)} looks {scene.say_when(held)} under {text!r}, which {people[g]} people of {units[g]} units "
                "use for subjects that have nothing in common"
            )
            yield Evidence("reference_of_many", int(codes["person"][held[0]]), float(0.5 * rising(len(held), 2, 10)), held, why)
