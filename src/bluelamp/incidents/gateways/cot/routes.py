"""Doors of TAK devices: enrol one, see them, revoke one. What the devices themselves speak to is in `marti/`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from bluelamp.incidents.access import TAK_DEVICES_ENROL
from bluelamp.incidents.gateways.cot.schemas import DeviceShown, EnrolmentQuestion, EnrolmentShown
from bluelamp.incidents.gateways.cot.settings import cot_settings
from bluelamp.incidents.gateways.cot.trust import actions, queries
from bluelamp.spine.http import Caller, Id, SpineHere, permit
from bluelamp.spine.wire import Page

router = APIRouter(prefix="/incidents/tak", tags=["tak"])

Owner = Annotated[Caller, permit(TAK_DEVICES_ENROL)]


@router.post("/enrolments", status_code=201)
async def enrol_device(question: EnrolmentQuestion, spine: SpineHere, caller: Owner) -> EnrolmentShown:
    """A one-time token for one TAK device of yours, good for 15 minutes, with the QR code that ATAK scans. docs/tak.md has the steps."""
    made = await actions.enrol(spine, caller, question.label, cot_settings())
    return EnrolmentShown(
        id=made.id, username=made.username, token=made.token, host=made.host, address=made.link, qr=made.qr,
        expires_at=made.row["expires_at"],
    )  # fmt: skip


@router.get("/devices")
async def list_devices(spine: SpineHere, caller: Owner) -> Page[DeviceShown]:
    """Your TAK devices; in a control room those of your agency. Those in use first."""
    return Page(items=[DeviceShown.of(row) for row in await queries.devices(spine, caller)], next=None)


@router.delete("/devices/{device}", status_code=204)
async def revoke_device(device: Id, spine: SpineHere, caller: Owner) -> None:
    """Revoke a device of yours, or of your agency where you manage those: it is cut off at once, and its certificate opens nothing."""
    await actions.revoke(spine, caller, device)
