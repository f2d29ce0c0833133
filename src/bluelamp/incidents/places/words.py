"""A service for three-word addresses, where the deployer has one with a key of their own."""

from __future__ import annotations

import logging

import httpx

from bluelamp.incidents.places.settings import PlaceSettings
from bluelamp.kit.geo import Found, Point

log = logging.getLogger(__name__)

WITHIN_M = 5.0


async def find_words(settings: PlaceSettings, words: str) -> Found | None:
    """Where three words are; None where the service does not know them, or does not answer.

    Asked as `GET {url}?words=a.b.c` with `X-Api-Key`; the answer has `coordinates` with `lat` and `lng`.
    """
    headers = {"X-Api-Key": settings.words_key.get_secret_value()}
    try:
        async with httpx.AsyncClient(timeout=settings.words_seconds_max, follow_redirects=False) as client:
            answer = await client.get(settings.words_url, params={"words": words}, headers=headers)
            answer.raise_for_status()
            told = answer.json()["coordinates"]
            point = Point(float(told["lat"]), float(told["lng"]))
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        log.warning("the service for three-word addresses did not place one: %s", type(error).__name__)
        return None
    return Found(point, WITHIN_M) if point.sound else None
