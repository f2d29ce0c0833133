"""Inflate request bodies piece by piece: the codings that clickhouse-connect sends."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from importlib import import_module

from bluelamp.app.engines.columnar_errors import ColumnarError

Inflater = Callable[[bytes], bytes]


def inflater(coding: str) -> Inflater | None:
    """A function that inflates successive pieces of one body; None where there is nothing to inflate.

    Raises:
        ColumnarError: for a coding that is unknown, or whose library is not installed.
    """
    if coding in {"", "identity"}:
        return None
    if coding == "gzip":
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress
    if coding == "deflate":
        return zlib.decompressobj().decompress
    modules = {"lz4": ("lz4.frame", "LZ4FrameDecompressor"), "zstd": ("backports.zstd", "ZstdDecompressor")}
    if coding in modules:
        module, name = modules[coding]
        try:
            decompressor = getattr(import_module(module), name)()
        except ImportError:
            pass
        else:
            inflate: Inflater = decompressor.decompress
            return inflate
    raise ColumnarError(304, f"Unknown compression method: {coding}. (UNKNOWN_COMPRESSION_METHOD)")
