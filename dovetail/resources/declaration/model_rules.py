"""Read the rules of a model itself for rows that are written: listeners, validators, and members of Enums.

A model that something listens to is written as objects by the ORM, others by statements.
"""

import inspect as python
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from functools import cache
from typing import Any, TypeAlias

from sqlalchemy import Enum, Table, inspect
from sqlalchemy.orm import MANYTOONE, Mapper, Session
from sqlalchemy.orm.attributes import flag_modified

from dovetail.database.drivers.sqlalchemy_private import ListenerCheck, has_own_init
from dovetail.errors import DovetailError, FieldError, InvalidInputError, quoted

OF_INSERTS = ("before_insert", "after_insert")
OF_UPDATES = ("before_update", "after_update")
OF_DELETES = ("before_delete", "after_delete")
FILLING = ("before_insert", "before_update")  # the events whose listeners may give values, and those of sessions
FILLING_OF_SESSIONS = ("before_flush", "before_attach", "after_attach", "transient_to_pending")
OF_SESSIONS = (
    "before_flush",
    "after_flush",
    "after_flush_postexec",
    "before_attach",
    "after_attach",
    "transient_to_pending",
    "pending_to_persistent",
)

Places: TypeAlias = Sequence[tuple[object, str]]  # targets of events, each with the name of an event


def why_objects(
    model: type[object], session_class: type[Session] = Session, events: Sequence[str] = OF_INSERTS
) -> str | None:
    """Return the reason why rows of `model` have to be written as ORM objects; None if a statement will do.

    Listeners may be added at any time, so this is checked for every write.
    """
    mapper: Mapper[object] = inspect(model)
    return why_model(mapper) or _why_listeners(mapper, session_class, events)


def may_fill(model: type[object], session_class: type[Session] = Session) -> str | None:
    """Return the kind of Python code that may set values that neither body nor column defaults give; None if none."""
    mapper: Mapper[object] = inspect(model)
    if mapper.validators:
        return "validators"
    if is_dataclass(mapper.class_):
        if hasattr(mapper.class_, "__post_init__"):
            return "__post_init__"
    elif has_own_init(mapper):
        return "__init__"
    return "listeners" if _filling(mapper)[session_class].has_listeners() else None


class ListenerChecks(dict[type[Session], ListenerCheck]):
    """A ListenerCheck for each session class, made on first access."""

    def __init__(self, places: Places, of_sessions: Sequence[str], made: Mapper[object] | None = None) -> None:
        super().__init__()
        self._places, self._of_sessions, self._made = places, of_sessions, made

    def __missing__(self, session_class: type[Session]) -> ListenerCheck:
        of_sessions = [(session_class, event) for event in self._of_sessions]
        found = self[session_class] = ListenerCheck(self._places, of_sessions, self._made)
        return found


@cache
def listener_checks(mapper: Mapper[object], events: Sequence[str]) -> ListenerChecks:
    """Return the checks for listeners of these events of a model, and of events of its attributes and of sessions."""
    places: list[tuple[object, str]] = [(mapper, event) for event in events]
    return ListenerChecks(places + _attributes(mapper), OF_SESSIONS, mapper)


@cache
def _filling(mapper: Mapper[object]) -> ListenerChecks:
    """Return the checks for listeners that may set values of rows before they are written."""
    places: list[tuple[object, str]] = [(mapper, event) for event in FILLING]
    return ListenerChecks(places + _attributes(mapper), FILLING_OF_SESSIONS, mapper)


@cache
def delete_listeners(mapper: Mapper[object]) -> ListenerChecks:
    """Return the checks for listeners of the deletion of rows by a statement."""
    return ListenerChecks([(mapper, event) for event in OF_DELETES], ("after_bulk_delete",))


def has_delete_listeners(model: type[object]) -> bool:
    """Return True if the model's delete events have listeners."""
    return any(getattr(inspect(model).dispatch, event) for event in OF_DELETES)


def why_objects_to_delete(model: type[object], session_class: type[Session] = Session) -> str | None:
    """Return the reason why rows of `model` have to be deleted by the ORM; None if a DELETE does everything."""
    mapper: Mapper[object] = inspect(model)
    for relation in mapper.relationships:
        own = relation.direction is MANYTOONE and not relation.cascade.delete
        if not (own or relation.passive_deletes or relation.viewonly):
            return f"the ORM looks after {mapper.class_.__name__}.{relation.key}"
    return _why_listeners(mapper, session_class, OF_DELETES)


@cache
def why_model(mapper: Mapper[object]) -> str | None:
    """Return the reason that lies in the model itself; None if there is none."""
    name = mapper.class_.__name__
    table = mapper.local_table
    if mapper.polymorphic_on is not None or len(mapper.tables) != 1 or not isinstance(table, Table):
        return f"{name} is polymorphic"
    if mapper.version_id_col is not None:
        return f"{name} counts its versions"
    if mapper.validators:
        return f"{name} has validators"
    if has_own_init(mapper):
        return f"{name} has an __init__ of its own"
    wanting = [column.key for column in table.columns if wants_context(column.default)]
    return f"the default of {name}.{wanting[0]} looks at its context" if wanting else None


def wants_context(default: Any) -> bool:
    """Return True if the default of a column is a function that takes the context of the statement."""
    if default is None or not default.is_callable:
        return False
    # SQLAlchemy wraps a function that takes nothing, and leaves one that takes the context as it is.
    try:
        return bool(python.signature(default.arg).parameters)
    except ValueError:  # a builtin such as `dict`
        return False


def check_enums(model: type[object], values: Mapping[str, object]) -> None:
    """Raise InvalidInputError for a text that the Enum of its column does not have.

    SQLAlchemy would store it as it is, and nobody could read the row again.
    """
    errors = unknown_members(model, values)
    if errors:
        raise InvalidInputError(errors[0].detail, errors=errors)


def unknown_members(model: type[object], values: Mapping[str, object]) -> list[FieldError]:
    """Return an error for each such text."""
    return [
        FieldError(
            pointer=f"/{name}",
            detail=f"expected one of {', '.join(members.enums)}, found {quoted(value)}",
            type="enum",
        )
        for name, members in enums_of(inspect(model)).items()
        if isinstance(value := values.get(name), str) and not _has(members, value)
    ]


@cache
def enums_of(mapper: Mapper[object]) -> Mapping[str, Enum]:
    """Return the Enums of a model's columns, by attribute."""
    columns = {attribute.key: attribute.columns[0].type for attribute in mapper.column_attrs}
    return {name: type_ for name, type_ in columns.items() if isinstance(type_, Enum)}


def make_object(model: type[object], values: Mapping[str, object]) -> object:
    """Return an object with these values. Raise InvalidInputError, with the field, for a ValueError of a validator."""
    try:
        return model(**values)
    except ValueError as error:
        if isinstance(error, DovetailError):
            raise
        raise _invalid(model, values, error) from error


def set_value(item: object, name: str, value: object) -> None:
    """Set an attribute. Raise InvalidInputError, with the field, for a ValueError of a validator."""
    before = getattr(item, "__dict__", {}).get(name)
    try:
        setattr(item, name, value)
        if before == value and not is_same(before, value):
            flag_modified(item, name)
    except ValueError as error:
        if isinstance(error, DovetailError):
            raise
        raise _of_field(name, error) from error


def is_same(before: object, value: object) -> bool:
    """Return whether two values are one; JSON's 0, 0.0 and false, which are equal in Python, are three."""
    return before == value and not (isinstance(value, int | float | list | dict) and repr(before) != repr(value))


def _attributes(mapper: Mapper[object]) -> list[tuple[object, str]]:
    return [(mapper.class_manager[key], "set") for key in mapper.column_attrs.keys()]  # noqa: SIM118 - it is no mapping


def _why_listeners(mapper: Mapper[object], session_class: type[Session], events: Sequence[str]) -> str | None:
    has_listeners = listener_checks(mapper, events)[session_class].has_listeners()
    return f"events listen to {mapper.class_.__name__}, its attributes or sessions" if has_listeners else None


def _has(members: Enum, value: str) -> bool:
    return value in members.enums or (members.enum_class is not None and isinstance(value, members.enum_class))


def _invalid(model: type[object], values: Mapping[str, object], error: ValueError) -> InvalidInputError:
    """Return the error with the field that the validator refuses again on an object that is empty otherwise."""
    item = inspect(model).class_manager.new_instance()
    for name, value in values.items():
        try:
            setattr(item, name, value)
        except ValueError as again:
            return _of_field(name, again)
    return InvalidInputError(str(error))


def _of_field(name: str, error: ValueError) -> InvalidInputError:
    detail = str(error) or "This value is not accepted."
    return InvalidInputError(detail, errors=[FieldError(pointer=f"/{name}", detail=detail, type="value_error")])
