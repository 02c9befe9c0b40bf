"""Primary keys of one column, whose value is the key, and of several, whose values are a tuple: `12`, and `(3, 7)`.

In addresses a tuple is written `3;7`, here and in the back office. A `;` or `\\` within a part has a `\\` before it.
"""

import enum
import re
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Annotated, TypeAlias, cast

from pydantic import AfterValidator, BeforeValidator, TypeAdapter, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError
from sqlalchemy import BindParameter, ColumnElement, Integer, String, and_, bindparam, inspect, or_, tuple_
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.types import TypeEngine

from dovetail.api.schemas import whole_number_text
from dovetail.resources.query.comparable import python_type
from dovetail.resources.query.filters import FilterParameter, comparable, filter_parameters
from dovetail.resources.query.paths import Criteria
from dovetail.resources.schemas.lookups import STEPS

PART = re.compile(r"(?:\\.|[^\\;])*", re.DOTALL)
Names: TypeAlias = tuple[str, ...]  # of the attributes that a key is made of


def key_names(model: type[object]) -> Names:
    """Return the attributes that are the primary key of a model."""
    mapper = inspect(model)
    return tuple(mapper.get_property_by_column(column).key for column in mapper.primary_key)


def key_of(item: object) -> Hashable:
    """Return the primary key of an object that was loaded or written."""
    identity = instance_state(item).identity  # `inspect` looks for who knows the class, and this is asked of each row
    assert identity is not None  # noqa: S101 - see above
    return key_from(identity)


def key_from(values: Sequence[Hashable]) -> Hashable:
    """Return the key that these values make: the only one, or a tuple of several."""
    return values[0] if len(values) == 1 else tuple(values)


def key_values(names: Names, key: Hashable) -> dict[str, object]:
    """Return the values of a key, by attribute."""
    values = key if isinstance(key, tuple) and len(names) > 1 else (key,)
    return dict(zip(names, values, strict=True))


def have_keys(model: type[object], names: Names, keys: Iterable[Hashable]) -> ColumnElement[bool]:
    """Return the condition that a row has one of these keys, which are made of the attributes of `names`."""
    return among([getattr(model, name) for name in names], keys)


def among(columns: Sequence[ColumnElement[object]], keys: Iterable[Hashable]) -> ColumnElement[bool]:
    """Return the condition that the values of these columns make one of the keys."""
    return columns[0].in_(list(keys)) if len(columns) == 1 else tuple_(*columns).in_(list(keys))


def keys_parameter(model: type[object], names: Names) -> FilterParameter:
    """Return the filter of rows by their keys, which are made of the attributes of `names`."""
    first = filter_parameters(model, {names[0]: "in"})[f"{names[0]}__in"]
    return first if len(names) == 1 else _SeveralColumns(first.path, "in", None, model=model, names=names)


@dataclass(frozen=True, kw_only=True)
class _SeveralColumns(FilterParameter):
    """The filter of rows by keys of several columns, each of which is a tuple."""

    model: type[object]
    names: Names

    @cached_property
    def name(self) -> str:
        """The name in a cache."""
        return ";".join(self.names)

    def arguments(self, value: Iterable[Iterable[object]]) -> tuple[object, ...]:
        """Return the values of all parts, one key after the other."""
        return tuple(part for key in value for part in key)

    def placeholders(self, prefix: str, count: int) -> list[BindParameter[object]]:
        """Return placeholders of the types of the parts."""
        types = [comparable(getattr(self.model, name).type) for name in self.names]
        return [bindparam(f"{prefix}_{number}", type_=types[number % len(types)]) for number in range(count)]

    def condition(
        self,
        placeholders: Sequence[BindParameter[object]],
        value: object,  # noqa: ARG002 - as all have them
        related: Criteria,  # noqa: ARG002 - as above
    ) -> ColumnElement[bool]:
        """Return the condition on the rows."""
        columns, width = [getattr(self.model, name) for name in self.names], len(self.names)
        keys = [placeholders[start : start + width] for start in range(0, len(placeholders), width)]
        return or_(*(and_(*(one == part for one, part in zip(columns, key, strict=True))) for key in keys))


def write_key(values: Iterable[object]) -> str:
    """Return a key as it stands in an address."""
    parts = tuple(values)
    if len(parts) == 1 and type(parts[0]) is int:  # as nearly all are, of each row of a list
        return str(parts[0])
    texts = [str(one.value if isinstance(one, enum.Enum) else one) for one in parts]
    return texts[0] if len(texts) == 1 else ";".join(re.sub(r"([\\;])", r"\\\1", text) for text in texts)


def split_key(text: str) -> list[str]:
    """Return the parts of a key of several values; none if it cannot be one."""
    parts, place = [], 0
    while place <= len(text):
        part = PART.match(text, place)
        if part is None or text[part.end() : part.end() + 1] not in {"", ";"}:
            return []
        parts.append(re.sub(r"\\(.)", r"\1", part[0], flags=re.DOTALL))
        place = part.end() + 1
    return parts


def key_text(key: object) -> str:
    """Return a key as it stands in an address."""
    if type(key) is int:  # as nearly all are, of each row of a list
        return str(key)
    return write_key(key if isinstance(key, tuple) else (key,))


def several_type(model: type[object], names: Names, *, in_url: bool) -> object:
    """Return the type of a key of several columns, as it stands in a URL, or as a list in JSON."""
    kinds = [_part_type(getattr(model, name).type, in_url=in_url) for name in names]
    whole = cast("type[tuple[Hashable, ...]]", tuple.__class_getitem__(tuple(kinds)))
    if not in_url:
        return whole
    schema = {"type": "string", "examples": [write_key(["1"] * len(names))]}
    # FastAPI takes a text for a parameter, and not a tuple.
    return Annotated[str, AfterValidator(partial(_read_several, TypeAdapter(whole), names)), WithJsonSchema(schema)]


def unaddressable(model: type[object], values: Mapping[str, object], taken: Collection[str]) -> str | None:
    """Return the attribute of a key whose text has a slash, which no address can hold.

    So it is with a key of one column that would mean something else there, as those of `taken` do.
    """
    names = key_names(model)
    texts = {
        name: str(values[name]) for name in names if name in values and isinstance(getattr(model, name).type, String)
    }
    others = {*STEPS, *taken} if len(names) == 1 else ()
    return next((name for name, text in texts.items() if "/" in text or text in others), None)


def _read_several(adapter: TypeAdapter[tuple[Hashable, ...]], names: Names, text: str) -> object:
    """Return the key that stands in an address. Raise PydanticCustomError for what is none."""
    try:
        return adapter.validate_python(split_key(text))
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        detail = problem["msg"].removeprefix("Value error, ")
        part = f"; {names[int(problem['loc'][0])]}: {detail}" if problem["loc"] else ""
        told = {"expected": ";".join(names), "part": part}
        raise PydanticCustomError("bad_key", "expected {expected}{part}", told) from None


def _part_type(kind: TypeEngine[object], *, in_url: bool) -> object:
    found = python_type(kind)
    is_number = in_url and isinstance(kind, Integer)
    return Annotated[found, BeforeValidator(whole_number_text)] if is_number else found
