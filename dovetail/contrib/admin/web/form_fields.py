"""Read single fields of a form that was sent: a text, a number or the key of a row."""

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from dovetail.errors import NotFoundError

MOST_DIGITS = 18  # a BIGINT has 19


def has_files(form: FormData) -> bool:
    """Return whether a form holds files, which can be read only once."""
    return any(isinstance(value, UploadFile) for _, value in form.multi_items())


async def field_of(request: Request, name: str) -> str:
    """Return what a form has in a field, nothing if there is no such field."""
    value = (await request.form()).get(name)
    return "" if value is None or isinstance(value, UploadFile) else value


async def number_of(request: Request, name: str) -> int | None:
    """Return the number in a field, None if there is none that a column could hold."""
    text = await field_of(request, name)
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else None


async def key_of(request: Request, name: str) -> int:
    """Return the key of a row that stands in a field. Raise NotFoundError for what is the key of none."""
    key = await number_of(request, name)
    if key is None:
        raise NotFoundError
    return key
