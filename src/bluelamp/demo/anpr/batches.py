"""Many reads as one Arrow stream of the `native` columns: how a force's gateway hands over its past."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from bluelamp.demo.anpr.cameras import Cameras
from bluelamp.demo.anpr.reads import Reads, lengths
from bluelamp.demo.anpr.sense import PlateSense
from bluelamp.demo.world.chance import Ints
from bluelamp.demo.world.marks import WIDTH, Marks
from bluelamp.demo.world.vehicles import COLOURS, MODELS

MEDIA_TYPE = "application/vnd.apache.arrow.stream"
_COMPASS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
_MAKES = pa.array([make for make, _, _, _ in MODELS])
_MODELS = pa.array([model for _, model, _, _ in MODELS])
_CLASSES = pa.array([kind for _, _, kind, _ in MODELS])
_COLOURS = pa.array([name for name, _ in COLOURS])


class Batcher:
    """Turns reads into Arrow tables; what it needs of the cameras is prepared once."""

    def __init__(self, sense: PlateSense) -> None:
        self._vehicles = sense.nation.vehicles
        self._cameras: Cameras = sense.cameras
        self._names = pa.array(sense.cameras.external_id)
        self._compass = np.round(sense.cameras.bearing / 45.0).astype(np.int64) % 8

    def table(self, reads: Reads) -> pa.Table:
        """The reads as native columns, in the order given."""
        model, colour = self._vehicles.model[reads.vehicle], self._vehicles.colour[reads.vehicle]
        return pa.table(
            {
                "camera": self._names.take(pa.array(reads.camera)),
                "vrm": _texts(reads.vrm),
                "captured_at": pa.array(reads.captured_ms).cast(pa.timestamp("ms", "UTC")),
                "confidence": pa.array(reads.confidence),
                "direction": _chosen(pa.array(_COMPASS), self._compass[reads.camera]),
                "lane": pa.array(self._cameras.lane[reads.camera].astype(np.uint8)),
                "make": _chosen(_MAKES, model),
                "model": _chosen(_MODELS, model),
                "colour": _chosen(_COLOURS, colour),
                "class": _chosen(_CLASSES, model),
            }
        )

    @staticmethod
    def stream(table: pa.Table) -> bytes:
        """The body of a request."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        return bytes(sink.getvalue())


def _texts(marks: Marks) -> pa.Array:
    """Fixed-width marks as strings, without a Python object a row."""
    letters = marks.view(np.uint8)
    offsets = np.zeros(len(marks) + 1, np.int32)
    np.cumsum(lengths(marks), out=offsets[1:])
    packed = letters.reshape(-1, WIDTH)[letters.reshape(-1, WIDTH) != 0]
    return pa.StringArray.from_buffers(len(marks), pa.py_buffer(offsets), pa.py_buffer(packed))


def _chosen(values: pa.Array, index: Ints) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(index.astype(np.int8 if len(values) < 127 else np.int16)), values)
