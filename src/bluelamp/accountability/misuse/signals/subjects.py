"""The same subject again and again; under ever other references; by two who take turns."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bluelamp.accountability.misuse.baselines import rising
from bluelamp.accountability.misuse.looks import HOUR_MS, Bools, Floats, Groups, Ints, group
from bluelamp.accountability.misuse.scene import PLAUSIBLE, Evidence, Scene, codes_64

SCORE_MIN = 0.15
"""Evidence weaker than this is not worth a sentence."""
COMING_BACK = 4
"""Looks under each reference of a case, from which it is one that somebody works."""
LONE_DAY = 0.12
"""What a day counts of a case that holds one person and one subject."""


FEW_KNOW = 3
"""People who ever look at a subject, up to which two who do so within hours have something in common."""


def _days_unaccounted(scene: Scene) -> tuple[Floats, Ints]:
    """For each person and subject: days weighed by how little accounts for them, and how many days at all."""
    pairs = scene.by_pair
    days = group(pairs.of, scene.day)
    weight = np.maximum.reduceat(scene.unaccounted[days.order], days.start[:-1]) if len(days) else np.zeros(0)
    pair = days.first(pairs.of)
    count = np.bincount(pair, minlength=len(pairs))
    plain, weight = weight, weight * (1 + 0.25 * np.log2(np.maximum(days.size, 1)))
    doubtful = (plain > PLAUSIBLE) & ~_forgotten(scene, pairs)[pair]
    lone = _lone(scene, pairs)[pair] & ~doubtful
    sound = np.bincount(pair, weights=(~doubtful & ~lone & (weight > 0)).astype(float), minlength=len(pairs))
    # A case that one person works alone takes many days; its days count, but ever less.
    return np.bincount(pair, weights=weight * doubtful + LONE_DAY * lone, minlength=len(pairs)) + 0.5 * np.sqrt(sound), count


def _lone(scene: Scene, pairs: Groups) -> Bools:
    """Pairs whose reference nobody else uses, for nothing else: a case with one person and one subject in it."""
    codes = scene.looks.codes
    references = scene.by_reference
    single = (references.distinct(codes_64(codes["person"])) == 1) & (references.distinct(codes_64(codes["subject"])) == 1)
    return np.asarray(pairs.total(single[references.of] & ~scene.scribble) > 0.5 * pairs.size, np.bool_)


def _forgotten(scene: Scene, pairs: Groups) -> Bools:
    """Pairs of which nearly all looks carry one and the same reference, or many stand under few references of cases that the person
    works: then those without were only forgotten.
    """
    codes = scene.looks.codes
    both = group(pairs.of, codes["reference"])
    named = ~both.first(scene.scribble)
    most = np.zeros(len(pairs), np.int64)
    np.maximum.at(most, both.first(pairs.of), both.size * named)
    cased = pairs.total(scene.casework)
    few = cased >= COMING_BACK * pairs.distinct(codes_64(codes["reference"]), scene.casework)
    return np.asarray((most >= 0.75 * pairs.size) | (few & (cased >= 0.4 * pairs.size)), np.bool_)


def _theirs(scene: Scene) -> Floats:
    """How far a subject is this person's alone, by pair: nothing where they are one of many, all where hardly anybody else asks."""
    return np.asarray(np.clip(np.maximum((scene.share - 0.2) / 0.5, (_oftener(scene) - 3) / 4), 0.0, 1.0))


def _oftener(scene: Scene) -> Floats:
    """On how many times as many days this person looked, by themselves, as the others who look at the subject, by pair."""
    pairs = scene.by_pair
    days = pairs.distinct(scene.day, ~scene.confirmed & ~scene.casework).astype(float)
    subject = pairs.first(scene.looks.codes["subject"]).astype(np.int64)
    total = np.bincount(subject, weights=days, minlength=scene.looks.size("subject"))[subject]
    people = np.bincount(subject, minlength=scene.looks.size("subject"))[subject]
    return np.asarray(days / (1 + (total - days) / np.maximum(people - 1, 1)))


def _own_references(scene: Scene, pairs: Groups) -> Ints:
    named = ~scene.scribble & ~scene.confirmed & ~scene.casework
    return pairs.distinct(codes_64(scene.looks.codes["reference"]), named)


def repeated(scene: Scene) -> Iterator[Evidence]:
    """Looks at one subject on many days that no case accounts for, more than the role ever needs."""
    pairs = scene.by_pair
    single = ~pairs.first(scene.pattern)
    weighed, count = _days_unaccounted(scene)
    role = pairs.first(scene.looks.codes["role"]).astype(np.int64)
    many = single & (count >= 2)
    weighed = weighed * _theirs(scene)
    limit = scene.learned.upper("days_at_a_subject", weighed[single], role[single], scene.roles, 0.9998, 1.8)
    score = rising(weighed, limit[role], 1.6) * many
    for pair in np.flatnonzero(score >= SCORE_MIN):
        rows = pairs.rows(pair)
        subject = int(scene.looks.codes["subject"][rows[0]])
        why = (
            f"looked at {scene.looks.words['subject'][subject]} {len(rows)} times on {count[pair]} days {scene.say_when(rows)};"
            f" {scene.references_told(rows)}; nobody else looked at it under the same case"
        )
        yield Evidence("repeated_subject", int(scene.looks.codes["person"][rows[0]]), float(score[pair]), rows, why, subject)


def scattered(scene: Scene) -> Iterator[Evidence]:
    """One subject, ever other references: cover rather than a case."""
    pairs = scene.by_pair
    references = _own_references(scene, pairs)
    _, count = _days_unaccounted(scene)
    single = ~pairs.first(scene.pattern)
    role = pairs.first(scene.looks.codes["role"]).astype(np.int64)
    limit = scene.learned.upper("references_for_a_subject", references[single].astype(float), role[single], scene.roles, 0.9999, 1.6)
    # Cover is another reference nearly each day; a long case has two or three names.
    each_day = np.clip((references / np.maximum(count, 1) - 0.3) / 0.4, 0.0, 1.0)
    score = rising(references, limit[role], 1.2) * (single & (count >= 3)) * _theirs(scene) * each_day
    for pair in np.flatnonzero(score >= SCORE_MIN):
        rows = pairs.rows(pair)
        subject = int(scene.looks.codes["subject"][rows[0]])
        why = (
            f"gave {references[pair]} different references for the same subject, {scene.looks.words['subject'][subject]},"
            f" on {count[pair]} days {scene.say_when(rows)}; nobody else looked at it under any of them"
        )
        yield Evidence("scattered_references", int(scene.looks.codes["person"][rows[0]]), float(score[pair]), rows, why, subject)


def echoed(scene: Scene) -> Iterator[Evidence]:
    """Two people of a unit look at the same subjects within hours, again and again, without a case in common: looks by proxy."""
    codes = scene.looks.codes
    subjects = scene.by_subject
    order = subjects.order
    before, after = order[:-1], order[1:]
    same = (codes["subject"][before] == codes["subject"][after]) & (codes["person"][before] != codes["person"][after])
    near = scene.looks.at[after] - scene.looks.at[before] < 12 * HOUR_MS
    mates = codes["unit"][before] == codes["unit"][after]
    loose = (scene.unaccounted[before] > 0) & (scene.unaccounted[after] > 0) & ~scene.pattern[before]
    # Whom a whole station knows two of it meet by chance.
    lookers = subjects.distinct(codes_64(codes["person"]))[subjects.of]
    loose &= lookers[before] <= FEW_KNOW
    found = np.flatnonzero(same & near & mates & loose)
    if len(found) == 0:
        return
    first, second = codes["person"][before[found]], codes["person"][after[found]]
    pair = group(np.minimum(first, second), np.maximum(first, second))
    subject_count = pair.distinct(codes_64(codes["subject"][after[found]]))
    names = scene.looks.words["person"]
    limit = max(1.2, scene.learned.keep("echoes_of_a_pair", "all", 0.9 * float(np.quantile(subject_count, 0.995)), len(pair)))
    for g in np.flatnonzero(subject_count >= 2):
        held = found[pair.rows(g)]
        score = float(rising(subject_count[g], limit, 1.5))
        if score < SCORE_MIN:
            continue
        both = np.concatenate([before[held], after[held]])
        people = np.unique(codes["person"][both])
        for person, other in ((int(people[0]), int(people[1])), (int(people[1]), int(people[0]))):
            rows = np.unique(both[codes["person"][both] == person])
            why = (
                f"{subject_count[g]} subjects were looked at by this person and by {names[other]} of the same unit within hours of each"
                f" other, without a case in common, {scene.say_when(rows)}"
            )
            yield Evidence("echoed_looks", person, score, rows, why)
