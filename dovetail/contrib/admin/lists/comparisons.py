"""Compare a column with a value typed into a filter."""

import re
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import DateTime, Enum, Integer, Numeric, Uuid, and_, literal
from sqlalchemy.types import TypeEngine

from dovetail.contrib.admin.columns.readers import Reader, bare, is_text, reader_of
from dovetail.contrib.admin.columns.texts import read_day, read_number
from dovetail.resources.query.filters import comparable
from dovetail.translation.texts import gettext_lazy

OPERATIONS = {
    "contains": gettext_lazy("Contains"),
    "equals": gettext_lazy("Equals"),
    "starts_with": gettext_lazy("Starts with"),
    "ends_with": gettext_lazy("Ends with"),
    "greater_than": gettext_lazy("Greater than"),
    "at_least": gettext_lazy("At least"),
    "less_than": gettext_lazy("Less than"),
    "at_most": gettext_lazy("At most"),
}
OF_TEXTS = ("contains", "equals", "starts_with", "ends_with")
OF_KEYS = ("equals",)
OF_NUMBERS = ("equals", "greater_than", "at_least", "less_than", "at_most")
COMMA = re.compile(r"([+\-\u2212]?\d+),(\d{1,2}|\d{4,})")  # a decimal comma, which cannot separate thousands
# A typed time means a range: a day, a minute or a second.
SPANS = (
    (re.compile(r"[\d-]+"), timedelta(days=1)),
    (re.compile(r"[\d-]+[ T]+\d+:\d+\D*"), timedelta(minutes=1)),
    (re.compile(r"[\d-]+[ T]+\d+:\d+:\d+(?:[^.\d].*)?"), timedelta(seconds=1)),
)


def operations_of(column_type: TypeEngine[Any]) -> tuple[str, ...]:
    """Return the comparisons for a column; none for one whose values cannot be typed."""
    if isinstance(column_type, Uuid):
        return OF_KEYS
    if reader_of(column_type) is None:
        return ("equals",) if isinstance(column_type, Enum) and column_type.enum_class is None else ()
    return OF_TEXTS if is_text(column_type) else OF_NUMBERS


def compare(column: Any, operation: str, text: str) -> Any:
    """Return the condition of comparing `column` with `text` by one of the `operations_of` its type.

    Raise ValueError, with the reason, for a text that is not a value of the column.
    """
    reader: Reader = reader_of(column.type) or str
    if is_text(column.type):
        return _compare_text(column, operation, text.strip())
    text = _number_in_code(text) if isinstance(bare(column.type), Integer | Numeric) else read_day(text)
    value = reader(text)
    first = literal(value, comparable(column.type))
    span = _span(value, text.strip()) if isinstance(bare(column.type), DateTime) else timedelta()
    if not span:
        return _compare(column, operation, first)
    after = literal(value + span, column.type)
    match operation:
        case "equals":
            return and_(column >= first, column < after)
        case "greater_than":
            return column >= after
        case "at_most":
            return column < after
    return _compare(column, operation, first)


def _number_in_code(text: str) -> str:
    """Return a number in the format of code, from the format of the language or of another one (in shared views)."""
    found = COMMA.fullmatch(text.strip())
    return read_number(text if found is None else f"{found[1]}.{found[2]}")


def _compare_text(column: Any, operation: str, text: str) -> object:
    match operation:
        case "contains":
            return column.icontains(text, autoescape=True)
        case "starts_with":
            return column.istartswith(text, autoescape=True)
        case "ends_with":
            return column.iendswith(text, autoescape=True)
    return column == text


def _compare(column: object, operation: str, value: Any) -> object:
    match operation:
        case "greater_than":
            return column > value
        case "at_least":
            return column >= value
        case "less_than":
            return column < value
        case "at_most":
            return column <= value
    return column == value


def _span(value: datetime, text: str) -> timedelta:
    found = next((span for shape, span in SPANS if shape.fullmatch(text)), timedelta())
    return found if found <= datetime.max.replace(tzinfo=value.tzinfo) - value else timedelta()
