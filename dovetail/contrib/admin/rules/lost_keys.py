"""Check deferred foreign keys before the COMMIT, which would fail if they refer to missing rows.

After a failed COMMIT, the field could not be determined any more.
"""

from collections.abc import Iterable, Sequence
from itertools import chain

from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import MANYTOONE, Mapper

from dovetail.database.deletion.missing_references import has_deferred_keys, lost_references
from dovetail.errors import ConflictError, FieldError
from dovetail.translation.texts import gettext
from dovetail.translation.words import column_in_words


async def check_deferred_keys(session: AsyncSession, model: type[object], rows: Sequence[object]) -> None:
    """Raise ConflictError if written rows refer to missing rows; for a single row, with the fields and relations."""
    if not rows or not has_deferred_keys(model):
        return
    lost = await lost_references(session, model, [vars(row) for row in rows])
    if lost:
        names = list(dict.fromkeys(chain.from_iterable(lost.values())))
        told = ", ".join(gettext(column_in_words(name)) for name in names)
        detail = gettext("This refers to something that does not exist: %(names)s.") % {"names": told}
        raise ConflictError(detail, errors=_errors(model, names, detail) if len(rows) == 1 else ())


def _errors(model: type[object], names: Iterable[str], detail: str) -> list[FieldError]:
    mapper: Mapper[object] = inspect(model)
    columns = {mapper.column_attrs[name].columns[0] for name in names}
    to_one = (one for one in mapper.relationships if one.direction is MANYTOONE)
    relations = [one.key for one in to_one if not columns.isdisjoint(one.local_columns)]
    return [FieldError(pointer=f"/{name}", detail=detail, type="conflict") for name in (*names, *relations)]
