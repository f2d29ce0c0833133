"""What is wrong with this installation, and how to mend it. Looks only; changes nothing."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import asyncpg

from bluelamp.app.engines.backup import streams
from bluelamp.app.engines.backup.history import History
from bluelamp.app.engines.data_folder import MARKER, DataFolder, free_bytes_min, port_is_free
from bluelamp.app.engines.errors import EngineError
from bluelamp.app.engines.group import EngineUrls, recorded_urls
from bluelamp.app.engines.growth import Forecast, forecast
from bluelamp.app.engines.processes import tail
from bluelamp.spine.blobs import Blobs
from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.identity.oidc.provider import ProviderDownError, Providers

Level = Literal["ok", "warning", "problem"]
OPEN_FILES_MIN = 4096
DAYS_LEFT_WARNED = 30
DAYS_LEFT_PROBLEM = 3
BACKUP_DAYS_MAX = 7
PENDING_WARNED = 1000
PARTS_WARNED = 200
STREAM_SHARE_WARNED = 0.8
FALLS_LOOKED_AT = 200
ANSWER_SECONDS_MAX = 10.0


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `remedy` is empty where nothing needs mending."""

    level: Level
    subject: str
    message: str
    remedy: str = ""


def examine(settings: PlatformSettings) -> tuple[list[Finding], Forecast | None]:
    """Everything that can be looked at in the present state: running or not, embedded or by URL."""
    data = settings.data.expanduser().resolve()
    findings: list[Finding] = []
    outlook = None
    if (data / MARKER).exists():
        try:
            folder = DataFolder.open(data)
        except EngineError as error:
            return [Finding("problem", "data folder", error.problem, error.remedy)], None
        except PermissionError as error:
            return [Finding("problem", "data folder", str(error), f"Use the account it belongs to, or: chown -R $(id -u) {data}")], None
        findings += [*_folder(folder), *_falls(folder), _last_backup(folder)]
        outlook = forecast(folder)
        findings.append(_disk(outlook))
    elif data.exists() and any(data.iterdir()):
        findings.append(Finding("problem", "data folder", f"{data} is not Bluelamp's.", "Name the right one with --data."))
    else:
        findings.append(Finding("ok", "data folder", f"{data} is not made yet; `bluelamp up` makes it."))
    findings.append(_open_files())
    given = EngineUrls.given(settings)
    urls = given if given.complete else recorded_urls(data)
    if urls is None:
        findings.append(_not_running(settings))
    else:
        findings += asyncio.run(_engines(urls))
    findings += asyncio.run(_providers())
    return findings, outlook


def _folder(folder: DataFolder) -> Iterator[Finding]:
    yield Finding("ok", "data folder", f"{folder.root} (format {folder.describe()['format']})")
    for path in sorted((folder.root / "secrets").iterdir()):
        if path.stat().st_mode & 0o077:
            yield Finding("problem", "secrets", f"{path} can be read by other users.", f"chmod 600 {path}")
    for room in (folder.nats, folder.columnar, folder.blobs, folder.logs):
        if not os.access(room, os.R_OK | os.W_OK | os.X_OK):
            yield Finding("problem", "data folder", f"{room} cannot be written by this user.", f"chown -R $(id -u) {room}")


def _falls(folder: DataFolder) -> Iterator[Finding]:
    """Processes that fell within the last hour, by the supervisor's own log."""
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600))
    lines = [line.strip() for line in tail(folder.logs / "supervisor.log", FALLS_LOOKED_AT).splitlines()]
    fallen = [line.split()[1] for line in lines if line > since and " ended (exit code" in line]
    for name in sorted(set(fallen)):
        log = folder.logs / f"{name}.log"
        yield Finding(
            "warning", name, f"{name} fell {fallen.count(name)} times within the hour and was started again.", f"Its last words: {log}"
        )


def _last_backup(folder: DataFolder) -> Finding:
    record = folder.run / "last_backup.json"
    if not record.exists():
        return Finding("warning", "backup", "No backup was ever made.", "bluelamp backup /another/disk/bluelamp.tar")
    told = json.loads(record.read_text())
    days = (time.time() - told["at"]) / 86_400
    if days > BACKUP_DAYS_MAX:
        return Finding("warning", "backup", f"The last backup is {days:.0f} days old ({told['target']}).", "bluelamp backup …")
    return Finding("ok", "backup", f"The last is {days * 24:.0f} hours old: {told['target']}")


def _disk(outlook: Forecast) -> Finding:
    told = f"{outlook.free_bytes / 1e9:.1f} GB free, {outlook.used_bytes / 1e9:.2f} GB used by Bluelamp"
    remedy = (
        "Add disk, move the folder to a larger one (bluelamp backup, then restore), give pictures their own place (BLUELAMP_BLOBS_URL),"
        " or shorten the retention."
    )
    if outlook.free_bytes < free_bytes_min():
        return Finding("problem", "disk", f"{told}: too little to write safely.", remedy)
    if outlook.days_left is None:
        known = "no growth was seen" if outlook.watched_hours >= 1 else "too young for a forecast"
        return Finding("ok", "disk", f"{told}; {known}")
    told += f", growing {outlook.growth_bytes_a_day / 1e9:.2f} GB a day: full in {outlook.days_left:.0f} days at this rate"
    if outlook.days_left < DAYS_LEFT_PROBLEM:
        return Finding("problem", "disk", told, remedy)
    return Finding("warning", "disk", told, remedy) if outlook.days_left < DAYS_LEFT_WARNED else Finding("ok", "disk", told)


def _open_files() -> Finding:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < OPEN_FILES_MIN:
        remedy = f"ulimit -n {min(hard, 65536) if hard > 0 else 65536} before `bluelamp up`, or LimitNOFILE=65536 in the systemd unit."
        return Finding("warning", "open files", f"This session may open {soft} files; the columnar store wants {OPEN_FILES_MIN}.", remedy)
    return Finding("ok", "open files", f"up to {soft}")


def _not_running(settings: PlatformSettings) -> Finding:
    if port_is_free(settings.host, settings.port):
        return Finding("ok", "platform", "is not running; start it with `bluelamp up`.")
    return Finding(
        "problem",
        "platform",
        f"is not running on this folder, and port {settings.port} is taken by another program.",
        f"Stop that program, or: bluelamp up --port {settings.port + 1}",
    )


async def _engines(urls: EngineUrls) -> list[Finding]:
    looks: dict[str, Callable[[], Awaitable[list[Finding]]]] = {
        "postgresql": lambda: _postgres(urls.database_url),
        "nats": lambda: _nats(urls.nats_url),
        "clickhouse": lambda: asyncio.to_thread(_clickhouse, urls.columnar_url),
        "blobs": lambda: _blobs(urls.blobs_url),
    }
    found: list[Finding] = []
    for subject, look in looks.items():
        try:
            found += await asyncio.wait_for(look(), ANSWER_SECONDS_MAX)
        except Exception as error:  # noqa: BLE001 - whatever an engine does, the doctor goes on and tells
            told = str(error).splitlines()[0] if str(error) else type(error).__name__
            found.append(
                Finding(
                    "problem",
                    subject,
                    f"does not answer: {told}",
                    f"Read its log; is its URL right? `bluelamp up` restarts {subject} by itself.",
                )
            )
    return found


async def _providers() -> list[Finding]:
    """Whether people can sign in through the OpenID Connect providers that are configured."""
    try:
        providers = Providers()
    except (ValueError, OSError) as error:
        return [Finding("problem", "identity providers", f"cannot be used: {error}", "Mend BLUELAMP_OIDC_*: docs/identity.md.")]
    found = []
    for name, known in providers.known.items():
        subject = f"provider {name}"
        try:
            found.append(Finding("ok", subject, f"{known.provider.issuer} is discovered and publishes {await known.examine()} keys"))
        except ProviderDownError as error:
            remedy = "Is the issuer exactly what the provider calls itself, and is there a way to it from this machine?"
            found.append(Finding("problem", subject, f"{known.provider.issuer}: {error.message}", remedy))
    await providers.close()
    return found


async def _postgres(url: str) -> list[Finding]:
    connection = await asyncpg.connect(url, timeout=5)
    try:
        version = await connection.fetchval("SHOW server_version")
        used = await connection.fetchval("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
        most = int(await connection.fetchval("SHOW max_connections"))
        if used > most * 0.8:
            remedy = "Raise max_connections, or run fewer API processes."
            return [Finding("warning", "postgresql", f"{used} of {most} connections are in use.", remedy)]
        return [Finding("ok", "postgresql", f"{version}, {used} of {most} connections")]
    finally:
        await connection.close()


async def _nats(url: str) -> list[Finding]:
    client = await streams.connect(url)
    try:
        jetstream = client.jetstream()
        found = []
        for name in await streams.names(client):
            info = await jetstream.stream_info(name)
            most = info.config.max_bytes or 0
            if most > 0 and info.state.bytes > most * STREAM_SHARE_WARNED:
                remedy = "The oldest messages go first; raise the stream's limit if consumers are behind."
                found.append(Finding("warning", "nats", f"stream {name} holds {info.state.bytes / most:.0%} of its limit.", remedy))
            for consumer in await jetstream.consumers_info(name):
                if (consumer.num_pending or 0) > PENDING_WARNED:
                    remedy = "Is the worker running (its log)? Start another on another machine: bluelamp serve worker."
                    message = f"{consumer.name} of {name} is {consumer.num_pending} messages behind."
                    found.append(Finding("warning", "nats", message, remedy))
        return found or [Finding("ok", "nats", f"{client.connected_server_version}, consumers are up to date")]
    finally:
        await client.close()


def _clickhouse(url: str) -> list[Finding]:
    store = History(url)
    try:
        version = store.rows("SELECT version() AS version")[0]["version"]
        crowded = store.rows(
            "SELECT table, partition, toUInt32(count()) AS parts FROM system.parts WHERE active GROUP BY table, partition "
            f"HAVING parts > {PARTS_WARNED} ORDER BY parts DESC LIMIT 3"
        )
        return [
            Finding(
                "warning",
                "clickhouse",
                f"{row['table']} has {row['parts']} parts in {row['partition']}: merging does not keep up.",
                "Send fewer, larger batches; look at disk and processor load.",
            )
            for row in crowded
        ] or [Finding("ok", "clickhouse", version)]
    finally:
        store.close()


async def _blobs(url: str) -> list[Finding]:
    await Blobs.open(url).ping()
    return [Finding("ok", "blobs", "objects are written and read back")]


def as_answer(findings: list[Finding], outlook: Forecast | None) -> dict[str, Any]:
    """The report for programs."""
    return {
        "healthy": not any(finding.level == "problem" for finding in findings),
        "findings": [asdict(finding) for finding in findings],
        "disk": asdict(outlook) if outlook else None,
    }


def note_backup(data: Path, target: Path) -> None:
    """Remember when the last backup was made."""
    run = data / "run"
    if run.is_dir():
        (run / "last_backup.json").write_text(json.dumps({"at": time.time(), "target": str(target.resolve())}))
