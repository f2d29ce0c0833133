"""Every stream has somebody who reads it, and every consumer reads a stream that is there."""

from __future__ import annotations

import ast
from pathlib import Path

from bluelamp.app.wiring import MODULES

READERS = {"consume", "replay"}
SOURCE = Path(__file__).parents[2] / "src/bluelamp"


def streams_read_in(files: list[Path]) -> set[str]:
    """First arguments of calls of `….consume(STREAM, …)` and `….replay(STREAM, …)`, constants resolved."""
    constants, read = {}, set()
    for file in SOURCE.rglob("*.py"):
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
                constants[ast.unparse(node.targets[0])] = node.value.value
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in {"consume", "replay"}
                and node.args
            ):
                first = ast.unparse(node.args[0])
                read.add(constants.get(first, first.strip("'\"")))
    return read


def test_every_stream_has_a_consumer() -> None:
    read = streams_read_in([file for file in SOURCE.rglob("*.py") if "spine" not in file.parts])
    declared = {stream.name for module in MODULES for stream in module.streams}
    assert declared <= read, f"nobody reads {declared - read}"


def test_every_subject_belongs_to_one_stream() -> None:
    roots = [subject.split(".>")[0] for module in MODULES for stream in module.streams for subject in stream.subjects]
    assert len(roots) == len(set(roots))
    assert not [(a, b) for a in roots for b in roots if a != b and b.startswith(a + ".")]


def test_names_of_consumers_and_jobs_are_each_given_once() -> None:
    names = [name for module in MODULES for name in (*module.consumers, *(job.name for job in module.jobs))]
    assert len(names) == len(set(names))
