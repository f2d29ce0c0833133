"""Every question of the history demands a lawful window, which the decision alone may make."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

from bluelamp.anpr.store import evidence, history

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/bluelamp"
HISTORY_TABLES = ("FROM reads_by_plate", "FROM reads_by_camera", "FROM reads_variants", "FROM reads_evidence", "FROM plates ")
ASK_ABOUT_NOBODY = {"retention.py", "travel_times.py"}
"""Rooms of the store that read the history without a person's question: what is deleted, and how long roads take. May only shrink."""
MAKERS = {"anpr/queries/lawful.py"}
"""Who may open a window of the history: the decision alone."""


def test_every_question_of_the_history_demands_a_lawful_window() -> None:
    for room in (history, evidence):
        for name, function in inspect.getmembers(room, inspect.iscoroutinefunction):
            if function.__module__ == room.__name__:
                demanded = [p for p in inspect.signature(function).parameters.values() if p.annotation == "Lawful"]
                assert demanded, f"{room.__name__}.{name} can be asked without a lawful window"
                assert demanded[0].default is inspect.Parameter.empty


def test_no_other_room_asks_the_history() -> None:
    rooms = {f.name for f in (SOURCE / "anpr/store").rglob("*.py") if any(table in f.read_text("utf-8") for table in HISTORY_TABLES)}
    assert rooms - {"history.py", "evidence.py"} <= ASK_ABOUT_NOBODY, "a question about reads belongs in history.py, with a lawful window"


def test_only_the_decision_makes_a_lawful_window() -> None:
    makers = {str(file.relative_to(SOURCE)) for file in SOURCE.rglob("*.py") if _imports_maker(file)}
    assert makers == MAKERS


def _imports_maker(file: Path) -> bool:
    tree = ast.parse(file.read_text("utf-8"))
    imported = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module == "bluelamp.anpr.lawful"]
    return any(alias.name in {"opened", "without_decision", "_SEAL"} for n in imported for alias in n.names)
