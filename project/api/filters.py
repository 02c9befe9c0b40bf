"""Filters, search and order of a list, as Django's lookups name them."""

from typing import Any

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError
from sqlalchemy import ColumnElement, Select, or_
from sqlalchemy.orm import InstrumentedAttribute

from project.database.base import IdMixin


def one_of(*names: str) -> AfterValidator:
    """A validator for `ordering`: names from this list, separated by commas, each with a `-` for the reverse.

    ordering: Annotated[str, one_of("created_at", "title")] = "-created_at"
    """

    def check(ordering: str) -> str:
        given = [term.strip().removeprefix("-") for term in ordering.split(",")]
        unknown = [name for name in given if name not in names]
        if unknown:
            raise ValueError(f"cannot order by {unknown[0]!r}, expected one of {', '.join(sorted(names))}")
        if len(set(given)) < len(given):
            raise PydanticCustomError("repeated", "names a field twice")
        return ordering

    return AfterValidator(check)


def pattern_of(*names: str) -> str:
    """What `one_of(*names)` takes, as a regular expression for the OpenAPI document."""
    one = f"-?({'|'.join(names)})"
    return f"^{one}(,{one})*$"


def ordered(statement: Select[Any], ordering: str, model: type[IdMixin]) -> Select[Any]:
    """Order `statement` by the columns of `model` that a checked `ordering` names; ties are broken by the id."""
    terms = [term.strip() for term in ordering.split(",")]
    if "id" not in {term.removeprefix("-") for term in terms}:
        # The same direction as the first term lets one index serve both.
        terms.append("-id" if terms[0].startswith("-") else "id")
    columns = [(getattr(model, term.removeprefix("-")), term.startswith("-")) for term in terms]
    return statement.order_by(*(column.desc() if descending else column.asc() for column, descending in columns))


def contains(text: str, *columns: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Whether one of `columns` contains `text`, whatever the case; `%` and `_` stand for themselves.

    SQLite knows the case of ASCII letters only.
    """
    return or_(*(column.icontains(text, autoescape=True) for column in columns))
