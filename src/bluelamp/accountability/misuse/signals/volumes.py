"""How much: sudden breadth, a steady drip of unconnected subjects, fishing by pattern and place, taking away."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bluelamp.accountability.misuse.baselines import centre_and_spread, rising, surprise
from bluelamp.accountability.misuse.looks import Floats, Groups, Ints, group
from bluelamp.accountability.misuse.scene import PLAUSIBLE, Evidence, Scene, codes_64
from bluelamp.accountability.misuse.signals.subjects import SCORE_MIN


def _excess(scene: Scene, measure: str, spans: Groups, values: Floats, spread_min: float) -> tuple[Floats, Floats]:
    """How far each span's value lies above the person's own and above the role's usual one, in robust deviations of the
    logarithm: the lesser of the two, since a busy role and a busy person are both honest. And the usual value.
    """
    amount = np.log1p(values)
    person = spans.first(scene.looks.codes["person"]).astype(np.int64)
    role = spans.first(scene.looks.codes["role"]).astype(np.int64)
    used = values > 0
    own_centre, own_spread = centre_and_spread(amount[used], person[used], scene.looks.size("person"), spread_min)
    role_centre, role_spread = centre_and_spread(amount[used], role[used], len(scene.roles), spread_min)
    for number, name in enumerate(scene.roles):
        held = int((role[used] == number).sum())
        role_centre[number] = scene.learned.keep(f"{measure}_centre", name, role_centre[number], held)
        role_spread[number] = max(spread_min, scene.learned.keep(f"{measure}_spread", name, role_spread[number], held))
    # What somebody hardly ever does has no history of its own: then the role's decides.
    often = np.bincount(person[used], minlength=scene.looks.size("person"))[person] >= 8
    by_own = np.where(often, (amount - own_centre[person]) / own_spread[person], np.inf)
    by_role = (amount - role_centre[role]) / role_spread[role]
    usual = np.expm1(np.where(often, np.maximum(own_centre[person], role_centre[role]), role_centre[role]))
    return np.minimum(by_own, by_role), usual


def _doubt(scene: Scene, spans: Groups, held: np.ndarray) -> Floats:
    """Mean of what nothing accounts for, of the looks marked."""
    return spans.total(scene.unaccounted * held) / np.maximum(spans.total(held), 1)


def breadth(scene: Scene) -> Iterator[Evidence]:
    """Many more subjects in a day than this person and this role ever look at."""
    codes = scene.looks.codes
    spans = group(codes["person"], scene.day)
    loose = (scene.unaccounted > 0) & ~scene.pattern
    subjects = spans.distinct(codes_64(codes["subject"]), loose).astype(float)
    excess, usual = _excess(scene, "subjects_a_day", spans, subjects, 0.35)
    score = rising(excess, 3.6, 1.2) * (subjects >= 10)
    for span in np.flatnonzero(score >= SCORE_MIN):
        rows = spans.rows(span)
        rows = rows[loose[rows]]
        why = (
            f"{int(subjects[span])} different subjects {scene.say_when(rows)} that no case with a colleague accounts "
            f"for; {usual[span]:.0f} is usual; {scene.references_told(rows)}"
        )
        yield Evidence("sudden_breadth", int(codes["person"][rows[0]]), float(score[span]), rows, why)


def steady(scene: Scene) -> Iterator[Evidence]:
    """Month after month subjects that nothing connects, under doubtful references, beyond what the role has."""
    codes = scene.looks.codes
    spans = group(codes["person"], scene.month)
    doubtful = (scene.unaccounted > 2 * PLAUSIBLE) & ~scene.pattern
    subjects = spans.distinct(codes_64(codes["subject"]), doubtful).astype(float)
    excess, usual = _excess(scene, "doubtful_subjects_a_month", spans, subjects, 0.55)
    score = 0.8 * rising(excess, 4.2, 1.5) * (subjects >= 8)
    for span in np.flatnonzero(score >= SCORE_MIN):
        rows = spans.rows(span)
        rows = rows[doubtful[rows]]
        why = (
            f"{int(subjects[span])} unconnected subjects {scene.say_when(rows)} under references that do not carry "
            f"them; {usual[span]:.0f} is usual"
        )
        yield Evidence("steady_breadth", int(codes["person"][rows[0]]), float(score[span]), rows, why)


def fishing(scene: Scene) -> Iterator[Evidence]:
    """Parts of marks, places and empty questions, in a week or over the year, more than the person and the role ever ask."""
    codes = scene.looks.codes
    for length, usually in ((scene.day // 7, "a week"), (scene.day * 0, "over so long")):
        spans = group(codes["person"], length)
        asked = spans.total(scene.pattern)
        excess, usual = _excess(scene, f"patterns_{usually.replace(' ', '_')}", spans, asked, 0.5)
        doubt = np.minimum(1.0, 0.5 + _doubt(scene, spans, scene.pattern))
        score = np.maximum(rising(excess, 3.0, 1.5) * doubt * (asked >= 4), _where_none_fish(scene, spans, asked))
        for span in np.flatnonzero(score >= SCORE_MIN):
            rows = spans.rows(span)
            rows = rows[scene.pattern[rows]]
            why = (
                f"{len(rows)} searches by a part of a mark or by place {scene.say_when(rows)}, {scene.looks.results[rows].sum()} results;"
                f" {usual[span]:.0f} {usually} is usual; {scene.references_told(rows)}"
            )
            yield Evidence("fishing", int(codes["person"][rows[0]]), float(score[span]), rows, why)


def _where_none_fish(scene: Scene, spans: Groups, asked: Floats) -> Floats:
    """In a role that hardly ever asks so, three in a week are much."""
    role = codes_64(scene.looks.codes["role"])
    rates = scene.learned.rate("share_of_patterns", scene.pattern.astype(float), np.ones(len(role)), role, scene.roles, 0.02)
    rare = rates[spans.first(role)] < 0.01
    expected = spans.size * rates[spans.first(role)]
    return np.asarray(rising(surprise(asked, expected), 1.8, 2.0) * rare * np.minimum(1.0, 0.5 + _doubt(scene, spans, scene.pattern)))


def hoarding(scene: Scene) -> Iterator[Evidence]:
    """Exports, downloads and prints beyond the person's and the role's use."""
    codes = scene.looks.codes
    spans = group(codes["person"], scene.day // 7)
    taken = spans.total(scene.export)
    excess, usual = _excess(scene, "exports_a_week", spans, taken, 0.5)
    role = spans.first(codes["role"]).astype(np.int64)
    whole = codes_64(codes["role"])
    rates = scene.learned.rate("share_of_exports", scene.export.astype(float), np.ones(len(whole)), whole, scene.roles, 0.02)
    rare = rates[role] < 0.003
    score = np.maximum(rising(excess, 3.0, 1.2) * (taken >= 4), 0.75 * rising(taken, 1.0, 2.0) * rare)
    score = score * np.minimum(1.0, 0.35 + _doubt(scene, spans, scene.export))
    for span in np.flatnonzero(score >= SCORE_MIN):
        rows: Ints = spans.rows(span)
        rows = rows[scene.export[rows]]
        shown = int(scene.looks.results[rows].sum())
        why = (
            f"{len(rows)} exports {scene.say_when(rows)} with {shown} records; {usual[span]:.0f} a week is usual for "
            f"a {scene.roles[role[span]] or 'person'}"
        )
        yield Evidence("hoarding", int(codes["person"][rows[0]]), float(score[span]), rows, why)
