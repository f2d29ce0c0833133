"""The installation's map: a folder with a MapLibre style and the files it names, from this place and no other.

`style.json`, and `style-dark.json` where the dark one is another, follow the MapLibre Style Specification, version 8. What they name by
relative address (PMTiles, tiles, GeoJSON, sprites) lies beside them. Text is drawn with the reader's own fonts: there are no glyphs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.errors import BluelampError, NotFoundError

MEDIA_TYPES = {
    ".json": "application/json",
    ".geojson": "application/geo+json",
    ".pmtiles": "application/vnd.pmtiles",
    ".pbf": "application/x-protobuf",
    ".mvt": "application/vnd.mapbox-vector-tile",
    ".png": "image/png",
    ".webp": "image/webp",
    ".jpg": "image/jpeg",
}
"""What a map is made of; nothing else is handed out, whatever lies in the folder."""
STYLE_BYTES_MAX = 4 << 20


class MapUnreadableError(BluelampError):
    """The installation's own style cannot be used: pages show coast and towns, and the message says what to mend."""

    status = 500
    code = "map_unreadable"


def folder_of(settings: PlatformSettings) -> Path:
    return (settings.map_folder or settings.data / "map").expanduser()


def style(folder: Path, *, dark: bool) -> dict[str, Any] | None:
    """The style for a light or a dark screen; None where the installation has no map.

    Raises:
        MapUnreadableError: there is one that no page could draw.
    """
    found = next((path for name in (["style-dark.json"] if dark else []) + ["style.json"] if (path := folder / name).is_file()), None)
    if found is None:
        return None
    if found.stat().st_size > STYLE_BYTES_MAX:
        raise MapUnreadableError(
            f"{found.name} in the map's folder is larger than {STYLE_BYTES_MAX >> 20} MB: put its data into files that `sources` names"
        )
    try:
        read = json.loads(found.read_bytes())
    except ValueError as error:
        raise MapUnreadableError(f"{found.name} in the map's folder is not JSON: {error}") from error
    if not isinstance(read, dict) or read.get("version") != 8:
        raise MapUnreadableError(f'{found.name} in the map\'s folder is no MapLibre style: it must be an object with `"version": 8`')
    if not isinstance(read.get("sources"), dict) or not isinstance(read.get("layers"), list):
        raise MapUnreadableError(f"{found.name} in the map's folder needs `sources`, an object, and `layers`, a list")
    return read


def file(folder: Path, name: str) -> tuple[Path, str]:
    """A file of the map and its media type.

    Raises:
        NotFoundError: there is none of this name in the folder, or it is nothing that a map is made of.
    """
    try:
        path, root = (folder / name).resolve(), folder.resolve()
        media_type = MEDIA_TYPES.get(path.suffix.lower())
        if media_type is not None and path.is_relative_to(root) and path.is_file():
            return path, media_type
    except (ValueError, OSError):
        pass  # a name that no file can have
    raise NotFoundError("the map has no file of this name")
