"""Devices: enrolled with a one-time token, known by certificate, bound to their uid, cut off when revoked."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from bluelamp.incidents.gateways.cot.trust import store
from bluelamp.incidents.gateways.cot.trust.authority import Authority
from bluelamp.incidents.gateways.cot.trust.errors import AuthorityError
from bluelamp.spine.identity.store import announce
from tests.incidents.conftest import IncidentRoom
from tests.incidents.cot.device import Device
from tests.incidents.cot.examples import chat, emergency, position
from tests.incidents.cot.tak import Tak, client_context, request
from tests.support.incident_load import until


async def closed(device: Device) -> bool:
    async with asyncio.timeout(40):
        await device.closed.wait()
    return True


async def entries(tak: Tak, action: str, kind: str) -> int:
    found = await tak.platform.spine.db.fetchval("SELECT count(*) FROM audit_entries WHERE action = $1 AND kind = $2", action, kind)
    return int(found)


async def test_a_device_enrols_connects_and_is_on_record(tak: Tak) -> None:
    told = await tak.enrolment("officer", "blue phone")
    link = urlsplit(told["address"])
    assert (link.scheme, link.netloc, link.path) == ("tak", "com.atakmap.app", "/enroll")
    assert parse_qs(link.query) == {"host": ["localhost"], "username": ["officer"], "token": [told["token"]]}
    assert told["qr"].startswith("<svg")
    async with tak.enrolling("officer", told["token"]) as client:
        config = await client.get("/Marti/api/tls/config")
        assert b'name="O"' in config.content
    before = await entries(tak, "incidents.tak_devices.connect", "consultation")
    async with await tak.device("officer") as one, await tak.device("control") as other:
        one.send(position("P-officer", "KILO 1"))
        await other.wait("a-f", uid="P-officer")
        assert await entries(tak, "incidents.tak_devices.connect", "consultation") == before + 2
        await until(lambda: bound(tak, "P-officer"), "its uid is known")
    listed = (await tak.platform.client("officer").get("/v1/incidents/tak/devices")).json()["items"]
    assert (listed[0]["uid"], listed[0]["call_sign"], listed[0]["agency"]) == ("P-officer", "KILO 1", "KEN")


async def device_of(tak: Tak, uid: str) -> str:
    """Id of the device that a uid belongs to; empty: none."""
    return next((str(row["id"]) for row in await store.uids(tak.platform.spine.db) if row["uid"] == uid), "")


async def bound(tak: Tak, uid: str, *, before: str = "") -> bool:
    """Whether a uid belongs to a device, another than before."""
    return await device_of(tak, uid) not in {"", before}


async def test_a_token_works_once_and_for_its_owner_only(tak: Tak) -> None:
    told = await tak.enrolment("officer")
    _, body = request()
    assert (await tak.sign("control", told["token"], body)).status_code == 401
    assert (await tak.sign("officer", told["token"] + "x", body)).status_code == 401
    assert (await tak.sign("officer", told["token"], b"no request")).status_code == 422, "a mistake does not use it up"
    assert (await tak.sign("officer", told["token"], b"x" * 40_000)).status_code == 413
    signed = await tak.sign("officer", told["token"], body, Accept="application/xml")
    assert b"<signedCert>" in signed.content
    again = await tak.sign("officer", told["token"], body)
    assert (again.status_code, again.json()["code"]) == (401, "enrolment_refused")
    assert again.headers["www-authenticate"].startswith("Basic")


async def test_an_older_client_has_its_certificate_as_pkcs12(tak: Tak) -> None:
    told = await tak.enrolment("officer")
    key, body = request()
    async with tak.enrolling("officer", told["token"]) as client:
        answer = await client.post("/Marti/api/tls/signClient?clientUid=x&version=3", content=body)
        again = await client.post("/Marti/api/tls/signClient?clientUid=x&version=3", content=body)
    assert again.status_code == 401, "a token works once, whichever version asks"
    bundle = pkcs12.load_pkcs12(answer.content, b"atakatak")
    assert bundle.key is None
    named = {one.friendly_name: one.certificate for one in bundle.additional_certs}
    assert named.keys() == {b"signedCert", b"ca0"}
    signed = named[b"signedCert"].public_bytes(serialization.Encoding.PEM).decode()
    context = client_context(tak.doors, key, "".join(signed.splitlines(keepends=True)[1:-1]).strip())
    async with Device.at(tak.doors.ports["tls"], context) as device:
        await device.wait("t-x-takp-v")


async def test_a_token_is_over_after_its_time(tak: Tak) -> None:
    told = await tak.enrolment("officer")
    await tak.platform.spine.db.execute("UPDATE cot_enrolments SET expires_at = now() WHERE id = $1", told["id"])
    assert (await tak.sign("officer", told["token"], request()[1])).status_code == 401


async def test_wrong_tokens_are_answered_ever_less(tak: Tak) -> None:
    answers = []
    while 429 not in answers and len(answers) < 50:  # two minutes of the clock may take part in it
        answers.append((await tak.sign("officer", "guess", b"x")).status_code)
    assert set(answers) == {401, 429}


async def test_the_certificate_says_who_it_is_for_whatever_was_asked(tak: Tak) -> None:
    told = await tak.enrolment("officer")
    signed = (await tak.sign("officer", told["token"], request()[1])).json()["signedCert"]
    certificate = x509.load_pem_x509_certificate(f"-----BEGIN CERTIFICATE-----\n{signed}\n-----END CERTIFICATE-----\n".encode())
    subject = {attribute.oid: attribute.value for attribute in certificate.subject}
    assert subject[x509.NameOID.COMMON_NAME] == "officer"
    assert subject[x509.NameOID.ORGANIZATION_NAME] == "KEN"
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


async def test_nobody_comes_in_without_a_certificate_of_ours(tak: Tak) -> None:
    trusting = ssl.create_default_context(cadata=tak.doors.authority.pem.decode())
    async with Device.at(tak.doors.ports["tls"], trusting) as device:
        assert await closed(device)
        assert not device.events


async def test_a_revoked_device_is_cut_off_at_once_and_stays_out(tak: Tak) -> None:
    context = await tak.context("officer")
    async with Device.at(tak.doors.ports["tls"], context) as device:
        await device.wait("t-x-takp-v")
        client = tak.platform.client("officer")
        (mine, *_) = (await client.get("/v1/incidents/tak/devices")).json()["items"]
        assert (await tak.platform.client("officer2").delete(f"/v1/incidents/tak/devices/{mine['id']}")).status_code == 404
        assert (await client.delete(f"/v1/incidents/tak/devices/{mine['id']}")).status_code == 204
        assert await closed(device)
    before = await entries(tak, "incidents.tak_devices.connect", "refusal")
    async with Device.at(tak.doors.ports["tls"], context) as device:
        assert await closed(device)
    assert await entries(tak, "incidents.tak_devices.connect", "refusal") == before + 1


async def test_who_has_left_the_force_is_cut_off_at_once(tak: Tak) -> None:
    db = tak.platform.spine.db
    async with await tak.device("paramedic") as device:
        await device.wait("t-x-takp-v")
        try:
            async with db.transaction() as connection:
                person = await connection.fetchval("UPDATE users SET active = false WHERE username = 'paramedic' RETURNING id")
                await announce(connection, person)
            assert await closed(device)
        finally:
            async with db.transaction() as connection:
                await connection.execute("UPDATE users SET active = true WHERE username = 'paramedic'")
                await announce(connection, person)


async def test_the_audit_names_the_address_whatever_has_changed_since_it_came(tak: Tak) -> None:
    async with await tak.device("officer") as device:
        await device.wait("t-x-takp-v")
        ((client, came),) = tak.doors.gateway.present()
        await tak.doors.keeper.again()
        assert tak.doors.gateway.present()[0][0] is client
        now = tak.doors.gateway.present()[0][1]
        assert came.caller is not None
        assert now.caller is not None
        assert came.caller.device.startswith("127.0.0.1 TAK")
        assert now.caller.actor == came.caller.actor


async def test_another_agencys_devices_hear_nothing(tak: Tak) -> None:
    own = await IncidentRoom(tak.platform).resource()
    crewed = await tak.platform.client("officer").put("/v1/incidents/me/resource", json={"resource": own["id"]})
    assert crewed.status_code < 300, "on no incident that others share"
    async with await tak.device("officer") as police, await tak.device("firefighter") as fire:
        police.send(position("P-officer-2"), chat("P-officer-2", "KILO 1", "police only"), emergency("P-officer-2", "KILO 1"))
        await police.settled()
        await fire.settled()
        assert not [event for event in fire.events if "P-officer-2" in event.uid]


@pytest.mark.parametrize(
    "forged",
    [
        position("P-own", "KILO 1"),
        position("P-own-9-1-1", "KILO 1").replace(b'type="a-f-G-U-C"', b'type="b-a-o-tbl"'),
        emergency("P-own", "KILO 1").replace(b'uid="P-own-9-1-1"', b'uid="other"', 1),
        chat("P-own", "KILO 1", "send money"),
    ],
    ids=["position", "emergency", "emergency by link", "chat"],
)
async def test_a_forged_uid_is_refused_and_on_record(tak: Tak, forged: bytes) -> None:
    before = await entries(tak, "incidents.tak_devices.speak", "refusal")
    async with await tak.device("officer") as owner, await tak.device("control") as forger, await tak.device("supervisor") as viewer:
        owner.send(position("P-own", "KILO 1"))
        await viewer.wait("a-f", uid="P-own")
        heard = len(viewer.events)
        forger.send(forged)
        await viewer.settled(forger)
        assert not [event.uid for event in viewer.events[heard:] if "P-own" in event.uid or event.uid == "other"]

        async def on_record() -> bool:
            return await entries(tak, "incidents.tak_devices.speak", "refusal") == before + 1

        await until(on_record, "the refusal is on record, once")


async def test_a_marker_is_not_taken_for_the_device_itself(tak: Tak) -> None:
    marker = position("marker-1").replace(b'how="m-g"', b'how="h-g-i-g-o"')
    async with await tak.device("officer") as one, await tak.device("control") as viewer:
        one.send(marker, position("P-marker"))
        await viewer.wait("a-f", uid="P-marker")
        await until(lambda: bound(tak, "P-marker"), "its uid is known")
        assert not await bound(tak, "marker-1")


async def test_a_person_who_enrols_anew_keeps_their_uid(tak: Tak) -> None:
    async with await tak.device("officer") as old, await tak.device("control") as viewer:
        old.send(position("P-same"))
        await viewer.wait("a-f", uid="P-same")
        await until(lambda: bound(tak, "P-same"), "its uid is known")
        first = await device_of(tak, "P-same")
    async with await tak.device("officer") as new, await tak.device("control") as viewer:
        new.send(position("P-same"))
        await viewer.wait("a-f", uid="P-same")
        await until(lambda: bound(tak, "P-same", before=first), "it is the new device's")
        assert sum(row["uid"] == "P-same" for row in await store.uids(tak.platform.spine.db)) == 1


async def test_two_hundred_who_join_at_once_do_not_starve_who_is_there(tak: Tak) -> None:
    context = await tak.context("officer")
    async with await tak.device("control") as one, await tak.device("supervisor") as other:
        await one.wait("t-x-takp-v")
        arriving = [asyncio.create_task(_come_and_go(tak, context)) for _ in range(200)]
        for n in range(20):
            one.send(position("P-control", lat=50 + n / 100))
            await asyncio.sleep(0.02)
        await other.wait("a-f", uid="P-control", like=lambda event: event.latitude == 50.19)  # the newest
        assert all(await asyncio.gather(*arriving))


async def _come_and_go(tak: Tak, context: ssl.SSLContext) -> bool:
    async with Device.at(tak.doors.ports["tls"], context) as device:
        await device.wait("t-x-takp-v")
    return True


class TestAuthority:
    def test_it_is_kept_between_starts(self, tmp_path: Path) -> None:
        folder = tmp_path
        first, again = Authority.load(folder, ""), Authority.load(folder, "")
        assert first.pem == again.pem
        assert (folder / "secrets/cot-authority.pem").stat().st_mode & 0o777 == 0o600
        assert Authority.load(folder, (folder / "secrets/cot-authority.pem").read_text()).pem == first.pem

    @pytest.mark.parametrize("given", ["nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])
    def test_what_is_no_authority_is_told(self, tmp_path: Path, given: str) -> None:
        with pytest.raises(AuthorityError):
            Authority.load(tmp_path, given)
