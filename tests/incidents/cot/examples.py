"""Events as clients write them; people and places are made up."""

from __future__ import annotations

from bluelamp.kit.clock import now_ms, to_rfc3339


def iso(seconds_from_now: float = 0.0, now: int | None = None) -> str:
    return to_rfc3339((now or now_ms()) + round(seconds_from_now * 1000))


def position(uid: str = "ANDROID-0001", call_sign: str = "KILO 1", *, lat: float = 54.3, off_s: float = 0.0, stale_s: float = 120) -> bytes:
    now = now_ms()  # one for all three, or a millisecond may pass between them
    return (
        f'<event version="2.0" uid="{uid}" type="a-f-G-U-C" how="m-g" time="{iso(off_s, now)}" start="{iso(off_s, now)}"'
        f' stale="{iso(off_s + stale_s, now)}"><point lat="{lat}" lon="-2.74" hae="51.2" ce="4.0" le="9999999.0"/><detail>'
        f'<takv device="MODEL" platform="ATAK-CIV" os="34" version="5.1"/><contact endpoint="*:-1:stcp" callsign="{call_sign}"/>'
        f'<__group name="Cyan" role="Team Member"/><status battery="81"/><track speed="2.5" course="181.0"/>'
        f'<uid Droid="{call_sign}"/></detail></event>'
    ).encode()


def chat(uid: str, call_sign: str, text: str, room: str = "All Chat Rooms", *, to: str = "", number: str = "m-1") -> bytes:
    dest = f'<marti><dest callsign="{to}"/></marti>' if to else ""
    return (
        f'<event version="2.0" uid="GeoChat.{uid}.{room}.{number}" type="b-t-f" how="h-g-i-g-o" time="{iso()}" start="{iso()}"'
        f' stale="{iso(86_400)}"><point lat="0" lon="0" hae="9999999" ce="9999999" le="9999999"/><detail>'
        f'<__chat parent="RootContactGroup" groupOwner="false" chatroom="{room}" id="{room}" messageId="{number}"'
        f' senderCallsign="{call_sign}">'
        f'<chatgrp uid0="{uid}" uid1="{room}" id="{room}"/></__chat><link uid="{uid}" type="a-f-G-U-C" relation="p-p"/>'
        f'<remarks source="BAO.F.ATAK.{uid}" to="{room}" time="{iso()}">{text}</remarks>{dest}</detail></event>'
    ).encode()


def emergency(uid: str, call_sign: str) -> bytes:
    return (
        f'<event version="2.0" uid="{uid}-9-1-1" type="b-a-o-tbl" how="m-g" time="{iso()}" start="{iso()}" stale="{iso(60)}">'
        f'<point lat="54.3" lon="-2.74" hae="0" ce="5" le="5"/><detail><link uid="{uid}" type="a-f-G-U-C" relation="p-p"/>'
        f'<contact callsign="{call_sign}-Alert"/><emergency type="911 Alert">{call_sign}</emergency></detail></event>'
    ).encode()
