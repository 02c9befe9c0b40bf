"""Keys in a body of which one leads to no row: the error of the database is told by the fields that have them."""

from collections.abc import Iterator

from pydantic import MISSING
from sqlalchemy import Column, inspect
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.database.deletion.missing_references import breaks_a_reference, missing_references
from dovetail.database.error_translation import BROKEN_REFERENCE, client_error
from dovetail.errors import ConflictError, FieldError


async def broken_reference(
    session: AsyncSession, model: type[object], data: object, error: Exception
) -> ConflictError | None:
    """Return the error with the fields of a body that are keys of rows which are not there; None for another error.

    Where nobody can say which they are it has all that are keys of others.
    """
    found = error if isinstance(error, ConflictError) else client_error(error)
    is_ours = isinstance(error, ConflictError) and error.detail == BROKEN_REFERENCE
    if not isinstance(found, ConflictError) or not (is_ours or breaks_a_reference(error)):
        return None
    if found.errors:
        return found
    given = dict(_keys(model, data))
    names = await missing_references(session, model, given, error) or list(given)
    errors = [FieldError(pointer=f"/{name}", detail=found.detail, type="unknown") for name in names]
    return ConflictError(found.detail, errors=errors)


def _keys(model: type[object], data: object) -> Iterator[tuple[str, object]]:
    """Yield the fields of a body that are keys of other rows, each with its value."""
    for attribute in inspect(model).column_attrs:
        column, value = attribute.columns[0], getattr(data, attribute.key, None)
        if isinstance(column, Column) and column.foreign_keys and value is not None and value is not MISSING:
            yield attribute.key, value
