"""Write the days and moments in a line of the log as pages do: in the language and the zone of who reads it."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import Date, DateTime, inspect
from sqlalchemy.orm import Mapper

from dovetail.contrib.admin.columns.readers import bare
from dovetail.contrib.history.models import RecordedChange
from dovetail.translation import formats

Picture = Mapping[str, object]


def shown_pictures(model: type[object], row: RecordedChange) -> tuple[Picture, Picture]:
    """Return the values of fields before and after a change as they are shown.

    Of two moments that are shown alike both stay as the log has them, or nobody would see that they differ.
    """
    before, after = _shown(model, row.before), _shown(model, row.after)
    alike = {name for name in before if name in after and before[name] == after[name]}
    return {**before, **_of(row.before, alike)}, {**after, **_of(row.after, alike)}


def _shown(model: type[object], picture: Picture) -> Picture:
    mapper: Mapper[object] = inspect(model)
    return {name: _as_page(mapper, name, value) for name, value in picture.items()}


def _as_page(mapper: Mapper[object], name: str, value: object) -> object:
    if not isinstance(value, str) or name not in mapper.column_attrs:
        return value
    kind = bare(mapper.column_attrs[name].columns[0].type)
    try:
        if isinstance(kind, DateTime):
            return formats.exact(datetime.fromisoformat(value))
        return formats.day(date.fromisoformat(value)) if isinstance(kind, Date) else value
    except ValueError:  # a secret, or what the column held when it was of another type
        return value


def _of(picture: Picture, names: set[str]) -> Picture:
    return {name: value for name, value in picture.items() if name in names}
