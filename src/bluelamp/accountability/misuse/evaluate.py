"""How good the detector is on a year that says which looks were wrong: recall by kind, precision, and what it costs supervisors."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from bluelamp.accountability.misuse.cases import Case
from bluelamp.accountability.misuse.looks import DAY_MS, Looks
from bluelamp.kit.clock import to_rfc3339

LINES_TOLD_MAX = 500
"""Lines listed of one case or reason; the counts are always of all."""


def is_honest(label: str) -> bool:
    """Whether a label marks a look that is right although it may seem wrong."""
    return label.lower().startswith("honest")


def told(looks: Looks, case: Case) -> dict[str, Any]:
    """A case as the command prints it: who, when, how sure, why, and the lines of the file that it rests on."""
    lines = np.unique(looks.line[case.rows])
    return {
        "person": case.person, "role": case.role, "unit": case.unit, "agency": case.agency, "score": case.score,
        "from": to_rfc3339(int(looks.at[case.rows[0]])), "to": to_rfc3339(int(looks.at[case.rows[-1]])),
        "subjects": case.subjects, "looks": len(lines), "lines": lines[:LINES_TOLD_MAX].tolist(),
        "reasons": [
            {
                "signal": r.signal, "score": r.score, "weighed": r.weighed, "why": r.why, "subject": r.subject or None,
                "looks": len(r.rows), "lines": np.unique(looks.line[r.rows])[:LINES_TOLD_MAX].tolist(),
            }
            for r in case.reasons
        ],
    }  # fmt: skip


def measured(looks: Looks, cases: list[Case], minutes_a_case: float) -> dict[str, Any]:
    """What can be said without labels: how many cases a week, and the supervisors' time."""
    people = len(np.unique(looks.codes["person"]))
    days = (int(looks.at[-1]) - int(looks.at[0])) / DAY_MS if len(looks) else 0.0
    weeks = max(1.0, days / 7)
    return {
        "people": people, "weeks": round(weeks, 1), "cases": len(cases), "minutes_a_case": minutes_a_case,
        "minutes_a_week_per_1000_people": round(len(cases) * minutes_a_case / weeks / max(people, 1) * 1000, 2),
    }  # fmt: skip


def evaluated(looks: Looks, cases: list[Case], minutes_a_case: float) -> dict[str, Any] | None:
    """Recall and precision where the looks are labelled; None where none is.

    An abuse is a person and a label; it is found when a case about that person rests on at least one look so labelled. A case is
    right when it rests on at least one look labelled as misuse.
    """
    names = looks.words["label"]
    wrong = np.array([bool(name) and not is_honest(name) for name in names], np.bool_)
    if not wrong[looks.codes["label"]].any():
        return None
    people = looks.words["person"]
    labelled = np.flatnonzero(wrong[looks.codes["label"]])
    pairs = np.unique(np.stack([looks.codes["person"][labelled], looks.codes["label"][labelled]]), axis=1)
    planted = {(people[p], names[k]) for p, k in pairs.T}
    found: dict[tuple[str, str], int] = {}
    right: list[Case] = []
    covered = np.zeros(len(looks), np.bool_)
    for place, case in enumerate(cases):
        kinds = {names[k] for k in np.unique(looks.codes["label"][case.rows]) if wrong[k]}
        if kinds:
            right.append(case)
        for kind in kinds:
            found.setdefault((case.person, kind), place)
        covered[case.rows] = True
    sound = {id(case) for case in right}
    return {
        "kinds": _by_kind(looks, planted, set(found), covered),
        "abuses": len(planted), "found": len(found), "recall": round(len(found) / len(planted), 4),
        "cases": len(cases), "right": len(right), "precision": round(len(right) / len(cases), 4) if cases else None,
        "minutes_per_true_case": round(len(cases) * minutes_a_case / len(right), 1) if right else None,
        "wrong_cases_by_role": _wrong_by(looks, cases, right, planted, "role"),
        "wrong_cases_by_unit": _wrong_by(looks, cases, right, planted, "unit")[:20],
        "wrong_cases_by_leading_signal": dict(Counter(c.reasons[0].signal for c in cases if id(c) not in sound).most_common()),
        "honest_labels_raised": _honest_raised(looks, cases),
    }  # fmt: skip


def _by_kind(looks: Looks, planted: set[tuple[str, str]], found: set[tuple[str, str]], covered: np.ndarray) -> list[dict[str, Any]]:
    names = looks.words["label"]
    total, hit = Counter(kind for _, kind in planted), Counter(kind for _, kind in found)
    rows = []
    for kind in sorted(total):
        of_kind = looks.codes["label"] == names.index(kind)
        rows.append(
            {
                "kind": kind, "planted": total[kind], "found": hit[kind], "recall": round(hit[kind] / total[kind], 4),
                "looks": int(of_kind.sum()), "looks_in_cases": int((of_kind & covered).sum()),
            }
        )  # fmt: skip
    return rows


def _wrong_by(looks: Looks, cases: list[Case], right: list[Case], planted: set[tuple[str, str]], column: str) -> list[dict[str, Any]]:
    """Fairness: which share of the honest people of a role or unit was raised wrongly."""
    guilty = {person for person, _ in planted}
    last = dict(zip(looks.codes["person"].tolist(), looks.codes[column].tolist(), strict=True))
    honest = Counter(looks.words[column][of] for person, of in last.items() if looks.words["person"][person] not in guilty)
    sound = {id(case) for case in right}
    wrong: dict[str, set[str]] = {}
    for case in cases:
        if id(case) not in sound and case.person not in guilty:
            wrong.setdefault(getattr(case, column), set()).add(case.person)
    rows = [
        {column: name, "honest_people": count, "raised": len(wrong.get(name, ())), "rate": round(len(wrong.get(name, ())) / count, 4)}
        for name, count in honest.items()
    ]
    return sorted(rows, key=lambda row: (-row["rate"], row[column]))


def _honest_raised(looks: Looks, cases: list[Case]) -> list[dict[str, Any]]:
    """Hard negatives: labels that begin with `honest`, and how many of their people were raised for such a look."""
    names = looks.words["label"]
    rows = []
    for number, name in enumerate(names):
        if not name or not is_honest(name):
            continue
        people = np.unique(looks.codes["person"][looks.codes["label"] == number])
        raised = {case.person for case in cases if (looks.codes["label"][case.rows] == number).any()}
        rows.append({"label": name, "people": len(people), "raised": len(raised)})
    return rows
