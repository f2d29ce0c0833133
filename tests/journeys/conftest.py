"""A real browser in front of a running platform, with accounts, a camera and a list of its own."""

from __future__ import annotations

import base64
import io
import shutil
from collections.abc import AsyncIterator, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect
from playwright.async_api import Error as PlaywrightError

from bluelamp.app.static import WEB
from bluelamp.kit.clock import now_ms, to_rfc3339
from bluelamp.kit.ids import new_id
from bluelamp.spine.identity import actions
from tests.support.platform import RunningPlatform

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
SWITCHES = [
    "--headless",
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-unsafe-swiftshader",
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PASSWORD = "correct-kettle-staple-{}"
ROLES = {"control": ["control"], "supervisor": ["supervisor"], "admin": ["admin"], "auditor": ["auditor"], "officer": ["officer"]}


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    if not CHROMIUM:
        pytest.skip("Chromium is not installed")
    if not (WEB / "index.html").is_file():
        pytest.skip("the console is not built: run `make web`")
    expect.set_options(timeout=15_000)  # a page of a busy machine takes its time
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield running
        await running.close()


def picture(width: int, height: int) -> str:
    """A small JPEG in base64."""
    content = io.BytesIO()
    Image.new("RGB", (width, height), (200, 180, 20)).save(content, "JPEG")
    return base64.b64encode(content.getvalue()).decode()


@dataclass
class Room:
    """What a journey has to itself: accounts with passwords, one camera with its key, one list."""

    platform: RunningPlatform
    browser: Browser
    mark: str
    camera_name: str
    camera: str
    key: str
    list_id: str
    passwords: dict[str, str]
    usernames: dict[str, str]
    complaints: list[str] = field(default_factory=list)
    """Errors that pages logged and where; the journeys check that there are none."""
    contexts: list[BrowserContext] = field(default_factory=list)

    async def list_mark(self, mark: str, **fields: Any) -> None:
        entry = {"vrm": mark, "reason": "Linked to a shooting", "priority": "high"} | fields
        answer = await self.platform.client("supervisor").post(f"/v1/anpr/lists/{self.list_id}/entries", json=entry)
        assert answer.status_code == 201, answer.text

    async def see(self, mark: str, ago_ms: int = 0, **fields: Any) -> None:
        item = {
            "camera": self.camera,
            "vrm": mark,
            "captured_at": to_rfc3339(now_ms() - ago_ms),
            "confidence": 0.95,
            "plate_image": picture(120, 30),
            "overview_image": picture(320, 180),
        } | fields
        answer = await self.platform.client().post("/v1/anpr/intake/native", json=item, headers={"Authorization": f"Bearer {self.key}"})
        assert answer.status_code == 202, answer.text
        assert answer.json()["rejected"] == [], answer.text

    async def page(self, width: int = 1440, height: int = 900, scheme: Any = "light", at: str = "") -> Page:
        """A page of a browser that nobody has used; what it complains of is kept. `at`: another address of the platform."""
        context = await self.browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, base_url=at or self.platform.url
        )
        self.contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._heard)
        return page

    def _heard(self, said: ConsoleMessage) -> None:
        # Asking who is signed in answers 401 where nobody is: that is how the sign-in page comes up.
        # The same of the live line, where the session has just been locked or ended.
        if said.type == "error" and "status of 401" not in said.text and "HTTP Authentication failed" not in said.text:
            self.complaints.append(f"{said.text} ({said.location['url']})")

    async def signed_in(self, role: str, **look: Any) -> Page:
        return await self.enter(await self.page(**look), self.usernames[role], self.passwords[role])

    async def enter(self, page: Page, username: str, password: str) -> Page:
        await page.goto("/")
        await page.get_by_label("Username").fill(username)
        await page.locator("#password").fill(password)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("main").get_by_role("heading", level=1).wait_for()
        await page.locator("header").wait_for()
        return page

    async def described(self) -> str:
        """What every page shows and what was complained of: a journey that failed elsewhere is understood from this."""
        lines = [f"complaint: {said}" for said in self.complaints]
        for page in [page for context in self.contexts for page in context.pages]:
            try:
                shown = await page.locator("body").aria_snapshot(timeout=5_000)
            except PlaywrightError as error:
                shown = f"no answer: {error}"
            lines.append(f"page {page.url}\n{shown}")
        return "\n".join(lines)

    async def clear(self) -> None:
        """Close every page and forget what was complained of.

        A page left open would lose its line later: tests that do not await hold up the server, which shares their loop.
        """
        for context in self.contexts:
            await context.close()
        self.contexts.clear()
        self.complaints.clear()


async def _account(platform: RunningPlatform, role: str, tail: str) -> tuple[str, str]:
    """A new account that has chosen its password; its username and password."""
    username = f"journey.{role}.{tail}"
    admin = platform.client("admin")
    made = await admin.post("/v1/users", json={"username": username, "name": f"Journey {role}", "roles": ROLES.get(role, [role])})
    if made.status_code == 403:
        # Roles that reach beyond one agency are a national administrator's to give; here the platform does.
        async with platform.spine.db.transaction() as connection:
            await actions.create_user(connection, actions.PLATFORM, username, f"Journey {role}", "KEN", frozenset(ROLES.get(role, [role])))
        return username, await actions.set_random_password(platform.spine, username)
    assert made.status_code == 201, made.text
    once = (await admin.post(f"/v1/users/{made.json()['id']}/password")).json()["password"]
    password = PASSWORD.format(tail)
    async with platform.browser() as person:
        assert (await person.post("/v1/session", json={"username": username, "password": once})).status_code == 200
        changed = await person.post("/v1/me/password", json={"current": once, "new": password})
        assert changed.status_code == 204, changed.text
    return username, password


async def partner_account(platform: RunningPlatform, agency: str) -> tuple[str, str]:
    """A new account of another service's control room that has chosen its password; its username and password."""
    username = f"journey.{agency.lower()}.{new_id()[-8:].lower()}"
    async with platform.spine.db.transaction() as connection:
        await actions.create_user(connection, actions.PLATFORM, username, f"Journey {agency}", agency, frozenset({"dispatcher"}))
    once = await actions.set_random_password(platform.spine, username)
    password = PASSWORD.format(username[-8:])
    async with platform.browser() as person:
        await person.post("/v1/session", json={"username": username, "password": once})
        changed = await person.post("/v1/me/password", json={"current": once, "new": password})
        assert changed.status_code == 204, changed.text
    return username, password


@pytest.fixture(scope="session")
async def furnished(platform: RunningPlatform, browser: Browser) -> Room:
    tail = new_id()[-8:].lower()
    admin, supervisor = platform.client("admin"), platform.client("supervisor")
    source = (await admin.post("/v1/anpr/sources", json={"name": f"Journey gateway {tail}", "format": "native"})).json()
    name = f"A591 Journey {tail}, northbound"
    register = (
        "external_id,name,agency,source,latitude,longitude,road,bearing\n"
        f'J{tail},"{name}",KEN,Journey gateway {tail},54.327,-2.745,A591,10\n'
    )
    imported = await admin.post("/v1/anpr/cameras/import", content=register, headers={"Content-Type": "text/csv"})
    assert imported.json()["imported"] == 1, imported.text
    made = await supervisor.post("/v1/anpr/lists", json={"name": f"Journey list {tail}", "description": "for the browser"})
    accounts = {role: await _account(platform, role, tail) for role in ("control", "supervisor", "admin", "officer", "auditor")}
    return Room(
        platform,
        browser,
        mark=f"KE{tail[:2].upper().translate(str.maketrans('ABCDEFGHIJKLMNOPQRSTUVWXYZ', '23456789234567892345678923'))}JNY",
        camera_name=name,
        camera=f"J{tail}",
        key=source["key"],
        list_id=made.json()["id"],
        passwords={role: password for role, (_, password) in accounts.items()},
        usernames={role: username for role, (username, _) in accounts.items()},
    )


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture
async def room(furnished: Room, request: pytest.FixtureRequest) -> AsyncIterator[Room]:
    # An emergency stands above every page until it is closed: those that other tests left are not this one's.
    await furnished.platform.spine.db.execute("UPDATE emergencies SET state = 'closed', escalates_at = NULL WHERE state <> 'closed'")
    yield furnished
    if request.node.stash.get(FAILED, False):
        request.node.add_report_section("teardown", "pages", await furnished.described())
    await furnished.clear()


async def violations(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it stands."""
    if await page.evaluate("typeof axe") == "undefined":
        # Through the debugger, not the document: the page's own policy forbids scripts from elsewhere, as it should.
        await page.evaluate(AXE.read_text())
    found = await page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [f"{v['id']}: {v['help']}: {[n['html'][:160] for n in v['nodes'][:3]]}" for v in found["violations"]]
