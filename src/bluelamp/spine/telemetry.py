"""Logs and metrics. No plate, token, password or body reaches a log line; the audit is where looks are recorded."""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram

from bluelamp.kit.clock import to_rfc3339

REQUESTS = Counter("bluelamp_http_requests_total", "Requests answered.", ("method", "route", "status"))
REQUEST_SECONDS = Histogram(
    "bluelamp_http_request_seconds",
    "Time to the last byte of the answer.",
    ("method", "route"),
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30),
)
SIGN_INS = Counter("bluelamp_sign_ins_total", "Attempts to sign in or to prove a password.", ("outcome",))
RESTARTS = Counter("bluelamp_restarts_total", "Work of a process that failed or ended, and was begun again.", ("work",))
PASSED_OVER = Counter("bluelamp_messages_passed_over_total", "Messages of a stream that a process could not take.", ("stream",))
JOB_RUNS = Counter("bluelamp_job_runs_total", "Runs of timed jobs.", ("job", "outcome"))
JOB_SECONDS = Gauge("bluelamp_job_seconds", "How long the last run of a job took.", ("job",))

_SECRETS = (
    (re.compile(r"\b(blt_|bls_|Bearer\s+)[A-Za-z0-9_\-.]{8,}", re.IGNORECASE), r"\1[secret]"),
    (re.compile(r"(bluelamp_session=)[^;\s\"']+"), r"\1[secret]"),
    (re.compile(r"(\w+://[^:/@\s]*:)[^@\s]+@"), r"\1[secret]@"),
    (re.compile(r"(password[\"']?\s*[=:]\s*[\"']?)[^\s\"',&]+", re.IGNORECASE), r"\1[secret]"),
    # PostgreSQL quotes the offending row or key, which may hold a plate.
    (re.compile(r"(Key \([^)]*\)=)\([^)]*\)"), r"\1([values])"),
    (re.compile(r"(Failing row contains )\(.*\)"), r"\1([values])"),
    # Plates of the current British pattern, wherever they come from.
    (re.compile(r"\b[A-Z]{2}\d{2}[ ]?[A-Z]{3}\b"), "[plate]"),
    (re.compile(r"([?&][\w.\-]+=)[^\s&\"']+"), r"\1[value]"),
)


def redact(text: str) -> str:
    """The text without secrets, query values and plates."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


class PlainFormatter(logging.Formatter):
    """For people at a terminal."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s  %(message)s", datefmt="%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for machines."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": to_rfc3339(int(record.created * 1000)),
            "level": record.levelname,
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        extra = getattr(record, "fields", None)
        if extra:
            line |= {name: redact(value) if isinstance(value, str) else value for name, value in extra.items()}
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = redact("".join(traceback.format_exception(record.exc_info[1])))
        return json.dumps(line, ensure_ascii=False)


def configure(level: str, file: Path | None = None) -> None:
    """Send everything that is logged to `file` as JSON lines, or to standard error: plain at a terminal, JSON otherwise."""
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = logging.FileHandler(file, encoding="utf-8")
        handler.setFormatter(JsonFormatter())
    else:
        handler = logging.StreamHandler()
        handler.setFormatter(PlainFormatter() if sys.stderr.isatty() else JsonFormatter())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for chatty in ("httpx", "httpcore", "asyncio", "uvicorn.access", "clickhouse_connect", "opentelemetry"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
