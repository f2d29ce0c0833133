"""The smallest map that a browser can read: one vector tile of the world, filled, as PMTiles version 3.

Formats: github.com/protomaps/PMTiles spec v3; Mapbox Vector Tile 2.1 (protobuf fields by number).
"""

from __future__ import annotations

import struct


def world(layer: str) -> bytes:
    """An archive whose only tile holds a polygon that covers it, in a layer of this name."""
    tile = _tile(layer)
    directory = bytes([1, 0, 1]) + _varint(len(tile)) + bytes([1])  # one entry: tile 0, run of 1, its length, offset 0 (told as 1)
    root_at, metadata = 127, b"{}"
    metadata_at = root_at + len(directory)
    tiles_at = metadata_at + len(metadata)
    places = (root_at, len(directory), metadata_at, len(metadata), tiles_at, 0, tiles_at, len(tile), 1, 1, 1)
    kinds = bytes([1, 1, 1, 1, 0, 0])  # clustered, nothing compressed (twice), vector tiles, zoom 0 to 0
    bounds = struct.pack("<4i", -1_800_000_000, -850_000_000, 1_800_000_000, 850_000_000)
    header = b"PMTiles\x03" + struct.pack("<11Q", *places) + kinds + bounds + bytes([0]) + struct.pack("<2i", 0, 0)
    assert len(header) == root_at
    return header + directory + metadata + tile


def _tile(layer: str) -> bytes:
    def zigzag(number: int) -> int:
        return (number << 1) ^ (number >> 31)

    # move to 0,0; line to the three other corners; close
    drawn = [9, 0, 0, 26, zigzag(4096), 0, 0, zigzag(4096), zigzag(-4096), 0, 15]
    geometry = b"".join(map(_varint, drawn))
    feature = b"\x18\x03" + b"\x22" + _varint(len(geometry)) + geometry
    named = layer.encode()
    content = b"\x0a" + _varint(len(named)) + named + b"\x12" + _varint(len(feature)) + feature + b"\x28" + _varint(4096) + b"\x78\x02"
    return b"\x1a" + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])
