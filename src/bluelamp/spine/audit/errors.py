"""Named failures of the audit."""

from __future__ import annotations

from bluelamp.spine.errors import BluelampError, ConflictError, InvalidError, NotFoundError


class NoSuchAuditEntryError(NotFoundError):
    code = "no_such_audit_entry"


class NotYetProvenError(ConflictError):
    """The entry is committed and no check-point covers it yet."""

    code = "audit_not_yet_proven"


class LogTooLongError(InvalidError):
    code = "audit_log_too_long"


class AuditKeyError(BluelampError):
    """A signing key cannot be read or used."""

    status = 500
    code = "audit_key_unusable"
