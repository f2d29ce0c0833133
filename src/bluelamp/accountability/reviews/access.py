"""Named permissions of reviews and the roles that hold them."""

from __future__ import annotations

from bluelamp.spine.policy import Permission

REVIEWS_DECIDE = "reviews.reviews.decide"
REVIEWS_EXPLAIN = "reviews.reviews.explain"
REVIEWS_STATISTICS = "reviews.statistics.view"

REVIEW_PERMISSIONS = (
    Permission(REVIEWS_DECIDE, "review looks of your agency that are neither yours nor of your line", frozenset({"supervisor"})),
    Permission(
        REVIEWS_EXPLAIN, "answer when you are asked about a look of yours", frozenset({"officer", "analyst", "control", "supervisor"})
    ),
    Permission(REVIEWS_STATISTICS, "see how reviews stand, and draw a sample again", frozenset({"supervisor", "auditor"})),
)
