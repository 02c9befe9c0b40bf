"""Check multipart forms (RFC 7578): text fields have to be UTF-8 without NUL."""

from codecs import IncrementalDecoder, getincrementaldecoder

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from dovetail.errors import InvalidInputError, PayloadTooLargeError, UnsupportedMediaTypeError
from dovetail.middleware.headers import MAXIMUM_FIELDS, is_utf_8
from dovetail.translation.texts import gettext_lazy

UTF_8 = getincrementaldecoder("utf-8")
NOT_CLEAN = gettext_lazy("The form is not valid UTF-8, or contains a NUL character.")


def check_parts(boundary: bytes, receive: Receive) -> Receive:
    """Return a `receive` that checks the fields of a multipart form as they arrive; files are not checked.

    It raises HTTPException, since FastAPI turns any other exception raised while it reads a body into a 400.
    """
    try:
        check = _Parts(boundary)
    except FormParserError:
        return receive  # Starlette's parser will report the same error

    async def receive_checked() -> Message:
        message = await receive()
        check.write(message.get("body", b""))
        return message

    return receive_checked


class _Parts:
    """Parses the parts as Starlette does, without storing them."""

    def __init__(self, boundary: bytes) -> None:
        self._name = self._value = b""
        self._headers: dict[bytes, bytes] = {}
        self._decoder: IncrementalDecoder | None = None  # of the text field being read; None within a file
        self._is_broken = False
        self._count = [0, 0]  # number of fields, number of files
        self._parser = MultipartParser(
            boundary,
            {
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_part_end": self._on_part_end,
            },
        )

    def write(self, data: bytes) -> None:
        if self._is_broken:
            return
        try:
            self._parser.write(data)
        except FormParserError:
            self._is_broken = True  # Starlette's parser will report it

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        _see_text(UTF_8(), self._value, is_last=True)
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _on_headers_finished(self) -> None:
        _, disposition = parse_options_header(self._headers.get(b"content-disposition"))
        _, kind = parse_options_header(self._headers.get(b"content-type"))
        self._headers = {}
        is_file = b"filename" in disposition
        self._count[is_file] += 1
        if self._count[is_file] > MAXIMUM_FIELDS:
            raise HTTPException(PayloadTooLargeError.status, f"The form has more than {MAXIMUM_FIELDS} fields.")
        if not is_file and not is_utf_8(kind.get(b"charset", b"utf-8")):
            raise HTTPException(UnsupportedMediaTypeError.status, UnsupportedMediaTypeError().detail)
        self._decoder = None if is_file else UTF_8()

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._decoder is not None:
            _see_text(self._decoder, data[start:end])

    def _on_part_end(self) -> None:
        if self._decoder is not None:
            _see_text(self._decoder, b"", is_last=True)


def _see_text(decoder: IncrementalDecoder, data: bytes, *, is_last: bool = False) -> None:
    try:
        is_clean = "\0" not in decoder.decode(data, is_last)
    except UnicodeDecodeError:
        is_clean = False
    if not is_clean:
        raise HTTPException(InvalidInputError.status, NOT_CLEAN)
