"""One account, two people: two places at once, or the device of somebody else."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bluelamp.accountability.misuse.baselines import rising
from bluelamp.accountability.misuse.looks import HOUR_MS, Bools, Ints, group
from bluelamp.accountability.misuse.scene import Evidence, Scene, codes_64
from bluelamp.accountability.misuse.signals.subjects import SCORE_MIN

FAR_KM, LATE_MS = 15.0, 5 * 60_000
"""Nearer than that, or told some minutes late, a place is that of the last call."""
AT_ONCE_MS = 15 * 60_000
EARTH_KM = 6371.0
SPEED_MAX_KMH = 180.0
"""Faster than any patrol car between two places that the directory gives the position of."""


def two_places(scene: Scene) -> Iterator[Evidence]:
    """The account goes to and fro between places and devices faster than a person can, more than the role ever does."""
    codes = scene.looks.codes
    order = scene.by_person.order
    before, after = order[:-1], order[1:]
    same = codes["person"][before] == codes["person"][after]
    gap = scene.looks.at[after] - scene.looks.at[before]
    moved = (codes["place"][before] != codes["place"][after]) & (codes["place"][before] > 0) & (codes["place"][after] > 0)
    changed = (codes["device"][before] != codes["device"][after]) & (codes["device"][before] > 0) & (codes["device"][after] > 0)
    unplaced = (codes["place"] == 0).all()
    # One device in two places is a wrong place; two devices are two people.
    nothing_known = (codes["device"] == 0).all()
    switch = same & (gap < AT_ONCE_MS) & changed & (moved | unplaced)
    far = same & moved & (changed | nothing_known) & _impossible(scene, before, after, gap)
    hit = np.zeros(len(scene.looks), np.bool_)
    hit[after[switch | far]] = True
    spans = group(codes["person"], scene.day)
    count = spans.total(hit)
    role = spans.first(codes["role"]).astype(np.int64)
    # A person moves from handheld to terminal once or twice; to and fro again and again is two people.
    limit = scene.learned.upper("switches_a_day", count, role, scene.roles, 0.9995, 1.6)
    flown = np.zeros(len(scene.looks), np.bool_)
    flown[after[far]] = True
    # One leap may be a clock, a wrong place or a lift; there and back is two people.
    leaps = spans.total(flown)
    often = scene.learned.upper("leaps_a_day", leaps, role, scene.roles, 0.999, 0.5)[role]
    score = np.maximum(rising(count, limit[role], 2.0), np.select([(leaps >= 2) & (leaps > often), leaps >= 1], [0.8, 0.3]))
    for span in np.flatnonzero(score >= SCORE_MIN):
        rows = spans.rows(span)
        held = rows[hit[rows]]
        places = list(dict.fromkeys(scene.looks.text("place", int(r)) for r in rows))[:4]
        how = "further apart than anybody can travel in the time" if flown[rows].any() else "within minutes of each other"
        why = (
            f"the account was used at {' and '.join(p for p in places if p) or 'several devices'} {how}, {len(held)} "
            f"times to and fro {scene.say_when(held)}"
        )
        yield Evidence("two_places", int(codes["person"][held[0]]), float(score[span]), rows, why)


def _impossible(scene: Scene, before: Ints, after: Ints, gap: Ints) -> Bools:
    known = scene.directory.places
    if not known:
        return np.zeros(len(before), np.bool_)
    where = np.array([known.get(place, (np.nan, np.nan)) for place in scene.looks.words["place"]])
    a, b = np.radians(where[scene.looks.codes["place"][before]]), np.radians(where[scene.looks.codes["place"][after]])
    half = np.sin((b[:, 0] - a[:, 0]) / 2) ** 2 + np.cos(a[:, 0]) * np.cos(b[:, 0]) * np.sin((b[:, 1] - a[:, 1]) / 2) ** 2
    km = 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    hours = (gap + LATE_MS) / HOUR_MS
    return np.asarray((km > FAR_KM) & (km / hours > SPEED_MAX_KMH), np.bool_)


def anothers_device(scene: Scene) -> Iterator[Evidence]:
    """Looks from a device that is as good as only ever used by one other person."""
    codes = scene.looks.codes
    used = group(codes["device"], codes["person"])
    device = used.first(codes["device"]).astype(np.int64)
    person = used.first(codes["person"]).astype(np.int64)
    whole = np.bincount(device, weights=used.size, minlength=scene.looks.size("device"))
    share = used.size / np.maximum(whole[device], 1)
    owner = np.full(scene.looks.size("device"), -1, np.int64)
    main = (share > 0.8) & (whole[device] >= 20) & (device > 0)
    owner[device[main]] = person[main]
    foreign = (owner[device] >= 0) & (owner[device] != person)
    # Some have no device of their own and borrow as a rule: what counts is what is unusual for the role.
    role = codes_64(scene.role)[person]
    limit = scene.learned.upper("looks_from_anothers_device", used.size[foreign].astype(float), role[foreign], scene.roles, 0.99, 2.0)
    score = 0.7 * rising(used.size, limit[role], 4.0) * foreign
    names = scene.looks.words["person"]
    for g in np.flatnonzero(score >= SCORE_MIN):
        rows = used.rows(g)
        why = (
            f"{len(rows)} looks {scene.say_when(rows)} from {scene.looks.text('device', int(rows[0]))!r}, which otherwise "
            f"only {names[owner[device[g]]]} uses"
        )
        yield Evidence("anothers_device", int(person[g]), float(score[g]), rows, why)
