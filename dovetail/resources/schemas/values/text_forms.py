"""Columns whose values JSON holds as texts, and Python as something else: addresses, bits and ranges of PostgreSQL.

A text is checked before the driver has it, so that a wrong one is an error of its field, and a value that the driver
gives is written as PostgreSQL would.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_interface, ip_network
from uuid import UUID

from pydantic import AfterValidator
from sqlalchemy import Uuid
from sqlalchemy.dialects.postgresql import BIT, CIDR, INET, MACADDR, MACADDR8, BitString
from sqlalchemy.dialects.postgresql.ranges import AbstractRange
from sqlalchemy.types import TypeEngine

from dovetail.database.engine.ranges import read_range, write_range
from dovetail.errors import quoted

SEPARATORS = re.compile(r"[:.\-]")
HEXADECIMAL = re.compile(r"[0-9a-f]*")


@dataclass(frozen=True)
class TextForm:
    """A way to see that a text is right for a column, or raise ValueError, and to write a value as a text."""

    read: Callable[[str], str]
    write: Callable[[object], str] = str
    is_ordered: bool = True

    @property
    def check(self) -> AfterValidator:
        """The check of a text that is sent, for pydantic."""
        return AfterValidator(self.read)


def text_form(kind: TypeEngine[object]) -> TextForm | None:
    """Return the form of a column's values as texts, or of each of several ranges; None if JSON needs none."""
    return next((make(kind) for special, make in _FORMS.items() if isinstance(kind, special)), None)


def _uuid(kind: TypeEngine[object]) -> TextForm | None:
    return None if getattr(kind, "as_uuid", True) else TextForm(lambda text: str(UUID(text)))


def _read_interface(text: str) -> str:
    if "%" in text:
        raise ValueError(f"expected an address without a scope, found {quoted(text)}")
    return str(ip_interface(text) if "/" in text else ip_interface(text).ip)


def _read_mac(length: int, text: str) -> str:
    digits = SEPARATORS.sub("", text.lower())
    if len(digits) != length * 2 or not HEXADECIMAL.fullmatch(digits):
        raise ValueError(f"expected {length} pairs of hexadecimal digits, as in 08:00:2b:..., found {quoted(text)}")
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def _read_range(kind: TypeEngine[object], text: str) -> str:
    return write_range(read_range(type(kind), text))  # as a text: pydantic would make a dictionary of a range


def _read_bits(kind: BIT, text: str) -> BitString:
    length = kind.length if kind.length is not None or kind.varying else 1
    fits = length is None or (len(text) <= length if kind.varying else len(text) == length)
    if set(text) - {"0", "1"} or not fits:
        most = "" if length is None else f"{'at most ' if kind.varying else ''}{length} "
        raise ValueError(f"expected {most}digits 0 and 1, found {quoted(text)}")
    return BitString(text)


_FORMS: Mapping[type, Callable[..., TextForm | None]] = {
    Uuid: _uuid,
    INET: lambda _: TextForm(_read_interface),
    CIDR: lambda _: TextForm(lambda text: str(ip_network(text))),
    MACADDR: lambda _: TextForm(partial(_read_mac, 6)),
    MACADDR8: lambda _: TextForm(partial(_read_mac, 8)),
    BIT: lambda kind: TextForm(partial(_read_bits, kind), is_ordered=False),
    AbstractRange: lambda kind: TextForm(partial(_read_range, kind), write_range, is_ordered=False),
}
