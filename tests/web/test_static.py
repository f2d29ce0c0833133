"""How the built console is served: which addresses, under which policy, how cached and how large."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import httpx
import pytest

from bluelamp.app.static import PAGES, WEB, accepted, load
from tests.support.platform import RunningPlatform

ROOT = Path(__file__).parents[2]
FIRST_LOAD_BYTES_MAX = 200_000

built = pytest.mark.skipif(not (WEB / "index.html").is_file(), reason="the console is not built: run `make web`")


def test_the_server_and_the_router_know_the_same_pages() -> None:
    router = (ROOT / "web/apps/console/src/shell/router.svelte.ts").read_text()
    theirs = {re.sub(r":(\w+)", r"{\1}", path) for path in re.findall(r"\{ path: '([^']+)'", router)}
    assert theirs == set(PAGES)


@built
async def test_pages_carry_a_policy_that_runs_nothing_from_elsewhere(platform: RunningPlatform) -> None:
    for path in ("/", "/search", "/vehicle/AB12CDE", "/lists/01M7YWYWG6TZGAYWD3EREJXP6H"):
        answer = await platform.client().get(path)
        assert answer.status_code == 200
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert answer.headers["cache-control"] == "no-cache"
    # Nothing inline that the policy would have to allow.
    assert "<script>" not in answer.text
    assert "style=" not in answer.text


@built
async def test_an_address_that_is_no_page_is_a_404_and_not_the_console(platform: RunningPlatform) -> None:
    for path in (
        "/nowhere",
        "/search/a/b",
        "/v1/nowhere",
        "/assets/nothing.js",
        "/assets/..%2f..%2fstatic.py",
        "/assets/%2e%2e/index.html",
    ):
        answer = await platform.client().get(path)
        assert answer.status_code == 404, path
        assert answer.headers["content-type"] == "application/problem+json"


@built
async def test_a_person_who_mistyped_gets_the_console_and_a_404(platform: RunningPlatform) -> None:
    at_a_browser = {"Accept": "text/html,application/xhtml+xml", "If-None-Match": "*", "Accept-Encoding": "gzip"}
    answer = await platform.client().get("/nowhere", headers=at_a_browser)
    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")
    assert answer.text == (await platform.client().get("/")).text
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    for path in ("/v1/nowhere", "/assets/nothing.js"):
        answer = await platform.client().get(path, headers=at_a_browser)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), path


@built
async def test_assets_are_kept_for_ever_and_come_compressed(platform: RunningPlatform) -> None:
    page = (await platform.client().get("/")).text
    asset = re.search(r"/assets/[\w.-]+\.js", page)
    assert asset is not None
    plain = await platform.client().get(asset[0], headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert "immutable" in plain.headers["cache-control"]
    for coding in ("gzip", "br"):
        async with (
            httpx.AsyncClient(base_url=platform.url) as client,
            client.stream("GET", asset[0], headers={"Accept-Encoding": coding}) as answer,
        ):
            assert answer.headers["content-encoding"] == coding
            raw = b"".join([part async for part in answer.aiter_raw()])
        assert len(raw) < len(plain.content) / 2
        if coding == "gzip":
            assert gzip.decompress(raw) == plain.content
    again = await platform.client().get(asset[0], headers={"Accept-Encoding": "identity", "If-None-Match": plain.headers["etag"]})
    assert again.status_code == 304


@built
async def test_the_officers_app_is_installable_and_stays_in_its_place(platform: RunningPlatform) -> None:
    page = await platform.client().get("/officer/")
    assert page.status_code == 200
    assert "unsafe" not in page.headers["content-security-policy"]
    # Only this page may use the camera.
    assert "camera=(self)" in page.headers["permissions-policy"]
    assert "camera=()" in (await platform.client().get("/")).headers["permissions-policy"]
    manifest = await platform.client().get("/officer/manifest.webmanifest")
    assert manifest.headers["content-type"] == "application/manifest+json"
    told = manifest.json()
    assert told["start_url"] == told["scope"] == "/officer/"
    assert told["display"] == "standalone"
    for icon in told["icons"]:
        found = await platform.client().get(icon["src"])
        assert (found.status_code, found.headers["content-type"]) == (200, icon["type"])


@built
async def test_the_service_worker_is_asked_for_anew_and_knows_every_file_of_its_shell(platform: RunningPlatform) -> None:
    worker = await platform.client().get("/officer/sw.js")
    assert worker.status_code == 200
    assert worker.headers["cache-control"] == "no-cache"
    shell = set(re.findall(r'"(/[^"]*)"', worker.text))
    assert {"/officer/", "/lamp.svg"} < shell
    for path in shell:
        assert (await platform.client().get(path)).status_code == 200, path
    assert not any(path.startswith("/v1/") for path in shell)
    # No import and no export: it runs as a classic script everywhere.
    assert not re.search(r"\b(import|export)\b", worker.text)


@built
async def test_no_other_file_is_served_under_the_officers_address(platform: RunningPlatform) -> None:
    for path in ("/officer/index.html", "/officer/assets/nothing.js", "/officer/..%2findex.html", "/officer/nothing"):
        answer = await platform.client().get(path, headers={"Accept": "text/html"})
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), path


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("", "identity"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("br;q=x", "identity"),
        ("zstd", "identity"),
    ],
)
def test_the_best_coding_that_both_know(header: str, coding: str) -> None:
    assert accepted(header, {"identity": b"", "br": b"", "gzip": b""}) == coding


@built
def test_the_first_load_is_small_without_the_map() -> None:
    """Page, entry and its styles, and the Live page with all that it pulls in, less MapLibre's own chunk."""
    files = load(WEB)
    wanted = ["index.html", *re.findall(r"assets/[\w.-]+\.(?:js|css)", files["index.html"].forms["identity"].decode())]
    wanted += [name for name in files if re.match(r"assets/LivePage-", name)]
    # What Live imports, found in its text; MapLibre comes by a dynamic import of `engine` and is not counted.
    for name in list(wanted):
        for found in re.findall(r"[\w-]+-[\w-]{8}\.(?:js|css)", files[name].forms["identity"].decode()):
            path = f"assets/{found}"
            if path in files and name.startswith("assets/LivePage") and not found.startswith(("engine-", "maplibre")):
                wanted.append(path)
    total = sum(len(files[name].forms["gzip"]) for name in set(wanted))
    assert 20_000 < total < FIRST_LOAD_BYTES_MAX


def test_the_lock_holds_no_addresses() -> None:
    lock = json.loads((ROOT / "web/package-lock.json").read_text())
    for name, package in lock["packages"].items():
        assert "://" not in package.get("resolved", ""), name
        assert not name.startswith("node_modules/") or package.get("link") or package.get("integrity"), name


def test_nothing_from_the_server_is_ever_markup() -> None:
    for file in (ROOT / "web").glob("*/*/src/**/*.svelte"):
        text = file.read_text()
        assert "{@html" not in text, file
        assert "innerHTML" not in text, file
        # A style attribute in the text would need a weaker policy; `style:` directives do not.
        assert not re.search(r'\sstyle="', text), file


def test_the_client_was_generated_from_the_checked_in_description() -> None:
    described = set(json.loads((ROOT / "openapi/openapi.json").read_text())["paths"])
    generated = set(re.findall(r'^    "(/[^"]*)": \{$', (ROOT / "web/packages/client/src/schema.d.ts").read_text(), re.MULTILINE))
    assert generated == described
