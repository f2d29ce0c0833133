"""`bluelamp lists import`, beside a running platform."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from click.testing import CliRunner, Result

from bluelamp.anpr.commands.lists import lists
from bluelamp.app.wiring import open_spine
from bluelamp.kit.ids import new_id
from bluelamp.spine.commands import CommandLine
from tests.support.platform import RunningPlatform


async def run(platform: RunningPlatform, *words: str) -> Result:
    """The command in a thread of its own, since it has a loop of its own."""
    line = CommandLine(open_spine=lambda _settings: open_spine(platform.spine.settings), json=True)
    return await asyncio.to_thread(CliRunner().invoke, lists, words, obj=line)


async def test_a_file_becomes_a_list_and_again_the_same_list(platform: RunningPlatform, tmp_path: Path) -> None:
    file = tmp_path / "wanted.csv"
    file.write_text("vrm,reason,priority,starts,expires,marker,instruction\nAB12 CDE,stolen,high,,,,\nnot a plate!,,,,,,\n")
    name = f"wanted {new_id()}"
    done = json.loads((await run(platform, "import", name, str(file))).output)
    assert (done["imported"], done["updated"], done["rejected"][0]["line"], done["agency"]) == (1, 0, 3, "KEN")
    again = json.loads((await run(platform, "import", name, str(file))).output)
    assert (again["list"], again["imported"], again["updated"]) == (done["list"], 0, 1)
    shown = (await platform.client("supervisor").get(f"/v1/anpr/lists/{done['list']}")).json()
    assert (shown["name"], shown["entries"]) == (name, 1)


async def test_another_agencys_list_and_an_unknown_one(platform: RunningPlatform, tmp_path: Path) -> None:
    file = tmp_path / "wanted.csv"
    file.write_text("vrm\nAB12CDE\n")
    done = json.loads((await run(platform, "import", f"wanted {new_id()}", str(file), "--agency", "IRW")).output)
    assert done["agency"] == "IRW"
    failed = await run(platform, "import", "wanted", str(file), "--agency", "NONE")
    assert failed.exit_code == 1
    assert "no agency with the code" in failed.output


async def test_a_foreign_file_is_refused_with_its_reason(platform: RunningPlatform, tmp_path: Path) -> None:
    file = tmp_path / "foreign.csv"
    file.write_bytes(b"PK\x03\x04")
    failed = await run(platform, "import", f"wanted {new_id()}", str(file))
    assert failed.exit_code == 1
    assert "the first line names the columns" in failed.output
