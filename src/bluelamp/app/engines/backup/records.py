"""PostgreSQL in a backup: pg_dump's custom format, one consistent snapshot."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import IO
from urllib.parse import unquote, urlsplit, urlunsplit

from bluelamp.app.engines import postgres
from bluelamp.app.engines.errors import BackupError


def dump(url: str, file: IO[bytes]) -> None:
    """The whole database, written to `file`.

    Raises:
        BackupError: pg_dump failed; the message quotes it.
    """
    argv = [str(postgres.binary("pg_dump")), "--format=custom", "--no-owner", "--no-privileges", "--dbname", _without_password(url)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_environment(url))  # noqa: S603
    assert process.stdout and process.stderr  # noqa: S101, PT018 - tells the type checker
    shutil.copyfileobj(process.stdout, file, 1 << 20)
    told = process.stderr.read().decode("utf-8", "replace")
    if process.wait():
        raise BackupError(f"PostgreSQL could not be read: {told.strip()}", "See the log of postgres.")


def restore(url: str, file: IO[bytes]) -> None:
    """Bring a dump into an empty database, all or nothing.

    Raises:
        BackupError: pg_restore failed; the database is as it was.
    """
    argv = [
        *(str(postgres.binary("pg_restore")), "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"),
        *("--dbname", _without_password(url)),
    ]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=_environment(url))  # noqa: S603
    assert process.stdin and process.stderr  # noqa: S101, PT018
    try:
        shutil.copyfileobj(file, process.stdin, 1 << 20)
        process.stdin.close()
    except BrokenPipeError:
        pass  # it ended early: its exit code and words follow
    told = process.stderr.read().decode("utf-8", "replace")
    if process.wait():
        raise BackupError(f"PostgreSQL could not be restored: {told.strip()}", "See the log of postgres.")


def _without_password(url: str) -> str:
    """A command line is visible to every user of the machine; a password does not belong there."""
    parts = urlsplit(url)
    user, _, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}@{place}" if user else place))


def _environment(url: str) -> dict[str, str]:
    password = urlsplit(url).password
    return {**os.environ, **({"PGPASSWORD": unquote(password)} if password else {})}
