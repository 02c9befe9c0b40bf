"""Values that a schema lets pass and the model or its columns do not take: bad input, with the field's name."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Enum, inspect
from sqlalchemy.orm import Mapper

from dovetail.errors import DovetailError, FieldError, InvalidInputError, quoted


def check_members(model: type[Any], values: Mapping[str, Any]) -> None:
    """Raise InvalidInputError for a text that the Enum of its column does not have.

    SQLAlchemy would store it as it is, and nobody could read the row again.
    """
    errors = [
        FieldError(
            pointer=f"/{name}",
            detail=f"expected one of {', '.join(members.enums)}, found {quoted(values[name])}",
            type="enum",
        )
        for name, members in _enums(inspect(model)).items()
        if isinstance(values.get(name), str) and not _has(members, values[name])
    ]
    if errors:
        raise InvalidInputError(errors[0].detail, errors=errors)


def make_object(model: type[Any], values: Mapping[str, Any]) -> Any:
    """An object with these values. Raises InvalidInputError, with the field, for a ValueError of a validator."""
    try:
        return model(**values)
    except ValueError as error:
        if isinstance(error, DovetailError):
            raise
        raise _invalid(model, values, error) from error


def set_value(item: Any, name: str, value: Any) -> None:
    """Set an attribute. Raises InvalidInputError, with the field, for a ValueError of a validator."""
    try:
        setattr(item, name, value)
    except ValueError as error:
        if isinstance(error, DovetailError):
            raise
        raise _of_field(name, error) from error


@cache
def _enums(mapper: Mapper[Any]) -> dict[str, Enum]:
    columns = {attribute.key: attribute.columns[0].type for attribute in mapper.column_attrs}
    return {name: type_ for name, type_ in columns.items() if isinstance(type_, Enum)}


def _has(members: Enum, value: str) -> bool:
    return value in members.enums or (members.enum_class is not None and isinstance(value, members.enum_class))


def _invalid(model: type[Any], values: Mapping[str, Any], error: ValueError) -> InvalidInputError:
    """The field that a validator refused: the one that it refuses again on an object that is empty otherwise."""
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
