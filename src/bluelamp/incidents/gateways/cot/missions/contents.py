"""What devices put into a mission and take out of it: always as events of the incident, by whoever carries the device."""

from __future__ import annotations

from bluelamp.incidents.access import INCIDENTS_CONTRIBUTE
from bluelamp.incidents.authors import author_of
from bluelamp.incidents.domain.events import FeatureRemoved, LogWritten, MediaHidden, plain
from bluelamp.incidents.domain.rules import New
from bluelamp.incidents.domain.state import IncidentState
from bluelamp.incidents.gateways.cot.joining import reading
from bluelamp.incidents.gateways.cot.missions import store
from bluelamp.incidents.gateways.cot.missions.errors import NotRemovedError
from bluelamp.incidents.gateways.cot.wire.event import CotEvent
from bluelamp.incidents.log.actions import Result, append
from bluelamp.kit.ids import new_id
from bluelamp.spine.errors import ForbiddenError, NotFoundError
from bluelamp.spine.http import Caller
from bluelamp.spine.module import Spine

REASON = "removed on a TAK device"


async def say(spine: Spine, caller: Caller, device: str, incident: str, news: list[New]) -> list[Result]:
    """Keep events of the log in the name of who carries the device.

    Raises:
        ForbiddenError: they may look only.
        NoSuchIncidentError: they do not see it any more.
    """
    if not caller.may(INCIDENTS_CONTRIBUTE):
        raise ForbiddenError("your roles let you look at incidents and not add to them", permission=INCIDENTS_CONTRIBUTE)
    return await append(spine, await author_of(spine, caller, device), incident, news)


async def remember(spine: Spine, event: CotEvent, news: list[New]) -> None:
    """What devices call a drawing, and of which type it is there."""
    if event.uid.startswith(reading.OURS):
        return
    for new in news:
        if new.kind == "feature.drawn":
            await store.call(spine.db, new.data["feature"], store.Alias(event.uid, event.type))


async def remove_marker(spine: Spine, caller: Caller, device: str, state: IncidentState, uid: str) -> None:
    """Take a drawing out of the incident. What may not be deleted stays, and the log says who wanted it gone.

    Raises:
        NotFoundError: there is nothing of this uid.
        NotRemovedError: it stays.
    """
    feature = reading.feature_of(uid)
    if feature in state.features:
        new = New(new_id(), "feature.removed", spine.clock(), plain(FeatureRemoved(feature=feature, reason=REASON)))
        (result,) = await say(spine, caller, device, state.id, [new])
        if result.state == "refused":
            raise NotRemovedError(result.message)
        return
    casualty = state.casualties.get(uid.removeprefix("bluelamp-c-"))
    if casualty is None and uid != f"bluelamp-i-{state.id}":
        raise NotFoundError("the incident has no marker of this uid")
    await _stays(spine, caller, device, state, f"casualty {casualty.label}" if casualty is not None else "the scene")


async def remove_media(spine: Spine, caller: Caller, device: str, state: IncidentState, sha256: str) -> None:
    """Hide a picture, film or document; the original stays. One that is another's to hide stays shown, and the log says who asked.

    Raises:
        NotFoundError: there is nothing of this hash.
        NotRemovedError: it stays.
    """
    found = [one for one in state.media.values() if one.sha256 == sha256 and not one.hidden]
    found = [one for one in found if not one.audience or caller.agency in one.audience]
    if not found:
        raise NotFoundError("the incident has no attachment of this hash")
    news = [New(new_id(), "media.hidden", spine.clock(), plain(MediaHidden(media=one.id, reason=REASON))) for one in found]
    results = await say(spine, caller, device, state.id, news)
    if any(result.state == "refused" for result in results):
        await _stays(spine, caller, device, state, f"the picture {found[0].caption or found[0].id}")


async def _stays(spine: Spine, caller: Caller, device: str, state: IncidentState, what: str) -> None:
    word = LogWritten(text=f"{caller.name} wanted to remove {what} on a TAK device; it stays")
    await say(spine, caller, device, state.id, [New(new_id(), "log.written", spine.clock(), plain(word))])
    raise NotRemovedError(f"{what} is not removed from a device; the incident's log says that you asked for it")
