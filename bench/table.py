"""What every bench gives back and how it is printed."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One figure: what was measured, what came out, what it is held against, and the ratio of the two."""

    what: str
    measured: str
    against: str
    ratio: str
    target: str = ""
    reached: bool | None = None


def show(title: str, rows: list[Row]) -> str:
    """A Markdown table, so that docs/benchmarks.md can hold it as it was printed."""
    head = ("what", "measured", "against", "ratio", "target", "reached")
    body = [(*row[:5], {True: "yes", False: "NO", None: ""}[row.reached]) for row in rows]
    widths = [max(len(str(line[at])) for line in (head, *body)) for at in range(len(head))]
    lines = [" | ".join(str(cell).ljust(width) for cell, width in zip(line, widths, strict=True)) for line in (head, *body)]
    rule = " | ".join("-" * width for width in widths)
    return "\n".join([f"## {title}", "", f"| {lines[0]} |", f"| {rule} |", *(f"| {line} |" for line in lines[1:]), ""])


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")
