"""The forms of values of which JSON says too little: members of an enumeration, bytes among texts, exact decimals."""

from base64 import b64decode, b64encode
from binascii import Error
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, PlainValidator
from sqlalchemy import Enum, Numeric, String
from sqlalchemy.types import TypeEngine


def text_form(kind: String) -> object:
    """Return the form of a text: as long as the column allows."""
    return Annotated[str, Field(max_length=kind.length)] if kind.length else str


def enum_form(kind: Enum) -> object:
    """Return the form of a member: its value, or its label in the database if values are no texts and numbers."""
    members = kind.enum_class
    if members is None:
        return Literal[tuple(kind.enums)]
    if all(isinstance(one.value, str | int | float) for one in members):
        return members
    by_label = dict(zip(kind.enums, members, strict=True))
    labels = {member: label for label, member in by_label.items()}

    def member(label: object) -> object:
        if label not in by_label:
            raise ValueError(f"expected one of {', '.join(by_label)}")
        return by_label[str(label)]

    return Annotated[members, PlainValidator(member), PlainSerializer(labels.__getitem__)]


def decimal_form(kind: TypeEngine[object], *, is_float: bool) -> object:
    """Return the form of a decimal; `is_float` where the database keeps it as one, and refuses what it would change."""
    if not is_float or not isinstance(kind, Numeric):
        return Decimal
    scale = kind.scale if kind.decimal_return_scale is None else kind.decimal_return_scale

    def exactly(number: Decimal) -> Decimal:
        kept = float(number)
        if Decimal(repr(kept) if scale is None else f"{kept:.{scale}f}") != number:
            raise ValueError("SQLite keeps 15 digits of a number, and this has more")
        return number

    return Annotated[Decimal, AfterValidator(exactly)]


def _write_raw(value: object) -> object:
    return {"base64": b64encode(value).decode()} if isinstance(value, bytes) else value


def _read_raw(value: object) -> object:
    match value:
        case {"base64": str(text), **rest} if not rest:
            try:
                return b64decode(text, validate=True)
            except Error:
                raise ValueError("this is no base64") from None
        case dict() | list():
            raise ValueError('expected a text, a number or {"base64": "..."}')
    return value


# A value of SQLite whose type only its plugin knows: it may be bytes in one row and a text in the next.
Raw = Annotated[object, BeforeValidator(_read_raw), PlainSerializer(_write_raw)]
