"""`bluelamp policy` where no platform runs."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from bluelamp.app.cli import _open_spine, cli
from bluelamp.spine.commands import CommandLine

ASKED = ("--action", "anpr.searches.run", "--purpose", "serious_crime", "--age", "120")


def run(arguments: list[str]) -> Result:
    return CliRunner().invoke(cli, arguments, obj=CommandLine(_open_spine))


def test_policy_explains_itself() -> None:
    told = json.loads(run(["policy", "explain", "--role", "analyst", *ASKED, "--json"]).stdout)
    assert (told["allowed"], told["reach_days"]) == (False, 90)
    assert told["lawful_with"]["authority"] == ["granted", "override"]
    words = run(["policy", "explain", "--role", "analyst", *ASKED, "--authority", "granted"]).stdout
    assert words.startswith("Allowed: ")
    assert run(["policy", "explain", *ASKED]).exit_code == 2


def test_policies_of_an_installation_are_checked_before_use(tmp_path: Path) -> None:
    own = tmp_path / "own.cedar"
    own.write_text('@id("own.a") @because("b") forbid (principal, action, resource);')
    refused = run(["policy", "check", str(tmp_path)])
    assert refused.exit_code == 1
    assert "@lawful_if" in refused.stderr
    own.write_text('@id("own.a") @because("b") @lawful_if("c") forbid (principal, action, resource);')
    assert "own.a" in run(["policy", "check", str(tmp_path)]).stdout
