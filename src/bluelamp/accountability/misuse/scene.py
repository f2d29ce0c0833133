"""What every signal starts from: who looked at what under which reference, and how far that reference carries the look."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from bluelamp.accountability.misuse.baselines import Learned
from bluelamp.accountability.misuse.directory import Directory
from bluelamp.accountability.misuse.looks import DAY_MS, HOUR_MS, Bools, Codes, Floats, Groups, Ints, Looks, group

JUNK = frozenset(
    "na n/a none nil null test testing tbc tba unknown x xx xxx xxxx asdf qwerty enquiry query 0 00 000 1 12 123 1234 12345".split()  # noqa: SIM905 - a list of words
)
"""References that name nothing, whoever writes them."""
PLAUSIBLE = 0.25
"""How unaccounted a look under a sound reference is that nobody else's look confirms."""
ELSEWHERE = 0.75
"""The same where the reference is another unit's, or serves for too much."""
TOGETHER_MS = 2 * HOUR_MS
"""Within so long two who look at one subject are at one event."""
FEW_LOOKS = 20
"""Looks from which a person's habits can be told."""
_ZERO = timedelta(0)


class Evidence(NamedTuple):
    """One signal about one person: how strong from 0 to 1, on which rows it rests, and why in words."""

    signal: str
    person: int
    score: float
    rows: Ints
    why: str
    subject: int = -1
    """The subject it is about; -1 where it is about a time."""


@dataclass
class Scene:
    """Made once a run; everything in it is derived from the looks and the directory."""

    looks: Looks
    """References that differ only in how they are written are one here (`crn 01/88412` and `CRN01/88412`), told as first written."""
    directory: Directory
    learned: Learned
    zone: ZoneInfo

    def __post_init__(self) -> None:
        self.looks = _one_writing(self.looks)

    @cached_property
    def local(self) -> Ints:
        """Local time in milliseconds: offsets are looked up once an hour of the span."""
        hours = self.looks.at // HOUR_MS
        known, of = np.unique(hours, return_inverse=True)
        offsets = [int((_utc(int(h)).astimezone(self.zone).utcoffset() or _ZERO).total_seconds() * 1000) for h in known]
        return self.looks.at + np.array(offsets, np.int64)[of]

    @cached_property
    def day(self) -> Ints:
        """Local day, counted from the first; a working day ends at five in the morning, so that a night shift is one day."""
        days = (self.local - 5 * HOUR_MS) // DAY_MS
        return days - days.min(initial=0) if len(days) else days

    @cached_property
    def role(self) -> Codes:
        """The role of each person: the one last worked in."""
        of = np.zeros(self.looks.size("person"), np.int32)
        of[self.looks.codes["person"]] = self.looks.codes["role"]
        return of

    @cached_property
    def unit(self) -> Codes:
        of = np.zeros(self.looks.size("person"), np.int32)
        of[self.looks.codes["person"]] = self.looks.codes["unit"]
        return of

    @property
    def roles(self) -> list[str]:
        return self.looks.words["role"]

    @cached_property
    def pattern(self) -> Bools:
        """Looks at no single subject: a part of a mark, a place, nothing."""
        wild = np.array([not s or any(c in s for c in "*?%_") for s in self.looks.words["subject"]], np.bool_)
        return wild[self.looks.codes["subject"]]

    @cached_property
    def export(self) -> Bools:
        taking = np.array([any(w in a.lower() for w in ("export", "download", "print", "disclos")) for a in self.looks.words["action"]])
        return taking[self.looks.codes["action"]] if len(taking) else np.zeros(len(self.looks), np.bool_)

    @cached_property
    def by_person(self) -> Groups:
        return group(self.looks.codes["person"])

    @cached_property
    def by_pair(self) -> Groups:
        """By person and subject; looks at no single subject are groups of their own kind."""
        return group(self.looks.codes["person"], self.looks.codes["subject"])

    @cached_property
    def by_subject(self) -> Groups:
        return group(self.looks.codes["subject"])

    @cached_property
    def by_reference(self) -> Groups:
        return group(self.looks.codes["reference"])

    @cached_property
    def by_person_reference(self) -> Groups:
        return group(self.looks.codes["person"], self.looks.codes["reference"])

    @cached_property
    def month(self) -> Ints:
        """Stretches of 28 days."""
        return self.day // 28

    @cached_property
    def scribble(self) -> Bools:
        """Looks whose reference is missing or names nothing."""
        words = self.looks.words["reference"]
        codes = self.looks.codes["reference"]
        groups = self.by_reference
        people = groups.distinct(codes_64(self.looks.codes["person"]))
        subjects = groups.distinct(codes_64(self.looks.codes["subject"]))
        number = groups.first(codes)
        # Words without a figure are a reference where several people use them for the same few subjects: `OP KESTREL`.
        held_together = np.zeros(len(words), np.bool_)
        held_together[number] = (people >= 2) & (groups.size >= 1.5 * subjects)
        empty = np.array([_names_nothing(text) for text in words], np.bool_)
        no_figure = np.array([not any(c.isdigit() for c in text) for text in words], np.bool_)
        odd = self._odd_shapes(words)
        return np.asarray((empty | (no_figure & ~held_together) | odd)[codes], np.bool_)

    def _odd_shapes(self, words: list[str]) -> Bools:
        """References written as hardly anybody writes them."""
        numbers: dict[str, int] = {}
        shape = np.array([numbers.setdefault(_shape(text), len(numbers)) for text in words], np.int64)
        of = shape[self.looks.codes["reference"]]
        groups = group(of)
        people = np.zeros(len(numbers), np.int64)
        people[groups.first(of)] = groups.distinct(codes_64(self.looks.codes["person"]))
        active = len(self.by_person)
        few = people <= max(1, min(3, active // 100))
        shared = np.zeros(len(words), np.bool_)
        by = self.by_reference
        shared[by.first(self.looks.codes["reference"])] = by.distinct(codes_64(self.looks.codes["person"])) >= 2
        enough = active >= 20 and len(self.looks) >= 500
        return few[shape] & ~shared if enough else np.zeros(len(words), np.bool_)

    @cached_property
    def careless_mates(self) -> Floats:
        """For each look, the share of looks without a reference that is usual among the others of the unit, drawn towards the role's.

        How references are written is a habit of a place: who only does as all around them do is not the one to ask.
        """
        codes = self.looks.codes
        people = group(codes["unit"], codes["person"])
        unit, role = people.first(codes["unit"]), people.first(codes["role"])
        share = people.total(self.scribble) / np.maximum(people.size, 1)
        enough = people.size >= FEW_LOOKS
        found = np.zeros(len(people))
        of_role = {r: float(np.median(share[enough & (role == r)])) for r in np.unique(role[enough])}
        for place in range(len(people)):
            found[place] = of_role.get(role[place], 0.0)
        for one in np.unique(unit):
            mates = np.flatnonzero((unit == one) & enough)
            for mate in mates:
                others = share[mates[mates != mate]]
                if len(others):
                    trust = len(others) / (len(others) + 3)
                    found[mate] = trust * float(np.median(others)) + (1 - trust) * found[mate]
        return found[people.of]

    @cached_property
    def expected_reference(self) -> Floats:
        """For each look, the share of looks of that role for that purpose, and of that unit, that do carry a reference."""
        role, purpose = self.looks.codes["role"], self.looks.codes["purpose"]
        key = group(role, purpose)
        names = [f"{self.roles[r]}·{self.looks.words['purpose'][p]}" for r, p in zip(key.first(role), key.first(purpose), strict=True)]
        named = (~self.scribble).astype(np.float64)
        by_role = self.learned.rate("reference_given", named, np.ones(len(named)), key.of, names, 0.8)[key.of]
        return np.minimum(by_role, 1 - self.careless_mates)

    @cached_property
    def confirmed(self) -> Bools:
        """Looks at a subject that somebody else looked at under the same reference too, or at the same event."""
        both = group(self.looks.codes["reference"], self.looks.codes["subject"])
        others = both.distinct(codes_64(self.looks.codes["person"])) >= 2
        return np.asarray((others[both.of] & ~self.scribble) | self.in_company, np.bool_)

    @cached_property
    def in_company(self) -> Bools:
        """Looks at a subject that somebody else looked at within two hours: a crew, a control room, the next shift at one event.

        Not where the subject draws people: those who are curious at the same time do not vouch for each other.
        """
        near = np.zeros(len(self.looks), np.bool_)
        order, at, person = self.by_subject.order, self.looks.at, self.looks.codes["person"]
        place = np.arange(len(order))
        for rows, sign in ((order, 1), (order[::-1], -1)):
            other = np.zeros(len(rows), np.bool_)
            other[1:] = person[rows[1:]] != person[rows[:-1]]
            # The row before, counted from here, that is somebody else's: where the person last changed.
            last = np.maximum.accumulate(np.where(other, place - 1, -1))
            found = np.flatnonzero(last >= 0)
            here, there = rows[found], rows[last[found]]
            same = self.looks.codes["subject"][here] == self.looks.codes["subject"][there]
            near[here[same & (sign * (at[here] - at[there]) < TOGETHER_MS)]] = True
        draws = np.array([text in self.directory.famous for text in self.looks.words["subject"]], np.bool_)
        return np.asarray(near & ~self.pattern & ~draws[self.looks.codes["subject"]], np.bool_)

    @cached_property
    def share(self) -> Floats:
        """For each pair of person and subject, which part of all looks at the subject is this person's.

        A car that a whole town knows is looked at by everybody who meets it; one that only one person ever asks for is theirs.
        """
        of = self.by_pair.first(self.by_subject.of)
        return np.asarray(self.by_pair.size / self.by_subject.size[of], np.float64)

    @cached_property
    def elsewhere(self) -> Bools:
        """Looks under a reference that others of another unit use, and nobody else of one's own."""
        person, unit, reference = (codes_64(self.looks.codes[n]) for n in ("person", "unit", "reference"))
        groups = self.by_reference
        people, units = groups.distinct(person), groups.distinct(unit)
        mine = group(reference, unit)
        colleagues = mine.distinct(person)[mine.of]
        foreign = (people[groups.of] >= 3) & (units[groups.of] == 2) & (colleagues == 1) & (groups.size[groups.of] >= 5)
        if self.directory.references:
            foreign |= self._registered_elsewhere()
        return np.asarray(foreign & ~self.scribble & ~self.confirmed, np.bool_)

    def _registered_elsewhere(self) -> Bools:
        owner = np.array([self.directory.references.get(text, "") for text in self.looks.words["reference"]], np.object_)
        names = np.array(self.looks.words["unit"], np.object_)
        theirs, own = owner[self.looks.codes["reference"]], names[self.looks.codes["unit"]]
        return np.asarray((theirs != "") & (theirs != own), np.bool_) & ~self._on_secondment(theirs)

    def _on_secondment(self, unit: np.ndarray) -> Bools:
        lent = np.zeros(len(self.looks), np.bool_)
        for name, spans in self.directory.secondments.items():
            for rows in self.rows_of(name):
                for start, end, where in spans:
                    at = self.looks.at[rows]
                    lent[rows] |= (start <= at) & (at <= end) & (unit[rows] == where)
        return lent

    def rows_of(self, person: str) -> list[Ints]:
        """The rows of a person by name: a list of one, or of none."""
        group_number = self._group_of.get(person)
        return [] if group_number is None else [self.by_person.rows(group_number)]

    @cached_property
    def _group_of(self) -> dict[str, int]:
        names = self.looks.words["person"]
        return {names[code]: g for g, code in enumerate(self.by_person.first(self.looks.codes["person"]).tolist())}

    @cached_property
    def number_of(self) -> dict[str, int]:
        """Subject -> its code."""
        return {text: n for n, text in enumerate(self.looks.words["subject"])}

    @cached_property
    def alone(self) -> Ints:
        """For each person and reference, how many subjects they looked at under it that nobody else did."""
        return self.by_person_reference.distinct(codes_64(self.looks.codes["subject"]), ~self.confirmed & ~self.pattern)

    @cached_property
    def overused(self) -> Bools:
        """Looks under a reference that this person uses for more unrelated subjects than their role ever does."""
        groups = self.by_person_reference
        role = groups.first(self.looks.codes["role"]).astype(np.int64)
        named = ~groups.first(self.scribble)
        limit = self.learned.upper("subjects_of_a_reference", self.alone[named], role[named], self.roles, 0.9995, 12.0)
        # Vehicles of a case are looked at more than once; those of a worn-out reference hardly ever.
        loose = (self.alone > limit[role]) & named & (groups.size < 1.7 * self.alone)
        return np.asarray(loose[groups.of], np.bool_)

    @cached_property
    def casework(self) -> Bools:
        """Looks under a reference that this person has several subjects under, coming back to them: a case somebody works."""
        groups = self.by_person_reference
        subjects = groups.distinct(codes_64(self.looks.codes["subject"]), ~self.pattern)
        days = groups.distinct(self.day)
        works = (subjects >= 3) & (groups.size >= 2 * subjects) & (days >= 3)
        return np.asarray(works[groups.of] & ~self.scribble, np.bool_)

    @cached_property
    def unaccounted(self) -> Floats:
        """How little speaks for each look, 0 to 1: nothing where a colleague's look confirms it, most where its reference names no case."""
        found = np.where(self.confirmed, 0.0, PLAUSIBLE)
        found[(self.elsewhere | self.overused) & ~self.confirmed] = ELSEWHERE
        weak = self.scribble
        found[weak] = np.maximum(self.expected_reference[weak], PLAUSIBLE)
        return found

    def say_when(self, rows: Ints) -> str:
        """`on 3 May 2026` or `between 3 May 2026 and 9 June 2026`."""
        first, last = (np.datetime64(int(self.local[rows].min()), "ms"), np.datetime64(int(self.local[rows].max()), "ms"))
        return f"on {_day(first)}" if _day(first) == _day(last) else f"between {_day(first)} and {_day(last)}"

    def references_told(self, rows: Ints) -> str:
        """What was given as reason, in a few words."""
        codes = self.looks.codes["reference"][rows]
        known = [self.looks.words["reference"][c] for c in dict.fromkeys(codes.tolist())]
        blank = int(self.scribble[rows].sum())
        named = [text for text in known if text]
        told = f"{blank} without a reference that names a case" if blank else "each with a reference"
        return told + (f"; {len(named)} references in all" if len(named) > 1 else f"; reference {named[0]!r}" if named else "")


def _one_writing(looks: Looks) -> Looks:
    first: dict[str, int] = {}
    written = [first.setdefault(_plain(text), number) for number, text in enumerate(looks.words["reference"])]
    return replace(looks, codes={**looks.codes, "reference": np.array(written, np.int32)[looks.codes["reference"]]})


def _plain(text: str) -> str:
    """A reference without what a hand adds or leaves out: case, spaces, strokes, leading noughts."""
    return _NOUGHTS.sub("", "".join(c for c in text.upper() if c.isalnum() or c in "*?")) or text


def codes_64(codes: Codes) -> Ints:
    return codes.astype(np.int64)


def _names_nothing(text: str) -> bool:
    return text.strip().lower().strip(".-_ ") in JUNK or not any(c.isalnum() for c in text)


_NOUGHTS = re.compile(r"(?<![0-9])0+(?=[0-9])")
_DIGITS, _LETTERS = re.compile(r"\d+"), re.compile(r"[^\W\d_]+")


def _shape(text: str) -> str:
    """The form of a reference: `KM/1234/26` is `A/9/9`."""
    return _LETTERS.sub("A", _DIGITS.sub("9", text.upper()))


def _day(moment: np.datetime64) -> str:
    whole = moment.astype("datetime64[s]").item()
    return f"{whole.day} {whole:%B %Y}"


def _utc(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * 3600, UTC)
