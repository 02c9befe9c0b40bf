"""Keys in a body of which one leads to no row: the error of the database is told by the fields that have them."""

from collections.abc import Iterator

from sqlalchemy import Column, inspect

from dovetail.database.error_translation import BROKEN_REFERENCE, client_error
from dovetail.errors import ConflictError, FieldError


def broken_reference(model: type[object], data: object, error: Exception) -> ConflictError | None:
    """Return the error with the fields of a new row that are keys of others, of which one may not be there.

    None for another error. SQLite does not say which one it was.
    """
    found = error if isinstance(error, ConflictError) else client_error(error)
    if not isinstance(found, ConflictError) or found.detail != BROKEN_REFERENCE:
        return None
    errors = [FieldError(pointer=f"/{name}", detail=BROKEN_REFERENCE, type="unknown") for name in _keys(model, data)]
    return ConflictError(BROKEN_REFERENCE, errors=errors)


def _keys(model: type[object], data: object) -> Iterator[str]:
    for attribute in inspect(model).column_attrs:
        column = attribute.columns[0]
        if isinstance(column, Column) and column.foreign_keys and getattr(data, attribute.key, None) is not None:
            yield attribute.key
