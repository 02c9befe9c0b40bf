"""Rows that violate a constraint of the database: the error names the fields of the body that the constraint concerns.

If the body has none of its columns, the error concerns the whole object.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from pydantic import MISSING, BaseModel
from sqlalchemy import Column, Table, inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapper

from dovetail.database.column_types import InexactNumberError
from dovetail.database.deletion.missing_references import (
    breaks_a_reference,
    has_deferred_keys,
    lost_references,
    missing_references,
)
from dovetail.database.drivers.broken_rules import refused_columns
from dovetail.database.engine.portable_values import is_exact
from dovetail.database.error_translation import BROKEN_REFERENCE, client_error
from dovetail.errors import ConflictError, FieldError


async def refused_row(
    session: AsyncSession, model: type[object], data: BaseModel, error: Exception
) -> ConflictError | InexactNumberError | None:
    """Return the error with the fields of a body that a rule of the database refused; None for another error.

    Where nobody can say which key of another row is broken it has all that are keys of others.
    """
    if isinstance(error, InexactNumberError):
        names = [name for name in data.model_fields_set if not is_exact(getattr(data, name))]
        return InexactNumberError(errors=_errors(sorted(names), error.detail, "invalid"))
    found = error if isinstance(error, ConflictError) else client_error(error)
    is_ours = isinstance(error, ConflictError) and error.detail == BROKEN_REFERENCE
    if not isinstance(found, ConflictError) or not (is_ours or isinstance(error, IntegrityError)):
        return None
    if found.errors:
        return found
    if isinstance(error, IntegrityError) and not breaks_a_reference(error):
        return ConflictError(found.detail, errors=_errors(_refused(model, data, error), found.detail, "conflict"))
    given = dict(_keys(model, data))
    names = await missing_references(session, model, given, error) or list(given)
    return ConflictError(found.detail, errors=_errors(names, found.detail, "unknown"))


async def check_deferred_keys(session: AsyncSession, model: type[object], bodies: Sequence[object]) -> None:
    """Raise ConflictError for keys of other rows that lead nowhere, which else the COMMIT would find out.

    It is asked once the rows of `bodies` were written. Of one body the error has the fields.
    """
    if not has_deferred_keys(model):
        return
    lost = await lost_references(session, model, [dict(_keys(model, body)) for body in bodies])
    if lost:
        names = dict.fromkeys(chain.from_iterable(lost.values())) if len(bodies) == 1 else ()
        raise ConflictError(BROKEN_REFERENCE, errors=_errors(names, BROKEN_REFERENCE, "unknown"))


def _errors(names: Iterable[str], detail: str, kind: str) -> list[FieldError]:
    return [FieldError(pointer=f"/{name}", detail=detail, type=kind) for name in names]


def _refused(model: type[object], data: BaseModel, error: IntegrityError) -> list[str]:
    """Return the fields whose columns the broken rule is of: those that were sent, or else those that could be."""
    mapper: Mapper[object] = inspect(model)
    refused = set(refused_columns(error.orig, [one for one in mapper.tables if isinstance(one, Table)]))
    names = [one.key for one in mapper.column_attrs if not refused.isdisjoint(one.columns)]
    sent = [name for name in names if name in data.model_fields_set]
    return sent or [name for name in names if name in type(data).model_fields]


def _keys(model: type[object], data: object) -> Iterator[tuple[str, object]]:
    """Yield the fields of a body that are keys of other rows, each with its value."""
    for attribute in inspect(model).column_attrs:
        column, value = attribute.columns[0], getattr(data, attribute.key, None)
        if isinstance(column, Column) and column.foreign_keys and value is not None and value is not MISSING:
            yield attribute.key, value
