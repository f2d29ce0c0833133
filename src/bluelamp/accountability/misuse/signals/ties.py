"""Looks at oneself, at relatives, at those who complained, at colleagues, at those close to a colleague: what the directory tells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from bluelamp.accountability.misuse.directory import Tie
from bluelamp.accountability.misuse.looks import Ints
from bluelamp.accountability.misuse.scene import ELSEWHERE, PLAUSIBLE, Evidence, Scene

STRENGTH = {"self": 0.85, "relative": 0.6, "dispute": 0.85, "complaint": 0.85}
"""Of one look that nothing accounts for."""
CLOSE_WORDS = frozenset({"ex", "former", "estranged", "separated", "divorced"})
CLOSE = 0.9
"""Of one at a former partner, the commonest victim."""
UNIT_MATE, SAME_AGENCY, KIN_OF_MATE, BEYOND = 0.55, 0.12, 0.35, 0.75
SIGNAL = {"self": "own_record", "relative": "relative", "dispute": "dispute", "complaint": "complainant"}
COMING_BACK = 0.3
USUAL, USUAL_TIMES = 0.02, 4.0
"""Share of a role's looks at colleagues from which such looks are that role's work (professional standards), and how many times the
share of all roles it is at least: the larger the force, the more often anybody meets a colleague's car."""


FAVOURS = frozenset({"colleague", "favour_to_a_colleague"})
KNOWN_TO_ALL = (0.6, 0.2)
"""What is left of the strength where a whole station knows the subject: of one's own ties, and of a colleague's."""


class _Touch(NamedTuple):
    signal: str
    base: float
    what: str


def _alone(scene: Scene, rows: Ints, least: float) -> float:
    """From `least`, where the subject is one that everybody looks at, to 1, where hardly anybody else does."""
    share = float(scene.share[scene.by_pair.of[rows[0]]])
    return least + (1 - least) * min(1.0, max(0.0, (share - 0.05) / 0.3))


def _combined(scene: Scene, rows: Ints, base: float, least: float) -> float:
    """Every further day adds, a doubtful one most; a colleague's look under the same case takes most of it away."""
    weak = np.clip((scene.unaccounted[rows] - PLAUSIBLE) / (ELSEWHERE - PLAUSIBLE), 0.0, 1.0)
    doubt = np.where(scene.confirmed[rows], 0.3, 0.75 + 0.25 * weak)
    by_day = dict(zip(scene.day[rows].tolist(), doubt.tolist(), strict=True))
    strongest = float(max(by_day.values()))
    doubtful = sum(d > 0.75 for d in by_day.values())
    # By chance one meets a colleague's car once, hardly twice: coming back tells more than the first look.
    again = min(0.8, COMING_BACK * (doubtful - 1)) if doubtful else 0.0
    further = 0.35 * max(0, doubtful - 1) + 0.05 * (len(by_day) - max(1, doubtful))
    return float(1 - (1 - max(base, again) * strongest) ** (1 + further)) * _alone(scene, rows, least)


def _own_touch(tie: Tie) -> _Touch:
    relation = tie.relation or tie.kind
    close = tie.kind == "relative" and bool(CLOSE_WORDS & set(re.findall("[a-z]+", relation.lower())))
    said = {
        "self": f"{relation} of the person who looked" if tie.kind == "self" else relation,
        "relative": f"belongs to a relative of the person who looked ({relation})",
        "complaint": "belongs to somebody who has complained of the person who looked",
        "dispute": "belongs to somebody in dispute with the person who looked",
    }[tie.kind]
    return _Touch(SIGNAL[tie.kind], CLOSE if close else STRENGTH[tie.kind], said)


def own(scene: Scene) -> Iterator[Evidence]:
    """Looks at what is bound to the person who looks, and at what is bound to that (a former partner's new partner)."""
    pairs = _Pairs(scene)
    for (person, subject), tie in scene.directory.ties.items():
        for rows in pairs.rows(person, subject):
            held = rows[(scene.looks.at[rows] >= tie.start) & (scene.looks.at[rows] <= tie.end)]
            if len(held):
                yield _told(scene, held, _own_touch(tie), subject)
        for other, how in scene.directory.links.get(subject, []):
            if (person, other) in scene.directory.ties:
                continue
            for rows in pairs.rows(person, other):
                whose = tie.relation or tie.kind
                touch = _Touch(
                    "close_to_own", BEYOND, f"belongs to somebody close to a {whose} of the person who looked ({how or 'linked'})"
                )
                yield _told(scene, rows, touch, other)


def of_others(scene: Scene) -> Iterator[Evidence]:
    """Looks at a colleague's own things, or at those close to a colleague (which may be a favour)."""
    directory, words = scene.directory, scene.looks.words
    bound = np.array([subject in directory.of_subject for subject in words["subject"]], np.bool_)
    codes = scene.looks.codes
    touched = bound[codes["subject"]] & ~scene.pattern
    usual = scene.learned.rate(
        "looks_at_colleagues", touched.astype(float), np.ones(len(touched)), scene.by_person.of * 0 + codes["role"], scene.roles, 0.004
    )
    theirs = max(USUAL, USUAL_TIMES * float(touched.mean())) if len(touched) else USUAL
    pairs = scene.by_pair
    for pair in np.unique(pairs.of[touched]):
        rows = pairs.rows(pair)
        person, subject = words["person"][codes["person"][rows[0]]], words["subject"][codes["subject"][rows[0]]]
        people = directory.of_subject[subject]
        if person in people or usual[codes["role"][rows[0]]] > theirs:
            continue
        touch = _touch_of(scene, person, subject, people, int(codes["unit"][rows[-1]]))
        if touch is not None:
            yield _told(scene, rows, touch, subject)


def _touch_of(scene: Scene, person: str, subject: str, people: list[str], unit: int) -> _Touch | None:
    """The nearest of those bound to the subject decides."""
    directory, mine = scene.directory, scene.looks.words["unit"][unit]
    own_unit = {mine, directory.people[person].unit if person in directory.people else mine} - {""}
    best: _Touch | None = None
    for other in people:
        known = directory.people.get(other)
        mate = known is not None and known.unit in own_unit
        tie = directory.ties[other, subject]
        if tie.kind == "self":
            touch = _Touch(
                "colleague",
                UNIT_MATE if mate else SAME_AGENCY,
                f"{tie.relation} of a colleague{' of the same unit' if mate else ''} ({other})",
            )
        elif mate:
            who = {"relative": f"a relative of ({tie.relation or 'relative'})"}.get(tie.kind, "in dispute with, or has complained of,")
            touch = _Touch("favour_to_a_colleague", KIN_OF_MATE, f"belongs to somebody who is {who} {other}, a colleague of the same unit")
        else:
            continue
        if best is None or touch.base > best.base:
            best = touch
    return best


def _told(scene: Scene, rows: Ints, touch: _Touch, subject: str) -> Evidence:
    often = "once" if len(rows) == 1 else f"{len(rows)} times"
    why = f"looked {often} at {subject} {scene.say_when(rows)}: {touch.what}; {scene.references_told(rows)}"
    code = int(scene.looks.codes["person"][rows[0]])
    return Evidence(
        touch.signal,
        code,
        _combined(scene, rows, touch.base, KNOWN_TO_ALL[touch.signal in FAVOURS]),
        rows,
        why,
        int(scene.looks.codes["subject"][rows[0]]),
    )


class _Pairs:
    """The looks of a person at a subject, both by name."""

    def __init__(self, scene: Scene) -> None:
        codes = scene.looks.codes
        groups = scene.by_pair
        self._groups = groups
        self._people = {text: n for n, text in enumerate(scene.looks.words["person"])}
        self._subjects = scene.number_of
        keys = zip(groups.first(codes["person"]).tolist(), groups.first(codes["subject"]).tolist(), strict=True)
        wanted = {self._subjects[s] for s in scene.directory.of_subject if s in self._subjects}
        wanted |= {self._subjects[o] for links in scene.directory.links.values() for o, _ in links if o in self._subjects}
        self._at = {key: g for g, key in enumerate(keys) if key[1] in wanted}

    def rows(self, person: str, subject: str) -> list[Ints]:
        """Groups of rows: one, or none."""
        found = self._at.get((self._people.get(person, -1), self._subjects.get(subject, -1)))
        return [] if found is None else [self._groups.rows(found)]
