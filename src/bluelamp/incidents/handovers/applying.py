"""What another control room says becomes events of an incident: opened, added to, closed. Done twice, it is done once.

What they began is theirs to amend; what we lead is never overwritten by them: it is written into the log, and our people decide.
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from bluelamp.incidents.domain.events import AgencyJoined, Opened, plain
from bluelamp.incidents.domain.places import Place
from bluelamp.incidents.domain.rules import New
from bluelamp.incidents.gateways.message import Coded, HandoverMessage, Where
from bluelamp.incidents.gateways.registry import FORMATS
from bluelamp.incidents.handovers import settling
from bluelamp.incidents.handovers.partner_store import Partner
from bluelamp.incidents.handovers.store import Link
from bluelamp.incidents.log.actions import append, open_incident
from bluelamp.incidents.log.queries import state_now
from bluelamp.incidents.log.store import number_of
from bluelamp.incidents.terms.defaults import MEANINGS, Kind
from bluelamp.incidents.terms.store import terms_of
from bluelamp.kit.ids import encode_base32
from bluelamp.spine.module import Spine

NOT_KNOWN = {"type": "other", "grade": "emergency"}
"""What a word that nobody knows means until somebody has read it: a grade is never taken for less than it may be."""
AMENDED = ("title", "type", "grade", "place", "description", "major")


class Done(NamedTuple):
    """What became of a message; `number` is our own of the incident."""

    outcome: str
    note: str = ""
    number: str = ""
    unclear: str = ""
    """Words of theirs that nobody here knows, and what they were taken for."""


def derived(*parts: str) -> str:
    """An id that follows from what it is for, so that doing it again makes nothing new."""
    return encode_base32(int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[:16], "big"), 26)


async def understood(spine: Spine, agency: str, kind: Kind, told: Coded) -> tuple[str, str]:
    """What their type or grade means to all, by the receiving agency's terms, and their words where that is not clear."""
    terms = await terms_of(spine.db, agency, kind)
    for term in terms:
        if told.code and told.code.casefold() == term.code.casefold():
            return term.meaning, ""
    if told.code in MEANINGS[kind]:
        return told.code, ""
    names = {name.casefold(): meaning for meaning, name in MEANINGS[kind].items()} | {term.name.casefold(): term.meaning for term in terms}
    if meaning := names.get(told.words.casefold()):
        return meaning, ""
    kept = " ".join(part for part in (told.code, told.words) if part)
    return NOT_KNOWN[kind], f"Their {kind}: {kept}" if kept else ""


def _place(where: Where | None) -> Place:
    if where is None:
        return Place(said="not known")
    return Place(said=where.said or ("" if where.point else "not known"), latitude=where.latitude, longitude=where.longitude)


def _hurt(message: HandoverMessage) -> str:
    return ", ".join(f"{category.replace('_', ' ')} {count}" for category, count in message.casualties.items() if count)


async def begin(spine: Spine, partner: Partner, link: Link, message: HandoverMessage, transfer: str) -> Done:
    """Open an incident of ours for theirs."""
    type_meaning, type_words = await understood(spine, partner.owner, "type", message.type)
    grade_meaning, grade_words = await understood(spine, partner.owner, "grade", message.grade)
    now, exercise = spine.clock(), "EXERCISE: " if message.status == "exercise" else ""
    title = message.title or message.type.words or f"Handed over by {partner.name}"
    told = [message.description, type_words, grade_words]
    opened = Opened(
        number="",
        lead=partner.owner,
        title=f"{exercise}{title}"[:200],
        type=type_meaning,
        grade=grade_meaning,
        place=_place(message.place),
        description="\n".join(text for text in told if text)[:4000],
        source="handover",
        reference=message.reference or message.incident,
    )
    share = []
    known = await spine.db.fetchval("SELECT true FROM agencies WHERE code = $1", partner.agency)
    if FORMATS[partner.format].joins and known:
        joined = AgencyJoined(agency=partner.agency, reason=f"handed over by {partner.name}"[:200])
        share = [New(f"{transfer}join", "agency.joined", now, plain(joined))]
    author = settling.platform_for(partner)
    await open_incident(spine, author, opened, incident=link.incident, event=f"{transfer}open", share=share)
    number = await number_of(spine.db, link.incident)
    news = _additions(message, {}, link, transfer, now)
    hurt = _hurt(message)
    log = [f"{partner.name} ({message.reference or 'no number'}) hands over.", f"Casualties there: {hurt}" if hurt else "", message.note]
    news.insert(0, New(f"{transfer}log", "log.written", now, {"text": "\n".join(text for text in log if text)[:4000]}))
    if message.major:
        news.append(New(f"{transfer}major", "incident.amended", now, {"major": True}))
    await append(spine, settling.author_for(partner), link.incident, news, action=settling.RECEIVE)
    taken = [f"{words}: taken as {meaning}" for words, meaning in ((type_words, type_meaning), (grade_words, grade_meaning)) if words]
    return Done("received", f"Received as {number}", number, "; ".join(taken))


async def go_on(spine: Spine, partner: Partner, link: Link, message: HandoverMessage, transfer: str) -> Done:
    """Something new about an incident that both sides know."""
    state, now, last = await state_now(spine, link.incident), spine.clock(), link.last or {}
    news: list[New] = []
    amended = await _amended(spine, partner, message, last) if link.theirs else {}
    if amended:
        news.append(New(f"{transfer}amend", "incident.amended", now, amended))
    news += _additions(message, last, link, transfer, now)
    hurt, before = _hurt(message), last.get("casualties") or {}
    lines = [message.note, f"Casualties there: {hurt}" if hurt and message.casualties != before else ""]
    if not link.theirs:
        lines += _differs(message, last)
    text = "\n".join(line for line in lines if line)
    if text or not news:
        says = f"{partner.name}: {text or 'nothing new'}"
        news.insert(0, New(f"{transfer}log", "log.written", now, {"text": says[:4000]}))
    await append(spine, settling.author_for(partner), link.incident, news, action=settling.RECEIVE)
    if message.reference and not link.theirs:
        await settling.acknowledge(spine, partner, link.incident, message.reference, "", f"{transfer}ack")
    return Done("received", f"Added to {state.number}", state.number)


async def end(spine: Spine, partner: Partner, link: Link, message: HandoverMessage, transfer: str) -> Done:
    """They have closed their side. Ours closes with it only where they began it and none of our resources is still out on it."""
    state, now = await state_now(spine, link.incident), spine.clock()
    reason = message.note or "no reason given"
    working = [one.call_sign for one in state.resources.values() if not one.released_at]
    if link.theirs and state.status == "open" and not working:
        new = New(f"{transfer}close", "incident.closed", now, {"reason": f"Closed by {partner.name}: {reason}"[:500]})
        note = f"{state.number} is closed"
    else:
        still = f" Ours stays open: {', '.join(working[:10])} on it." if working and link.theirs else ""
        new = New(f"{transfer}log", "log.written", now, {"text": f"{partner.name} has closed its side: {reason}.{still}"[:4000]})
        note = f"Noted in {state.number}"
    await append(spine, settling.author_for(partner), link.incident, [new], action=settling.RECEIVE)
    return Done("received", note, state.number)


async def _amended(spine: Spine, partner: Partner, message: HandoverMessage, last: dict[str, Any]) -> dict[str, Any]:
    """What they say otherwise than they did, as our own amendment says it. What they leave out stays."""
    said = message.model_dump(mode="json")
    new = {name for name in AMENDED if said[name] != last.get(name) and said[name] not in ("", None, {"code": "", "words": ""})}
    amended: dict[str, Any] = {name: said[name] for name in new & {"title", "description"}}
    words: list[str] = []
    for kind, told in (("type", message.type), ("grade", message.grade)):
        if kind in new:
            amended[kind], unclear = await understood(spine, partner.owner, "type" if kind == "type" else "grade", told)
            words += [unclear] if unclear else []
    if words:
        amended["description"] = "\n".join(filter(None, (message.description, *words)))[:4000]
    if "place" in new:
        amended["place"] = _place(message.place).model_dump(mode="json", exclude_none=True)
    if "major" in new and (message.major or last.get("major")):
        amended["major"] = message.major
    return amended


def _differs(message: HandoverMessage, last: dict[str, Any]) -> list[str]:
    """In words, for the log of an incident that we lead."""
    found = []
    for name, text in {
        "title": message.title, "type": message.type.words or message.type.code, "grade": message.grade.words or message.grade.code,
        "place": message.place.said if message.place else "", "description": message.description,
    }.items():  # fmt: skip
        before = last.get(name)
        now = message.model_dump(mode="json")[name]
        if text and last and now != before:
            found.append(f"{name.capitalize()} there: {text}")
    return found


def _additions(message: HandoverMessage, last: dict[str, Any], link: Link, transfer: str, now: int) -> list[New]:
    """People and areas that are new or changed. The same person is the same entry, whichever message speaks of them."""
    news = []
    known = message.model_validate(last) if last else None
    for at, person in enumerate(message.persons):
        if known is None or person not in known.persons:
            data = {"person": derived(link.partner, link.shared, "person", person.name or str(at), person.role), **person.model_dump()}
            news.append(New(f"{transfer}p{at}", "person.recorded", now, {key: value for key, value in data.items() if value}))
    for at, area in enumerate(message.areas):
        if known is None or area not in known.areas:
            ring = [[longitude, latitude] for latitude, longitude in area.ring]
            data = {
                "feature": derived(link.partner, link.shared, "area", str(at)), "type": "area", "label": area.label,
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }  # fmt: skip
            news.append(New(f"{transfer}a{at}", "feature.drawn", now, data))
    return news
