"""Columns whose values only the database can validate: an error of a value names the fields of these columns."""

from collections.abc import Iterator

from sqlalchemy import Column, inspect
from sqlalchemy.dialects.postgresql import DOMAIN, JSONPATH, MONEY, REGCLASS, REGCONFIG, TSQUERY, TSVECTOR
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import UserDefinedType

from dovetail.database.error_translation import is_bad_data
from dovetail.errors import FieldError, InvalidInputError
from dovetail.translation.texts import gettext

UNSURE = (DOMAIN, JSONPATH, MONEY, REGCLASS, REGCONFIG, TSQUERY, TSVECTOR, UserDefinedType)


def refused_value(model: type[object], data: object, error: DBAPIError) -> InvalidInputError | None:
    """Return the error with the fields of `data`, the values of a row, of which the database may have refused one.

    None if there is no such field, or the database did not refuse a value.
    """
    detail = gettext("The database takes this for no value of its type.")
    errors = [FieldError(pointer=f"/{name}", detail=detail, type="invalid") for name in _unsure(model, data)]
    return InvalidInputError(detail, errors=errors) if errors and is_bad_data(error) else None


def _unsure(model: type[object], data: object) -> Iterator[str]:
    for attribute in inspect(model).column_attrs:
        column = attribute.columns[0]
        is_given = isinstance(getattr(data, attribute.key, None), str)
        if is_given and isinstance(column, Column) and isinstance(column.type, UNSURE):
            yield attribute.key
