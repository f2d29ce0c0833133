"""SQL of terms: an agency's own words, or those of its kind of service."""

from __future__ import annotations

from bluelamp.incidents.errors import UnknownTermError
from bluelamp.incidents.terms.defaults import MEANINGS, Kind, Term, defaults_of
from bluelamp.spine.relational import Connection, Database


async def terms_of(db: Connection | Database, agency: str, kind: Kind) -> tuple[Term, ...]:
    """In the order in which the agency shows them."""
    rows = await db.fetch(
        "SELECT kind, code, name, meaning FROM incident_terms WHERE agency = $1 AND kind = $2 ORDER BY position", agency, kind
    )
    if rows:
        return tuple(Term(*row) for row in rows)
    service = await db.fetchval("SELECT service FROM agencies WHERE code = $1", agency)
    return defaults_of(service or "", kind)


async def meaning_of(db: Connection | Database, agency: str, kind: Kind, code: str) -> str:
    """What an agency's code means to all; what is such a meaning already stays one.

    Raises:
        UnknownTermError: neither; says what the agency's codes are.
    """
    terms = await terms_of(db, agency, kind)
    for term in terms:
        if term.code.casefold() == code.casefold():
            return term.meaning
    if code in MEANINGS[kind]:
        return code
    raise UnknownTermError(f"{agency} has no {kind} {code!r}: it has {', '.join(term.code for term in terms)}")


async def word_of(db: Connection | Database, agency: str, kind: Kind, meaning: str) -> str:
    """How an agency says it: the first of its words with that meaning, or the common one."""
    terms = await terms_of(db, agency, kind)
    return next((term.name for term in terms if term.meaning == meaning), MEANINGS[kind].get(meaning, meaning))


async def replace(connection: Connection, agency: str, kind: Kind, terms: list[Term]) -> None:
    await connection.execute("DELETE FROM incident_terms WHERE agency = $1 AND kind = $2", agency, kind)
    await connection.executemany(
        "INSERT INTO incident_terms (agency, kind, code, name, meaning, position) VALUES ($1, $2, $3, $4, $5, $6)",
        [(agency, kind, term.code, term.name, term.meaning, at) for at, term in enumerate(terms)],
    )
