"""A device of others: `pytak` enrols, connects over TLS, and speaks both forms, with its own code and none of ours."""

from __future__ import annotations

import asyncio
from configparser import ConfigParser, SectionProxy
from pathlib import Path
from typing import Any

import aiohttp
import pytak
import pytest
import takproto
from pytak.crypto_classes import CertificateEnrollment

from tests.incidents.cot.examples import position
from tests.incidents.cot.tak import Tak


async def enrolled(tak: Tak, monkeypatch: pytest.MonkeyPatch, folder: Path, username: str) -> SectionProxy:
    """The configuration of a pytak client that has enrolled."""
    told = await tak.enrolment(username)
    given = pytak.parse_tak_url(told["address"])
    assert given["hostname"] == "localhost"
    asked = aiohttp.ClientSession._request

    async def at_our_port(session: Any, method: str, url: str, **more: Any) -> Any:
        # pytak always enrols at 8446, which may be taken on this machine.
        return await asked(session, method, str(url).replace(":8446", f":{tak.doors.ports['enrol']}"), **more)

    monkeypatch.setattr(aiohttp.ClientSession, "_request", at_our_port)
    file = folder / f"{username}.p12"
    await CertificateEnrollment().begin_enrollment(
        given["hostname"], given["username"], given["token"], output_path=str(file), passphrase="swordfish", trust_all=True
    )
    assert file.exists(), "pytak could not enrol"
    config = ConfigParser()
    config["device"] = {
        "COT_URL": f"tls://localhost:{tak.doors.ports['tls']}",
        "PYTAK_TLS_CLIENT_CERT": str(file),
        "PYTAK_TLS_CERT_ENROLLMENT_PASSPHRASE": "swordfish",
        "PYTAK_TLS_DONT_VERIFY": "1",
        "PYTAK_TLS_DONT_CHECK_HOSTNAME": "1",
    }
    return config["device"]


async def test_pytak_enrols_and_is_on_the_same_map(tak: Tak, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = await enrolled(tak, monkeypatch, tmp_path, "officer")
    reader, writer = await pytak.protocol_factory(config)
    received: asyncio.Queue[bytes] = asyncio.Queue()
    sending: asyncio.Queue[bytes] = asyncio.Queue()
    workers = [
        asyncio.create_task(pytak.RXWorker(received, config, reader).run()),
        asyncio.create_task(pytak.TXWorker(sending, config, writer).run()),
    ]
    try:
        async with await tak.device("control") as ours:
            await sending.put(pytak.gen_cot(lat=54.31, lon=-2.7, uid="pytak-1", stale=60, cot_type="a-f-G-U-C"))
            (event,) = await ours.wait("a-f", uid="pytak-1")
            assert event.latitude == 54.31
            ours.send(position("P-console", "CONTROL"))
            async with asyncio.timeout(40):
                while b"P-console" not in (heard := await received.get()):
                    pass
            assert b"CONTROL" in heard
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        writer.close()


async def test_what_takproto_writes_is_heard_and_what_it_hears_it_reads(tak: Tak) -> None:
    async with await tak.device("officer") as theirs, await tak.device("control") as ours:
        await theirs.protobuf()
        theirs.send(bytes(takproto.xml2proto(position("takproto-1", "KILO 7"), takproto.TAKProtoVer.STREAM)))
        (event,) = await ours.wait("a-f", uid="takproto-1")
        assert event.call_sign == "KILO 7"
