"""Names of the stream and its subject, and what travels there: batches of positions, MessagePack, see README.md."""

from __future__ import annotations

import msgspec

from bluelamp.incidents.positions.domain import Position

POSITIONS_STREAM = "POSITIONS"
POSITIONS_SUBJECT = "positions.batches"
BATCH_POSITIONS_MAX = 5_000
"""Positions in one message: under a megabyte."""

encode_batch = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(list[Position])


class NoBatchError(ValueError):
    """Not a message of this stream."""


def decode_batch(payload: bytes) -> list[Position]:
    """Raises `NoBatchError`."""
    try:
        return _decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NoBatchError(str(error)) from error
