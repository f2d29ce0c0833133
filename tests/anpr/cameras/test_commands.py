"""`bluelamp sources` and `bluelamp cameras` beside a running platform, as ICT and programs call them."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import sys
from pathlib import Path
from typing import Any

from bluelamp.kit.ids import new_id
from tests.support.platform import RunningPlatform


async def bluelamp(platform: RunningPlatform, *arguments: str) -> tuple[int, str, str]:
    settings = platform.spine.settings
    urls = {f"BLUELAMP_{name.upper()}": getattr(settings, name) for name in ("database_url", "nats_url", "columnar_url", "blobs_url")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bluelamp.app.cli", *arguments,
        env=os.environ | urls, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def told(platform: RunningPlatform, *arguments: str) -> Any:
    code, out, err = await bluelamp(platform, *arguments, "--json")
    assert code == 0, err
    return json.loads(out)


async def test_a_source_and_its_cameras_by_command(platform: RunningPlatform, tmp_path: Path) -> None:
    name = f"gantry {new_id()}"
    made = await told(
        platform, "sources", "add", name, "--agency", "KEN", "--format", "genetec", "--timezone", "Europe/London", "--date-order", "dmy"
    )
    assert set(made) == {"id", "key"}
    shown = (await platform.client("admin").get(f"/v1/anpr/sources/{made['id']}")).json()
    assert (shown["agency"], shown["format"], shown["timezone"], shown["date_order"]) == ("KEN", "genetec", "Europe/London", "dmy")

    table = tmp_path / "cameras.csv"
    table.write_text(
        "external_id,name,agency,source,latitude,longitude,road,bearing\n"
        f"G1,North,KEN,{name},54.3,-2.7,A6,90\nG2,South,NOBODY,{name},54.3,-2.7,A6,90\n"
    )
    done = await told(platform, "cameras", "import", str(table))
    assert (done["imported"], done["updated"]) == (1, 0)
    assert [(row["line"], row["code"]) for row in done["rejected"]] == [(3, "unknown_agency")]
    code, out, _ = await bluelamp(platform, "cameras", "import", str(table))
    assert code == 0
    assert "0 cameras registered, 1 updated, 1 rows refused." in out
    assert "line 3: there is no agency" in out

    exported = tmp_path / "all.csv"
    await told(platform, "cameras", "export", str(exported))
    assert [row["external_id"] for row in csv.DictReader(exported.open()) if row["source"] == name] == ["G1"]
    assert name in [source["name"] for source in (await told(platform, "sources", "list"))["items"]]


async def test_a_mistake_ends_with_its_message(platform: RunningPlatform, tmp_path: Path) -> None:
    code, _, err = await bluelamp(platform, "sources", "add", "x", "--agency", "NOBODY", "--format", "native")
    assert code == 1
    assert "there is no agency with the code" in err
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    code, _, err = await bluelamp(platform, "cameras", "import", str(empty))
    assert code == 1
    assert "the file is empty" in err
