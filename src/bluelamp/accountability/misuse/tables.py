"""The evaluation as text for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def case_lines(case: dict[str, Any], number: int) -> Iterator[str]:
    """One case with its reasons."""
    where = ", ".join(part for part in (case["role"], case["unit"], case["agency"]) if part)
    yield f"{number}. {case['person']} ({where}): {case['score']:.2f}, {case['looks']} looks, {case['from'][:10]} to {case['to'][:10]}"
    for reason in case["reasons"]:
        yield f"   {reason['weighed']:.2f} {reason['signal']}: {reason['why']}"


def table(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Iterator[str]:
    """A Markdown table, padded so that it reads well in a terminal."""
    cells = [head, *(tuple(str(cell) for cell in row) for row in rows)]
    widths = [max(len(line[at]) for line in cells) for at in range(len(head))]
    for place, line in enumerate(cells):
        yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        if place == 0:
            yield "|" + "|".join("-" * (width + 2) for width in widths) + "|"


def summary_lines(answer: dict[str, Any]) -> Iterator[str]:
    """What was read, the supervisors' time, and the table by kind where there are labels."""
    read, cost, evaluation = answer["read"], answer["cost"], answer["evaluation"]
    yield ""
    yield f"{read['looks']} looks of {cost['people']} people over {cost['weeks']} weeks; {read['directory_facts']} facts in the directory."
    for file, bad in (("looks", read["bad_lines"]), ("directory", read["directory_bad_lines"])):
        for line in bad["first"]:
            yield f"{file}, line {line['line']}: {line['message']}"
        if bad["count"]:
            yield f"{bad['count']} lines of the {file} file were not read."
    if read["times_without_zone"]:
        yield f"{read['times_without_zone']} times had no zone and were read as UTC."
    yield (
        f"{cost['cases']} cases; at {cost['minutes_a_case']:g} minutes each {cost['minutes_a_week_per_1000_people']:g} minutes"
        " a week of supervisors' time per 1,000 people."
    )
    if evaluation:
        yield from evaluation_lines(evaluation)


def evaluation_lines(evaluation: dict[str, Any]) -> Iterator[str]:
    yield ""
    kinds = [(k["kind"], k["planted"], k["found"], f"{k['recall']:.0%}", k["looks"], k["looks_in_cases"]) for k in evaluation["kinds"]]
    whole = ("all", evaluation["abuses"], evaluation["found"], f"{evaluation['recall']:.0%}", "", "")
    yield from table(("kind", "planted", "found", "recall", "looks", "of them in cases"), [*kinds, whole])
    precision = "none" if evaluation["precision"] is None else f"{evaluation['precision']:.0%}"
    yield (
        f"Precision {precision}: {evaluation['right']} of {evaluation['cases']} cases hold misuse; {evaluation['minutes_per_true_case']} "
        "minutes of a supervisor per true case."
    )
    roles = [(r["role"] or "(none)", r["honest_people"], r["raised"], f"{r['rate']:.1%}") for r in evaluation["wrong_cases_by_role"]]
    yield ""
    yield from table(("role", "honest people", "raised wrongly", "share"), roles)
    for row in evaluation["honest_labels_raised"]:
        yield f"{row['label']}: {row['raised']} of {row['people']} people raised"
