"""Shapes on the wire of TAK devices."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, StringConstraints

from bluelamp.spine.relational import Record
from bluelamp.spine.wire import Instant, Question

Label = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)]


class EnrolmentQuestion(Question):
    """`label`: how you call the device."""

    label: Label = ""


class EnrolmentShown(BaseModel):
    """Told once: `token` works for one device, until `expires_at`. `qr` is an SVG picture of `address`, for ATAK's own scanner."""

    id: str
    username: str
    token: str
    host: str
    address: str
    qr: str
    expires_at: Instant


class DeviceShown(BaseModel):
    """`uid` and `call_sign` are as the device calls itself, once it has."""

    id: str
    person: str
    username: str
    name: str
    agency: str
    label: str
    uid: str
    call_sign: str
    enrolled_at: Instant
    expires_at: Instant
    seen_at: Instant | None
    revoked_at: Instant | None

    @classmethod
    def of(cls, row: Record) -> DeviceShown:
        return cls.model_validate({name: row[name] for name in cls.model_fields} | {"uid": row["uid"] or ""})
