"""The file in a form, as it comes: nothing of it is gathered in memory or on disk."""

from __future__ import annotations

from collections.abc import AsyncIterator

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from bluelamp.spine.errors import InvalidError

HEADERS_MAX = 20


async def file_of(request: Request) -> AsyncIterator[bytes]:
    """The first part of a form, which is the file whatever clients call it; or the body itself, where it is no form.

    Raises:
        InvalidError: the form has no sense, or no end.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data":
        async for piece in request.stream():
            yield piece
        return
    reader = _First()
    try:
        parser = MultipartParser(
            options.get(b"boundary", b""),
            {"on_part_begin": reader.begin, "on_part_data": reader.data, "on_end": reader.end},
            max_header_count=HEADERS_MAX,
        )
        async for piece in request.stream():
            parser.write(piece)
            for content in reader.take():
                yield content
    except FormParserError as error:
        raise InvalidError(f"the form cannot be read: {str(error)[:120]}") from None
    if not reader.ended:
        raise InvalidError("the form has no end: send it again")


class _First:
    """Takes the first part of a form."""

    def __init__(self) -> None:
        self._parts = 0
        self._waiting: list[bytes] = []
        self.ended = False

    def begin(self) -> None:
        self._parts += 1

    def data(self, data: bytes, start: int, end: int) -> None:
        if self._parts == 1:
            self._waiting.append(data[start:end])

    def end(self) -> None:
        self.ended = True

    def take(self) -> list[bytes]:
        taken, self._waiting = self._waiting, []
        return taken
