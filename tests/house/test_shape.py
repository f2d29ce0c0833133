"""The shape of the code: who may import whom, and how long files and functions are. The lists of exceptions may only shrink."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/bluelamp"
FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
LONG_FUNCTIONS: set[str] = set()


def test_imports_keep_their_direction() -> None:
    # In a process of its own: it turns off the loggers of the one it runs in.
    program = str(Path(sys.executable).with_name("lint-imports"))
    run = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def code() -> list[Path]:
    return [file for folder in (SOURCE, ROOT / "tests", ROOT / "bench") for file in sorted(folder.rglob("*.py"))]


def test_no_file_is_too_long() -> None:
    long = {str(f.relative_to(ROOT)): n for f in code() if (n := len(f.read_text("utf-8").splitlines())) > FILE_LINES_MAX}
    assert not long, f"over {FILE_LINES_MAX} lines: {long}"


def test_no_function_is_too_long() -> None:
    long = {}
    for file in code():
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > FUNCTION_LINES_MAX:
                    long[f"{file.relative_to(ROOT)}:{node.name}"] = lines
    assert long.keys() <= LONG_FUNCTIONS, f"over {FUNCTION_LINES_MAX} lines: {long}"
    assert long.keys() >= LONG_FUNCTIONS, "some got shorter: take them off the list"


def test_files_are_small_on_the_whole() -> None:
    assert statistics.median(len(f.read_text("utf-8").splitlines()) for f in SOURCE.rglob("*.py")) <= 120


FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "manager", "misc", "models"}


def test_files_are_named_after_what_they_hold() -> None:
    assert not [str(f.relative_to(ROOT)) for f in code() if f.stem in FORBIDDEN_NAMES or f.parent.name in FORBIDDEN_NAMES]


def test_modules_say_what_they_are_for() -> None:
    silent = [
        str(f.relative_to(ROOT))
        for f in SOURCE.rglob("*.py")
        if (tree := ast.parse(f.read_text("utf-8"))).body and f.name != "__init__.py" and not ast.get_docstring(tree)
    ]
    assert not silent
