"""Named failures of reviews."""

from __future__ import annotations

from bluelamp.spine.errors import ConflictError, InvalidError, NotFoundError


class NoSuchReviewError(NotFoundError):
    code = "no_such_review"


class NoSuchDrawError(NotFoundError):
    code = "no_such_draw"


class ReviewDecidedError(ConflictError):
    code = "review_decided"


class SecondPersonNeededError(ConflictError):
    code = "second_person_needed"


class NotAskedError(ConflictError):
    code = "not_asked"


class NoteMissingError(InvalidError):
    code = "note_missing"
