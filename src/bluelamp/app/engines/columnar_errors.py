"""Engine errors as ClickHouse's HTTP interface tells them: code, status, text."""

from __future__ import annotations

import re

_CODE = re.compile(r"Code: (\d+)\.\s*(?=DB::)")

# From ClickHouse's `exceptionCodeToHTTPStatus` (src/Server/HTTP/exceptionCodeToHTTPStatus.cpp).
_UNAUTHORISED = frozenset({194, 516})
_FORBIDDEN = frozenset({164, 291, 497})
_BAD_REQUEST = frozenset({6, 26, 27, 38, 41, 53, 62, 72, 117, 131, 304, 386, 407, 441, 457})
_NOT_FOUND = frozenset({46, 47, 50, 56, 60, 63, 73, 81, 115})
_TOO_LARGE = frozenset({131, 307})
_BUSY = frozenset({202, 439})


class ColumnarError(Exception):
    """A refused statement: ClickHouse's error code and message, without its `Code: N.` prefix."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        for codes, status in (
            (_UNAUTHORISED, 401),
            (_FORBIDDEN, 403),
            (_BUSY, 503),
            (_TOO_LARGE, 413),
            (_NOT_FOUND, 404),
            (_BAD_REQUEST, 400),
        ):
            if self.code in codes:
                return status
        return 500

    @property
    def text(self) -> str:
        return f"Code: {self.code}. DB::Exception: {self.message}\n"


def from_engine(error: Exception) -> ColumnarError:
    """ChDB raises RuntimeError with ClickHouse's whole message inside."""
    whole = str(error)
    match = _CODE.search(whole)
    if match is None:
        return ColumnarError(1002, whole or type(error).__name__)
    message = whole[match.end() :].removeprefix("DB::Exception: ").strip()
    return ColumnarError(int(match.group(1)), message)
