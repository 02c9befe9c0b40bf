"""Read single fields of a submitted form: a text, a number or the key of a row."""

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from dovetail.errors import NotFoundError
from dovetail.state import StateKey

NOT_KEPT = "not kept: "  # in a stored form, what the name of a file begins with that was submitted
NEVER_KEPT = "_secret"  # form fields with the names of password inputs, whose kind only the rendered form tells
HELD = "_kept"  # form field with the token of a stored form that the page shows
KEPT_TOKEN = StateKey[str]("dovetail_admin_kept_token", "the page shows no stored form")
KEPT_FORM = StateKey[FormData]("dovetail_admin_kept_form", "only a page that may show one has it")
MOST_DIGITS = 18  # a BIGINT has 19


def has_files(form: FormData) -> bool:
    """Return whether a form has files, which can be read only once."""
    return any(isinstance(value, UploadFile) for _, value in form.multi_items())


async def field_of(request: Request, name: str) -> str:
    """Return the text of a field of a form; an empty text if there is no such field."""
    value = (await request.form()).get(name)
    return "" if value is None or isinstance(value, UploadFile) else value


async def number_of(request: Request, name: str) -> int | None:
    """Return the number in a field; None if it is missing, invalid or too large for a column."""
    text = await field_of(request, name)
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else None


async def key_of(request: Request, name: str) -> int:
    """Return the key of a row in a field. Raise NotFoundError for an invalid key."""
    key = await number_of(request, name)
    if key is None:
        raise NotFoundError
    return key
