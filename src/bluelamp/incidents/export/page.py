"""The readable copy: HTML pages that open in any browser from a folder, without the platform, a network or script."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from html import escape
from typing import Any

from bluelamp.incidents.domain.fold import Event
from bluelamp.incidents.export.times import Times
from bluelamp.incidents.export.words import kind_in_words, place_in_words, said
from bluelamp.kit.clock import to_rfc3339

LOG_PAGE = 2000
"""Events on one page: more make a browser slow."""
_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src 'self' file:; base-uri 'none'">
<title>{title}</title><style>
body{{font:15px/1.45 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#111}}
h1{{font-size:1.5rem}}h2{{font-size:1.15rem;margin-top:2rem;border-bottom:1px solid #bbb}}
table{{border-collapse:collapse;width:100%}}td,th{{text-align:left;vertical-align:top;padding:.25rem .5rem;border-bottom:1px solid #ddd}}
th{{background:#f3f4f5}}td.t{{white-space:nowrap;font-variant-numeric:tabular-nums}}td.w{{white-space:pre-wrap;overflow-wrap:anywhere}}
svg{{width:100%;height:auto;border:1px solid #bbb}}figure{{display:inline-block;margin:.5rem;max-width:320px;vertical-align:top}}
img{{max-width:100%}}figcaption{{font-size:.85rem;overflow-wrap:anywhere}}.m{{color:#555}}@media print{{body{{margin:0;max-width:none}}}}
</style></head><body>
"""
_FOOT = "</body></html>\n"


def e(value: object) -> str:
    return escape(str(value))


def table(heads: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    body = "".join("<tr>" + "".join(f'<td class="w">{e(cell)}</td>' for cell in row) + "</tr>" for row in rows)
    if not body:
        return '<p class="m">None.</p>'
    return "<table><tr>" + "".join(f"<th>{e(head)}</th>" for head in heads) + f"</tr>{body}</table>"


def front(state: dict[str, Any], about: dict[str, str], times: Times, drawing: str) -> str:
    """The first page up to the decisions."""
    title = f"{state['number']} · {state['title']}"
    facts = [
        ("Type, grade", f"{state['type']}, {state['grade']}" + (" · MAJOR INCIDENT" if state["major"] else "")),
        ("Where", place_in_words(state["place"])),
        ("What was known", state["description"]),
        ("Lead", state["lead"]),
        ("State", state["status"] + (f": {state['close_reason']}" if state["close_reason"] else "")),
        ("Debrief", state["debrief"]),
        *about.items(),
    ]
    casualties = [one for one in state["casualties"].values() if not one["struck"]]
    return "".join(
        (
            _HEAD.format(title=e(title)),
            f"<h1>{e(title)}</h1>",
            table(("", ""), [fact for fact in facts if fact[1]]),
            '<p class="m">This is what one agency may see. Whether it is unchanged is told in README.txt.</p>',
            "<h2>Times</h2>",
            _times(times),
            "<h2>Map</h2>",
            drawing,
            f"<h2>Casualties ({len(casualties)})</h2>",
            _casualties(state),
            "<h2>Agencies</h2>",
            table(
                ("Agency", "Since", "Acknowledged", "Their number"),
                [(a["agency"], a["since"], a["acknowledged_at"], a["reference"]) for a in state["agencies"].values()],
            ),
            "<h2>Resources</h2>",
            table(
                ("Call sign", "Agency", "Type", "Task", "Sent", "Released"),
                [
                    (r["call_sign"], r["agency"], r["resource_type"], r["task"], r["assigned_at"], r["released_at"])
                    for r in state["resources"].values()
                ],
            ),
            "<h2>Vehicles</h2>",
            table(
                ("Plate", "Description", "Involvement", "Where"),
                [(v["vrm"], v["description"], v["involvement"], place_in_words(v["place"])) for v in state["vehicles"].values()],
            ),
            "<h2>People</h2>",
            table(
                ("Name", "Role", "Born", "Description"),
                [(p["name"], p["role"], p["born"], p["description"]) for p in state["persons"].values()],
            ),
        )
    )


def _times(times: Times) -> str:
    whole = table(
        ("", "At", "After the call"),
        [
            ("Opened", times.opened_at, ""),
            ("First resource sent", times.first_assigned_at, _after(times.opened_to_assigned_s)),
            ("First at the scene", times.first_at_scene_at, _after(times.opened_to_at_scene_s)),
            ("Closed", times.closed_at, _after(times.opened_to_closed_s)),
        ],
    )
    agencies = table(
        ("Agency", "Told", "Acknowledged after", "Sent after", "On the way for", "Resources"),
        [
            (
                a.agency, a.joined_at, _after(a.joined_to_acknowledged_s), _after(a.joined_to_assigned_s), _after(a.assigned_to_at_scene_s),
                a.resources,
            )
            for a in times.agencies
        ],
    )  # fmt: skip
    emergencies = [(one.raised_at, one.acknowledged_at, _after(one.raised_to_acknowledged_s)) for one in times.emergencies]
    return whole + agencies + (table(("Emergency pressed", "Acknowledged", "After"), emergencies) if emergencies else "")


def _after(seconds: float | None) -> str:
    if seconds is None:
        return ""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _casualties(state: dict[str, Any]) -> str:
    rows = []
    for one in state["casualties"].values():
        history = "\n".join(
            f"{s['at']} {s['by']} ({s['agency']}): {s['what'].replace('_', ' ')} {s['tool']} {s['category']} {s['where']} {s['note']}"
            for s in one["history"]
        )
        label = one["label"] + (f" (struck: {one['struck']})" if one["struck"] else "")
        rows.append((label, one["category"] or "not triaged", place_in_words(one["place"]), one["where"], one["handed_to"], history))
    return table(("Label", "Category", "Found", "Where", "Handed to", "History"), rows)


def decision(event: Event) -> str:
    """One decision in the order of the Joint Decision Model."""
    steps = (
        ("Information and intelligence", "information"), ("Threats, risks and working strategy", "assessment"),
        ("Powers and policies", "powers"), ("Options and contingencies", "options"), ("Action", "action"), ("To be reviewed", "review_at"),
    )  # fmt: skip
    head = f"<h3>{e(event.data['title'])}</h3><p class='m'>{e(_who(event))}, {e(to_rfc3339(event.happened_at))}</p>"
    return head + table(("", ""), [(name, event.data[key]) for name, key in steps if event.data.get(key)])


def figure(media: dict[str, Any], file: str, thumbnail: str) -> str:
    shown = f'<img src="{e(thumbnail)}" alt="{e(media["caption"] or "Picture")}">' if thumbnail else f"<p>{e(media['content_type'])}</p>"
    linked = f'<a href="{e(file)}">{shown}</a>' if file else f'<p class="m">Hidden: {e(media["hidden"])}</p>'
    told = f"{media['caption']} · {media['by']} ({media['agency']}) · {media['taken_at'] or 'time not said'}"
    return f"<figure>{linked}<figcaption>{e(told)}<br><span class='m'>SHA-256 {e(media['sha256'])}</span></figcaption></figure>"


def _who(event: Event) -> str:
    return f"{event.call_sign + ', ' if event.call_sign else ''}{event.name} ({event.agency})"


def log_head() -> str:
    return "<table><tr><th>No.</th><th>Happened</th><th>Who</th><th>What</th><th></th></tr>"


def log_row(event: Event) -> str:
    late = f"\n(kept {to_rfc3339(event.at)})" if event.at - event.happened_at > 60_000 else ""
    only = f"\n(for {', '.join(event.audience)} only)" if event.audience else ""
    return (
        f'<tr><td>{event.sequence}</td><td class="t">{to_rfc3339(event.happened_at)}{late}</td><td>{e(_who(event))}</td>'
        f'<td>{e(kind_in_words(event.kind))}</td><td class="w">{e(said(event))}{e(only)}</td></tr>'
    )


async def log_page(events: AsyncIterator[Event], number: int, pages: int, title: str) -> AsyncIterator[str]:
    """Page `number` of the log; the first belongs to the front page and brings its own head."""
    if number > 1:
        yield _HEAD.format(title=e(f"{title}, log {number} of {pages}")) + f"<h1>{e(title)}: log, page {number} of {pages}</h1>"
    yield log_head()
    async for event in events:
        yield log_row(event)
    links = "".join(f' <a href="{page_name(page)}">{page}</a>' if page != number else f" {page}" for page in range(1, pages + 1))
    yield "</table>" + (f"<p>Pages:{links}</p>" if pages > 1 else "") + _FOOT


def page_name(number: int) -> str:
    return "index.html" if number == 1 else f"log-{number}.html"
