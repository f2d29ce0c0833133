"""Serves the built front ends: known page paths get the one page, assets are cached for ever, everything is compressed beforehand.

The console has many paths; the officer's app has one, `/officer/`, and keeps its own behind the `#`.
"""

from __future__ import annotations

import hashlib
import mimetypes
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from fastapi import APIRouter, Request, Response

from bluelamp.spine.errors import NotFoundError
from bluelamp.spine.http import public

WEB = Path(__file__).with_name("web")

PAGES = (
    "/",
    "/incidents",
    "/incidents/wall",
    "/incidents/handovers",
    "/incidents/times",
    "/incidents/{id}",
    "/resources",
    "/search",
    "/search/{id}",
    "/vehicle",
    "/vehicle/{vrm}",
    "/preserved",
    "/lists",
    "/lists/{id}",
    "/cameras",
    "/cameras/{id}",
    "/sources",
    "/sources/{id}",
    "/rejects",
    "/users",
    "/retention",
    "/audit",
    "/reviews",
    "/my-reviews",
    "/transparency",
    "/authority",
    "/authority/{id}",
    "/policy",
    "/account",
    "/handover",
    "/help",
)
"""The console's own paths (web/apps/console/src/shell/router.svelte.ts; a test compares both). Any other address is a 404."""

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""No inline script or style, nothing from elsewhere: text that a camera sent cannot become code."""

IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATED = "no-cache"
CODINGS = (("br", ".br"), ("gzip", ".gz"))
_NOT_BUILT = "<!doctype html><html lang=en-GB><title>Bluelamp</title><p>The console is not built. Run <code>make web</code>."
OFFICER = "officer"
"""The folder of the officer's app in the build, and its place in addresses: its service worker can reach no further."""
OFFICER_FILES = frozenset({"sw.js", "manifest.webmanifest", "icon-192.png", "icon-512.png"})
OFFICER_FEATURES = {"Permissions-Policy": "geolocation=(self), camera=(self), microphone=()"}
"""The app takes pictures; no other page may."""


class StaticFile(NamedTuple):
    """One built file with its compressed forms by content coding; `tag` tells versions apart."""

    media_type: str
    tag: str
    forms: dict[str, bytes]


@lru_cache(maxsize=4)
def load(root: Path) -> dict[str, StaticFile]:
    """All built files by their path below the root (3 MB): nothing is read from disk for a request, nothing else can be."""
    files: dict[str, StaticFile] = {}
    for path in sorted(root.rglob("*")) if root.is_dir() else ():
        if not path.is_file() or path.suffix in {".br", ".gz"} or path.name.startswith("."):
            continue
        content = path.read_bytes()
        forms = {"identity": content}
        for coding, ending in CODINGS:
            squeezed = path.with_name(path.name + ending)
            if squeezed.is_file():
                forms[coding] = squeezed.read_bytes()
        media = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        if media in {"text/javascript", "application/javascript", "text/css", "text/html"}:
            media += "; charset=utf-8"
        files[path.relative_to(root).as_posix()] = StaticFile(media, hashlib.sha256(content).hexdigest()[:20], forms)
    return files


def accepted(header: str, forms: dict[str, bytes]) -> str:
    """The best content coding that the client takes and we have."""
    weights: dict[str, float] = {}
    for part in header.lower().split(","):
        coding, _, parameter = part.strip().partition(";")
        try:
            weights[coding.strip()] = float(parameter.strip().removeprefix("q=") or 1) if parameter else 1.0
        except ValueError:
            weights[coding.strip()] = 0.0
    return next((coding for coding, _ in CODINGS if coding in forms and weights.get(coding, 0.0) > 0), "identity")


def _answer(request: Request, file: StaticFile, caching: str, **headers: str) -> Response:
    coding = accepted(request.headers.get("accept-encoding", ""), file.forms)
    tag = f'"{file.tag}-{coding}"'
    told = {"ETag": tag, "Cache-Control": caching, "Vary": "Accept-Encoding", **headers}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=told)
    if coding != "identity":
        told["Content-Encoding"] = coding
    return Response(file.forms[coding], headers=told | {"Content-Type": file.media_type})


def _page_headers() -> dict[str, str]:
    return {"Content-Security-Policy": PAGE_POLICY, "Referrer-Policy": "same-origin"}


def lost(request: Request, root: Path = WEB) -> Response | None:
    """For a person at a browser who mistyped: the console, which says so and has its navigation. None for programs and doors."""
    page = load(root).get("index.html")
    asks_for_a_page = request.method in {"GET", "HEAD"} and "text/html" in request.headers.get("accept", "")
    if page is None or not asks_for_a_page or request.url.path.startswith(("/v1/", "/assets/", f"/{OFFICER}/")):
        return None
    coding = accepted(request.headers.get("accept-encoding", ""), page.forms)
    told = {"Content-Type": page.media_type, "Cache-Control": "no-store", "Vary": "Accept-Encoding", **_page_headers()}
    return Response(page.forms[coding], 404, headers=told | ({"Content-Encoding": coding} if coding != "identity" else {}))


def _add_officer(router: APIRouter, root: Path) -> None:
    async def officer_page(request: Request) -> Response:
        page = load(root).get(f"{OFFICER}/index.html")
        if page is None:
            return Response(_NOT_BUILT, 503, media_type="text/html", headers={"Cache-Control": "no-store"})
        return _answer(request, page, REVALIDATED, **_page_headers(), **OFFICER_FEATURES)

    async def officer_asset(name: str, request: Request) -> Response:
        file = load(root).get(f"{OFFICER}/assets/{name}")
        if file is None:
            raise NotFoundError("there is no such file; the app may have been upgraded: load it again")
        return _answer(request, file, IMMUTABLE, **_page_headers())

    async def officer_file(name: str, request: Request) -> Response:
        file = load(root).get(f"{OFFICER}/{name}") if name in OFFICER_FILES else None
        if file is None:
            raise NotFoundError("there is no such file in the officer's app")
        # Asked for anew each time: a phone must not run last month's worker.
        return _answer(request, file, REVALIDATED, **_page_headers())

    router.add_api_route("/officer/", officer_page, methods=["GET", "HEAD"], response_model=None)
    router.add_api_route("/officer/assets/{name}", officer_asset, methods=["GET", "HEAD"], response_model=None)
    router.add_api_route("/officer/{name}", officer_file, methods=["GET", "HEAD"], response_model=None)


def make_router(root: Path = WEB) -> APIRouter:
    """The doors of both. All are public: the pages themselves know nothing until somebody signs in."""
    router = APIRouter(include_in_schema=False, dependencies=[public])

    async def console_page(request: Request) -> Response:
        page = load(root).get("index.html")
        if page is None:
            return Response(_NOT_BUILT, 503, media_type="text/html", headers={"Cache-Control": "no-store"})
        return _answer(request, page, REVALIDATED, **_page_headers())

    async def console_asset(name: str, request: Request) -> Response:
        file = load(root).get(f"assets/{name}")
        if file is None:
            raise NotFoundError("there is no such file; the console may have been upgraded: load it again")
        # Scripts of workers carry a policy of their own.
        return _answer(request, file, IMMUTABLE, **_page_headers())

    async def console_icon(request: Request) -> Response:
        file = load(root).get("lamp.svg")
        if file is None:
            raise NotFoundError("the console is not built")
        return _answer(request, file, "public, max-age=86400")

    for path in PAGES:
        router.add_api_route(path, console_page, methods=["GET", "HEAD"], response_model=None)
    router.add_api_route("/assets/{name}", console_asset, methods=["GET", "HEAD"], response_model=None)
    router.add_api_route("/lamp.svg", console_icon, methods=["GET", "HEAD"], response_model=None)
    _add_officer(router, root)
    return router
