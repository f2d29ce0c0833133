"""What exactly is hashed: an entry or an outcome as bytes that any language can make again. The format is docs/audit.md."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from bluelamp.spine.relational import Record

FORMAT = "bluelamp.audit/1"

ENTRY_COLUMNS = "number, id, at, actor, actor_name, agency, kind, action, subjects, purpose, reference, detail::text AS detail"
OUTCOME_COLUMNS = "number, entry, at, outcome, count"

_encode = msgspec.json.Encoder().encode


def instant(at: datetime) -> str:
    """A column of PostgreSQL's timestamptz(3) as RFC 3339 UTC with three decimals."""
    return at.isoformat(timespec="milliseconds")[:-6] + "Z"


def entry_leaf(row: Record | dict[str, Any]) -> bytes:
    """The data of an entry's leaf: a JSON array (RFC 8785) of what the columns hold; `detail` is the text of the column."""
    number, entry, at, actor, name, agency, kind, action, subjects, purpose, reference, detail = row.values()
    return _encode((FORMAT, "entry", number, entry, instant(at), actor, name, agency, kind, action, subjects, purpose, reference, detail))


def outcome_leaf(row: Record | dict[str, Any]) -> bytes:
    """The data of an outcome's leaf."""
    number, entry, at, outcome, count = row.values()
    return _encode((FORMAT, "outcome", number, entry, instant(at), outcome, count))
