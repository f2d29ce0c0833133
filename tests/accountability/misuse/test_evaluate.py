"""The measure itself, the weights, and the command on a small simulated year."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bluelamp.accountability.misuse import evaluate, weights
from bluelamp.app.cli import cli
from bluelamp.app.cli.misuse import misuse
from bluelamp.spine.commands import CommandLine
from tests.accountability.misuse.scenes import directory, found, honest, look, written


def run(*arguments: str) -> Any:
    answer = CliRunner().invoke(cli, ["misuse", *arguments, "--json"], obj=CommandLine(lambda _settings: None), catch_exceptions=False)  # type: ignore[arg-type,return-value]
    assert answer.exit_code == 0, answer.output
    return json.loads(answer.stdout)


def test_precision_and_recall_are_counted_by_person_and_kind(tmp_path: Path) -> None:
    planted = [
        look(7, 3, 10, "EXP007", "", label="ex"),
        look(8, 3, 3, "QQ1", "I-1-1", label="never_found"),
        look(9, 3, 10, "EXP009", "", label="honest:asked"),
    ]
    read, detected = found(tmp_path, planted)
    told = evaluate.evaluated(read.looks, detected.cases, 5)
    assert told is not None
    kinds = {kind["kind"]: (kind["planted"], kind["found"]) for kind in told["kinds"]}
    assert kinds == {"ex": (1, 1), "never_found": (1, 0)}
    assert (told["recall"], told["right"], told["cases"]) == (0.5, 1, 2)
    assert told["honest_labels_raised"] == [{"label": "honest:asked", "people": 1, "raised": 1}]
    assert evaluate.measured(read.looks, detected.cases, 5)["people"] == 40


def test_the_command_tells_cases_with_reasons_and_lines(tmp_path: Path) -> None:
    looks = written(tmp_path, "looks.ndjson", [*honest(), look(7, 3, 10, "EXP007", ""), "broken"])
    known = written(tmp_path, "directory.ndjson", directory())
    answer = run("evaluate", str(looks), "--directory", str(known))
    (case,) = answer["cases"]
    assert case["person"] == "p07"
    assert case["lines"] == [len(honest()) + 1]
    assert "former partner" in case["reasons"][0]["why"]
    assert answer["evaluation"] is None
    assert answer["read"]["bad_lines"]["first"][0]["line"] == len(honest()) + 2


def test_the_command_speaks_to_people(tmp_path: Path) -> None:
    looks = written(tmp_path, "looks.ndjson", [*honest(), look(7, 3, 10, "DR1PFED", "", label="drip"), "broken"])
    known = written(
        tmp_path, "directory.ndjson", [*directory(), {"kind": "relative", "person": "p07", "subject": "DR1PFED", "relation": "cousin"}]
    )
    answer = CliRunner().invoke(misuse, ["evaluate", str(looks), "--directory", str(known)], obj=CommandLine(lambda _s: None))  # type: ignore[arg-type,return-value]
    assert answer.exit_code == 0, answer.output
    for words in ("1. p07", "person who looked (cousin)", "| drip", "Precision 100%", "line", "minutes a week"):
        assert words in answer.output


def test_reviews_move_weights_within_bounds_only() -> None:
    taught = weights.taught(weights.DEFAULT, {"relative": (0, 10_000), "colleague": (10_000, 0), "no_such": (1, 1)})
    assert taught.of("relative") == pytest.approx(weights.DEFAULT.of("relative") * weights.FEEDBACK_LEAST)
    assert taught.of("colleague") <= weights.WEIGHT_MAX
    assert taught.of("off_shift") == weights.DEFAULT.of("off_shift")
    few = weights.taught(weights.DEFAULT, {"relative": (0, 1)})
    assert few.of("relative") > 0.9 * weights.DEFAULT.of("relative")


def test_a_strict_reviewer_does_not_silence_the_detector() -> None:
    everything = weights.taught(weights.DEFAULT, dict.fromkeys(weights.WEIGHTS, (1, 99)))
    assert all(everything.of(name) > 0.9 * weight for name, weight in weights.WEIGHTS.items())


@pytest.mark.parametrize("text", ['{"signals":{"unicorn":0.5}}', '{"signals":{"relative":2}}', "[]", "{"])
def test_weights_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "weights.json"
    file.write_text(text)
    with pytest.raises(ValueError):
        weights.read(file)


@pytest.mark.heavy
def test_a_simulated_year_is_judged_well_enough(tmp_path: Path) -> None:
    """Small, on a seed that nothing was tuned on; docs/misuse.md has the figures at full size."""
    run("simulate", str(tmp_path / "year"), "--users", "400", "--seed", "41")
    answer = run("evaluate", str(tmp_path / "year/looks.ndjson"), "--directory", str(tmp_path / "year/directory.ndjson"))
    assert answer["read"]["bad_lines"]["count"] == answer["read"]["directory_bad_lines"]["count"] == 0
    assert answer["evaluation"]["recall"] >= 0.85
    assert answer["cost"]["minutes_a_week_per_1000_people"] < 30
