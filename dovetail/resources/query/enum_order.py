"""Comparisons of an Enum by the order in which its members are declared, whatever a database keeps of them."""

from collections.abc import Sequence

from sqlalchemy.types import Enum, TypeDecorator, TypeEngine

OF_ORDER = ("lt", "lte", "gt", "gte", "range")  # the lookups that ask for an order


def members_in_order(column_type: TypeEngine[object]) -> tuple[object, ...]:
    """Return the members of an Enum as they are declared; an empty tuple for every other type."""
    found = column_type.impl_instance if isinstance(column_type, TypeDecorator) else column_type
    if not isinstance(found, Enum):
        return ()
    if found.enum_class is not None:
        return tuple(found.enum_class)
    return tuple(found.enums) if isinstance(column_type, Enum) else ()


def members_meant(members: Sequence[object], lookup_name: str, value: object) -> Sequence[object]:
    """Return the members that a comparison with a value means, which is a list of two for `range`."""
    first, last = value if isinstance(value, list) else (value, value)
    start, end = members.index(first), members.index(last)
    match lookup_name:
        case "lt":
            return members[:end]
        case "lte":
            return members[: end + 1]
        case "gt":
            return members[start + 1 :]
        case "gte":
            return members[start:]
    return members[start : end + 1]
