"""Mistakes are told in words that say what to do, and without what was sent."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from bluelamp.kit.mistakes import where_and_what


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: Annotated[str, Field(min_length=1, max_length=4000)] = "x"
    code: Annotated[str, Field(min_length=3)] = "xxx"
    many: Annotated[list[int], Field(min_length=1, max_length=2)] = [1]
    latitude: Annotated[float, Field(ge=-90, le=90)] = 0
    form: Literal["ETHANE", "METHANE"] = "ETHANE"
    at: datetime | None = None
    own: str = ""

    @field_validator("own")
    @classmethod
    def _own(cls, value: str) -> str:
        if value:
            raise ValueError("say it otherwise")
        return value


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"title": ""}, "title: must not be empty"),
        ({"title": "secret " * 1000}, "title: is too long: at most 4,000 characters"),
        ({"code": "x"}, "code: is too short: at least 3 characters"),
        ({"many": []}, "many: has too few entries: at least 1"),
        ({"many": [1, 2, 3]}, "many: has too many entries: at most 2"),
        ({"latitude": 95}, "latitude: must be 90.0 or less"),
        ({"latitude": -95}, "latitude: must be -90.0 or more"),
        ({"form": "secret"}, "form: must be 'ETHANE' or 'METHANE'"),
        ({"at": "secret"}, "at: is not a time such as 2026-01-31T03:15:00Z"),
        ({"own": "secret"}, "own: say it otherwise"),
        ({"unknown": "secret"}, "unknown: is not known here"),
    ],
)
def test_a_mistake_is_told_in_words_without_what_was_sent(asked: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        _Asked.model_validate(asked)
    (mistake,) = caught.value.errors()
    assert where_and_what(mistake) == words
