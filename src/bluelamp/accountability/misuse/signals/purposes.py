"""Purposes and actions that a role hardly ever has."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bluelamp.accountability.misuse.baselines import rising
from bluelamp.accountability.misuse.looks import group
from bluelamp.accountability.misuse.scene import Evidence, Scene, codes_64
from bluelamp.accountability.misuse.signals.subjects import SCORE_MIN

FREELY = 40
"""Rare pairs of role and purpose from which purposes are no list but written as one likes."""
RARE_SHARE, RARE_PEOPLE = 0.003, 0.03


def unusual(scene: Scene) -> Iterator[Evidence]:
    """A purpose that fewer than three in a thousand looks of the role have, and hardly any of its people."""
    codes = scene.looks.codes
    role = codes_64(codes["role"])
    looks_of_role = np.bincount(role, minlength=len(scene.roles))
    people_of_role = np.bincount(codes_64(scene.role)[scene.by_person.first(codes["person"])], minlength=len(scene.roles))
    used = group(role, codes["purpose"])
    of_role = used.first(role)
    rare = (used.size < RARE_SHARE * looks_of_role[of_role]) & (
        used.distinct(codes_64(codes["person"])) <= np.maximum(1, RARE_PEOPLE * people_of_role[of_role])
    )
    rare &= (looks_of_role[of_role] >= 500) & (people_of_role[of_role] >= 10)
    rows_all = np.flatnonzero(rare[used.of])
    if len(rows_all) == 0:
        return
    spans = group(codes["person"][rows_all], codes["purpose"][rows_all])
    # Where purposes are written freely, most are rare, and rare says nothing.
    score = 0.8 * rising(spans.size, 1.0, 4.0) * (1 - min(1.0, rare.sum() / FREELY))
    for g in np.flatnonzero(score >= SCORE_MIN):
        rows = rows_all[spans.rows(g)]
        purpose, name = scene.looks.text("purpose", int(rows[0])), scene.looks.text("role", int(rows[0]))
        why = (
            f"{len(rows)} looks {scene.say_when(rows)} for the purpose {purpose!r}, which a {name or 'person of this role'} hardly ever has"
        )
        yield Evidence("unusual_purpose", int(codes["person"][rows[0]]), float(score[g]), rows, why)
