"""A column by which clients know the rows of a resource, in place of the primary key."""

from collections.abc import Collection

from sqlalchemy import Column, String, Table, UniqueConstraint, inspect

from dovetail.errors import ConfigurationError, FieldError, InvalidInputError, quoted

STEPS = frozenset({"", ".", ".."})  # of a path, which clients and proxies take out


def check_lookup(name: str, model: type[object], lookup: str) -> None:
    """Raise ConfigurationError unless `lookup` is a column whose values are texts or numbers, unique and never null."""
    found = inspect(model).column_attrs.get(lookup)
    column = None if found is None else found.columns[0]
    if not isinstance(column, Column):
        known = ", ".join(sorted(one.key for one in inspect(model).column_attrs))
        raise ConfigurationError(f"{name}: lookup is {lookup!r}, expected a column of {model.__name__}: {known}")
    if column.nullable or not is_unique(column):
        raise ConfigurationError(
            f"{name}: lookup is {lookup!r}, of which several rows may have the same value, or none: expected "
            "mapped_column(unique=True), and no null"
        )
    if not isinstance(column.type, String):
        raise ConfigurationError(f"{name}: lookup is {lookup!r}, expected a text; the primary key needs no lookup")


def is_unique(column: Column[object]) -> bool:
    """Return True if no two rows have the same value of a column."""
    table = column.table
    if column.unique or not isinstance(table, Table):
        return bool(column.unique)
    rules = [one for one in table.constraints if isinstance(one, UniqueConstraint)]
    alone = [list(one.columns) for one in (*rules, table.primary_key)]
    alone += [list(index.columns) for index in table.indexes if index.unique]
    return any(columns == [column] for columns in (list(one) for one in alone if len(one) == 1))


def check_key(field: str, value: object, taken: Collection[str]) -> None:
    """Raise InvalidInputError for a value of a lookup that could not stand in a path, or means something else there."""
    text = str(value)
    if "/" in text or text in STEPS:
        detail = f"{quoted(text)} cannot stand in an address; expected a text without / that is not . or .."
    elif text in taken:
        detail = f"{quoted(text)} means something else in an address; expected another text"
    else:
        return
    raise InvalidInputError(errors=[FieldError(pointer=f"/{field}", detail=detail, type="bad_key")])
