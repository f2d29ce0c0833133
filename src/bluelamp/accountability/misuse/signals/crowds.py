"""Subjects that draw people: the famous, the news, and the targets of somebody else's operation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bluelamp.accountability.misuse.baselines import rising
from bluelamp.accountability.misuse.looks import Bools, group
from bluelamp.accountability.misuse.scene import ELSEWHERE, Evidence, Scene, codes_64
from bluelamp.accountability.misuse.signals.subjects import SCORE_MIN

CASE_PEOPLE_MIN, CASE_PEOPLE_SHARE = 12, 0.05
"""A case has at most so many people, or this share of all; what more of them write is a briefing or a word."""
CROWD_MIN = 4
"""People with nothing in common who look at one subject, from which it may be one that draws people."""


def _loose(scene: Scene) -> Bools:
    return (scene.unaccounted > 0) & ~scene.pattern


def famous(scene: Scene) -> Iterator[Evidence]:
    """Subjects that the directory calls famous, or at which many look who have nothing in common."""
    codes = scene.looks.codes
    loose = _loose(scene)
    subjects = scene.by_subject
    lookers = subjects.distinct(codes_64(codes["person"]), loose)
    units = subjects.distinct(codes_64(codes["unit"]), loose)
    own = np.minimum(lookers, units + 2)  # a unit that looks together counts little
    single = ~subjects.first(scene.pattern)
    limit = max(CROWD_MIN, float(np.quantile(own[single], 0.9999))) if single.any() else CROWD_MIN
    draws = (own > limit) & single
    known = np.array([text in scene.directory.famous for text in scene.looks.words["subject"]], np.bool_)
    flagged = known[codes["subject"]]
    rows_all = np.flatnonzero(loose & (flagged | draws[subjects.of]))
    if len(rows_all) == 0:
        return
    people = group(codes["person"][rows_all])
    for g in range(len(people)):
        rows = rows_all[people.rows(g)]
        sure = np.unique(codes["subject"][rows[flagged[rows]]])
        likely = np.unique(codes["subject"][rows[~flagged[rows]]])
        # Whom everybody meets are mostly the usual suspects: they add a little, and never a story of their own.
        doubt = [float(scene.unaccounted[rows[codes["subject"][rows] == s]].max()) for s in sure]
        each = np.array([1 - 0.5 * min(1.0, d / ELSEWHERE) for d in doubt])
        days = len(np.unique(scene.day[rows[flagged[rows]]]))
        score = 1 - float(np.prod(each)) * 0.75 ** min(len(likely), 2) * 0.9 ** max(0, min(days, 5) - 1)
        if score < SCORE_MIN:
            continue
        texts = ", ".join(scene.looks.words["subject"][s] for s in [*sure, *likely][:5])
        why = (
            f"{len(rows)} looks {scene.say_when(rows)} at {len(sure) + len(likely)} subjects who draw attention ({texts}):"
            f" {len(sure)} are flagged as famous, {len(likely)} draw many without a case in common; {scene.references_told(rows)}"
        )
        yield Evidence("browsing_the_famous", int(codes["person"][rows[0]]), float(score), rows, why)


def curiosity(scene: Scene) -> Iterator[Evidence]:
    """Within a week many look at one subject without the case that others have for it: the news, not the work."""
    codes = scene.looks.codes
    loose = _loose(scene)
    weeks = group(codes["subject"], scene.day // 7)
    lookers = weeks.distinct(codes_64(codes["person"]), loose)
    units = weeks.distinct(codes_64(codes["unit"]), loose)
    single = ~weeks.first(scene.pattern)
    if not single.any():
        return
    # Where few subjects are looked at by many, several lookers a week are nothing.
    usual = scene.learned.keep("lookers_of_a_subject_a_week", "all", float(np.quantile(lookers[single], 0.9998)), int(single.sum()))
    crowd = (lookers >= max(CROWD_MIN, usual)) & (units >= 3) & single
    for week in np.flatnonzero(crowd):
        rows = weeks.rows(week)
        rows = rows[loose[rows]]
        people = group(codes["person"][rows])
        subject = int(codes["subject"][rows[0]])
        score = 0.55 * float(rising(lookers[week], max(CROWD_MIN, usual) - 2, 5.0))
        for g in range(len(people)):
            held = rows[people.rows(g)]
            why = (
                f"one of {lookers[week]} people of {units[week]} units who looked at {scene.looks.words['subject'][subject]} "
                f"in one week without a case in common, {scene.say_when(held)}; {scene.references_told(held)}"
            )
            yield Evidence("curiosity", int(codes["person"][held[0]]), score, held, why, subject)


def targets(scene: Scene) -> Iterator[Evidence]:
    """Several vehicles of one case of others, looked at outside that case: what somebody does who warns them."""
    codes = scene.looks.codes
    subject, reference, person = (codes_64(codes[n]) for n in ("subject", "reference", "person"))
    both = group(reference, subject)
    # A briefing that all read, or a word that many write, is no case that somebody could warn of.
    cases = scene.by_reference
    case = cases.distinct(person) <= max(CASE_PEOPLE_MIN, CASE_PEOPLE_SHARE * len(scene.by_person))
    of_case = case[cases.of[both.order[both.start[:-1]]]]
    wanted = of_case & (both.distinct(person) >= 2) & (both.size >= 3) & ~both.first(scene.scribble) & ~both.first(scene.pattern)
    case_of, vehicle_of = both.first(reference)[wanted], both.first(subject)[wanted]
    rows = np.flatnonzero(_loose(scene))
    # A subject may be in several cases: each look is set against every one of them.
    order = np.argsort(vehicle_of, kind="stable")
    begins, ends = (np.searchsorted(vehicle_of[order], subject[rows], side=s) for s in ("left", "right"))
    counts = ends - begins
    row = np.repeat(rows, counts)
    offset = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    case = case_of[order][np.repeat(begins, counts) + offset]
    width = scene.looks.size("reference")
    inside = np.unique(person * width + reference)
    outside = ~np.isin(person[row] * width + case, inside)
    row, case = row[outside], case[outside]
    if len(row) == 0:
        return
    groups = group(person[row], case)
    count = groups.distinct(subject[row])
    role = groups.first(codes["role"][row]).astype(np.int64)
    limit = scene.learned.upper("vehicles_of_anothers_case", count.astype(float), role, scene.roles, 0.999, 1.3)
    score = rising(count, limit[role], 1.2)
    for g in np.flatnonzero(score >= SCORE_MIN):
        held = row[groups.rows(g)]
        name = scene.looks.words["reference"][int(case[groups.rows(g)[0]])]
        why = (
            f"looked at {count[g]} of the vehicles in {name}, a case of others, outside that case, {scene.say_when(held)}; "
            f"{scene.references_told(held)}"
        )
        yield Evidence("anothers_targets", int(person[held[0]]), float(score[g]), held, why)
