"""Named failures of encryption at rest. None of them changes or loses anything: the objects stay as they are."""

from __future__ import annotations

from bluelamp.spine.errors import BluelampError, NotFoundError


class KeyUnreadableError(BluelampError):
    """What is configured as key is no key."""

    status = 503
    code = "encryption_key_unreadable"


class KeyMissingError(BluelampError):
    """An object or data key was sealed with a key that is not configured."""

    status = 503
    code = "encryption_key_missing"


class DataKeyGoneError(NotFoundError):
    """The data key was dropped, and what it sealed with it."""


class SealBrokenError(BluelampError):
    """What is stored is not what was sealed: damaged, altered, or put in another object's place."""

    status = 502
    code = "sealed_object_damaged"
