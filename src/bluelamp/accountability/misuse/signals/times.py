"""Looks when the person was not at work: by the rota, by the absences, or by their own habit where no rota is loaded."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bluelamp.accountability.misuse.baselines import centre_and_spread, rising, surprise
from bluelamp.accountability.misuse.looks import HOUR_MS, Bools, Floats, Groups, Ints, group
from bluelamp.accountability.misuse.scene import Evidence, Scene, codes_64
from bluelamp.accountability.misuse.signals.subjects import SCORE_MIN

BEFORE_MS, AFTER_MS = HOUR_MS // 2, 3 * HOUR_MS
"""A look this long before a shift or after it is of that shift: briefings, and work that runs over."""
SHIFT_HOURS = 3
ROTA_LOOSE = 0.01
"""Share of a role's looks outside the rota, and not on what looks like work, from which the rota is loose."""
WORKED = 0.1
"""What a look during a recorded absence counts on a day that looks like work: leave was cancelled, the record is late."""


def _within(at: Ints, spans: list[tuple[int, int]], before: int, after: int) -> Bools:
    """Which moments lie in one of the spans, which may overlap."""
    starts = np.array([s - before for s, _ in spans], np.int64)
    order = np.argsort(starts)
    starts = starts[order]
    ends = np.maximum.accumulate(np.array([min(e, (1 << 62) - after) + after for _, e in spans], np.int64)[order])
    found = np.searchsorted(starts, at, side="right") - 1
    return (found >= 0) & (at <= ends[np.maximum(found, 0)])


def _at_work(scene: Scene, where: Bools) -> Bools:
    """Looks, of those in `where`, of days on which the person plainly worked, whatever the rota says: looks shared with colleagues, or
    about as many as ever over some hours. Shifts are swapped, and leave is cancelled, faster than directories are loaded.
    """
    person = scene.looks.codes["person"]
    days = group(person, scene.day)
    usual, _ = centre_and_spread(days.size.astype(float), days.first(person).astype(np.int64), scene.looks.size("person"), 1.0)
    rows = np.flatnonzero(where)
    spans = group(person[rows], scene.day[rows])
    shared = spans.total(scene.confirmed[rows])
    hours = (spans.last(scene.looks.at[rows]) - spans.first(scene.looks.at[rows])) / HOUR_MS
    much = spans.size >= 0.6 * usual[spans.first(person[rows])]
    worked = np.zeros(len(scene.looks), np.bool_)
    worked[rows] = ((shared >= 3) | (((shared >= 1) | (hours >= SHIFT_HOURS)) & much))[spans.of]
    return worked


def _rostered(scene: Scene) -> tuple[Bools, Bools]:
    """(off shift, of a person whose rota is known), by look. A rota is known from its first shift to its last."""
    off, known = np.zeros(len(scene.looks), np.bool_), np.zeros(len(scene.looks), np.bool_)
    for person, spans in scene.directory.shifts.items():
        for rows in scene.rows_of(person):
            at = scene.looks.at[rows]
            covered = (at >= min(s for s, _ in spans) - 7 * 24 * HOUR_MS) & (at <= max(e for _, e in spans) + 7 * 24 * HOUR_MS)
            known[rows] = covered
            off[rows] = covered & ~_within(at, spans, BEFORE_MS, AFTER_MS)
    return off, known


def off_shift(scene: Scene) -> Iterator[Evidence]:
    """Looks outside the rota that no colleague's look under the same case accounts for, more than the role's share."""
    off, known = _rostered(scene)
    if not known.any():
        return
    codes = scene.looks.codes
    counted = off & (scene.unaccounted > 0) & ~_at_work(scene, off)
    rates = scene.learned.rate(
        "looks_off_shift", counted[known].astype(float), np.ones(int(known.sum())), codes_64(codes["role"][known]), scene.roles, 0.01
    )
    for length in (scene.month, scene.month * 0):
        yield from _off_shift_in(scene, group(codes["person"], length), counted, rates)


def _off_shift_in(scene: Scene, spans: Groups, counted: Bools, rates: Floats) -> Iterator[Evidence]:
    codes = scene.looks.codes
    count = spans.total(counted)
    days = spans.distinct(scene.day, counted)
    role = spans.first(codes["role"]).astype(np.int64)
    # Where many honest looks fall outside it, the rota is not what people work by, and only many days say anything.
    limit = scene.learned.upper("days_off_shift", days.astype(float), role, scene.roles, 0.985, 0.8) * np.minimum(1.0, rates / ROTA_LOOSE)
    limit = limit[role]
    # Looks of one call-out come together: days count as well as looks.
    expected = np.sqrt(spans.size * spans.distinct(scene.day)) * np.minimum(rates[role], 0.2)
    seen = np.sqrt(count * np.maximum(days, 1))
    weight = spans.total(counted * (0.7 + 0.3 * (scene.unaccounted > 0.3))) / np.maximum(count, 1)
    score = (
        rising(surprise(np.floor(seen).astype(np.int64), expected), 1.2, 1.5) * weight * (count >= 2) * np.clip(days - limit + 1, 0.0, 1.0)
    )
    for span in np.flatnonzero(score >= SCORE_MIN):
        rows = spans.rows(span)
        held = rows[counted[rows]]
        why = (
            f"{len(held)} looks on {days[span]} days {scene.say_when(held)} outside every shift of their rota, none "
            "of them shared with a colleague on the same case"
        )
        yield Evidence("off_shift", int(codes["person"][held[0]]), float(score[span]), held, why)


def unusual(scene: Scene) -> Iterator[Evidence]:
    """Without a rota: looks at hours at which this person hardly ever works, alone in a quiet night or weekend of theirs."""
    _, known = _rostered(scene)
    codes = scene.looks.codes
    if known.all():
        return
    hour = (scene.local // HOUR_MS) % 24
    weekend = ((scene.local // (24 * HOUR_MS) + 4) % 7 == 6) | ((scene.local // (24 * HOUR_MS) + 4) % 7 == 0)
    slot = hour + 24 * weekend
    table = np.zeros((scene.looks.size("person"), 48))
    np.add.at(table, (codes["person"], slot), 1)
    # Neighbouring hours count too: nobody begins on the minute.
    near = table.reshape(-1, 2, 24)
    smooth = (near + 0.5 * (np.roll(near, 1, 2) + np.roll(near, -1, 2))).reshape(-1, 48)
    share = smooth / np.maximum(smooth.sum(axis=1, keepdims=True), 1)
    rare = (share[codes["person"], slot] < 0.006) & (table.sum(axis=1)[codes["person"]] >= 60) & ~known & (scene.unaccounted > 0)
    spans = group(codes["person"], scene.month)
    days = spans.distinct(scene.day, rare)
    count = spans.total(rare)
    role = spans.first(codes["role"]).astype(np.int64)
    limit = scene.learned.upper("days_at_unusual_hours", days.astype(float), role, scene.roles, 0.995, 1.5)
    score = 0.6 * rising(days + 0.1 * count, limit[role], 2.0)
    for span in np.flatnonzero(score >= SCORE_MIN):
        held = spans.rows(span)
        held = held[rare[held]]
        why = (
            f"{len(held)} looks on {days[span]} days {scene.say_when(held)} at hours at which this person hardly ever "
            "works (no rota is loaded)"
        )
        yield Evidence("unusual_hours", int(codes["person"][held[0]]), float(score[span]), held, why)


def absent(scene: Scene) -> Iterator[Evidence]:
    """Looks during leave, sickness or suspension, or after the person has left; hardly where they plainly worked after all."""
    at_work = _at_work(scene, np.ones(len(scene.looks), np.bool_))
    for person, spans in scene.directory.absences.items():
        for rows in scene.rows_of(person):
            for start, end, reason in spans:
                at = scene.looks.at[rows]
                # The shift before runs over into the first hours of leave.
                held = rows[(at >= start + AFTER_MS + 3 * HOUR_MS) & (at <= end)]
                gone = any(word in reason.lower() for word in ("left", "resign", "suspen", "dismiss", "retire"))
                # A rota made before somebody left does not excuse what came after.
                if not gone and person in scene.directory.shifts and len(held):
                    held = held[~_within(scene.looks.at[held], scene.directory.shifts[person], BEFORE_MS, AFTER_MS)]
                if len(held) == 0:
                    continue
                each = 0.8 if gone else 0.3
                doubt = np.minimum(1.0, 0.4 + scene.unaccounted[held])
                counted = float((doubt if gone else doubt * np.where(at_work[held], WORKED, 1.0)).sum())
                why = f"{len(held)} looks {scene.say_when(held)} while absent ({reason or 'absence'})"
                yield Evidence("while_absent", int(scene.looks.codes["person"][held[0]]), 1 - (1 - each) ** counted, held, why)
