"""docs/threat-model.md is kept: every boundary has all six threats, and every test it names exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "docs/threat-model.md"
NODE = re.compile(r"`(tests/[\w/]+\.py::[\w:]+)`")
ROW = re.compile(r"^\| ([STRIDE]) \|(.*)\|$", re.MULTILINE)


@cache
def names_of_tests(file: Path) -> frozenset[str]:
    """Names of the tests of a file, as pytest would give them, without running anything."""
    if not file.is_file():
        return frozenset()
    found: set[str] = set()
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{below.name}" for below in node.body if isinstance(below, (ast.FunctionDef, ast.AsyncFunctionDef))}
    return frozenset(name for name in found if name.split("::")[-1].startswith("test_"))


def missing(text: str, root: Path = ROOT) -> list[str]:
    named = NODE.findall(text)
    return sorted({node for node in named if node.partition("::")[2] not in names_of_tests(root / node.partition("::")[0])})


def boundaries(text: str) -> dict[str, str]:
    parts = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    return {part.partition("\n")[0]: part for part in parts if "→" in part.partition("\n")[0]}


def test_every_test_it_names_exists() -> None:
    gone = missing(MODEL.read_text("utf-8"))
    assert not gone, f"docs/threat-model.md names tests that are not there: name those that took their place: {gone}"


def test_every_boundary_has_all_six_threats_each_with_a_test() -> None:
    found = boundaries(MODEL.read_text("utf-8"))
    assert len(found) >= 8
    for name, part in found.items():
        rows = ROW.findall(part)
        assert [letter for letter, _ in rows] == list("STRIDE"), name
        assert all(NODE.search(row) for _, row in rows), f"{name}: a mitigation without a test"


def test_a_test_that_is_not_there_is_told() -> None:
    own = "tests/house/test_threat_model.py"
    assert missing(f"`{own}::test_every_test_it_names_exists` `{own}::test_nothing` `tests/nowhere.py::test_x`") == [
        f"{own}::test_nothing",
        "tests/nowhere.py::test_x",
    ]
