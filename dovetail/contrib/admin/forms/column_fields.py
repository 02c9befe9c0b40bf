"""Functions that make form fields for columns: parsed inputs and selects."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeAlias, cast

from pydantic import TypeAdapter
from sqladmin.exceptions import NoConverterFound
from sqladmin.forms import converts
from sqlalchemy import Column, Enum, Numeric, Uuid
from sqlalchemy.dialects.postgresql import DOMAIN
from sqlalchemy.dialects.postgresql.ranges import AbstractMultiRange
from sqlalchemy.orm import ColumnProperty, RelationshipProperty
from sqlalchemy.types import TypeEngine
from wtforms import Field, validators
from wtforms.fields.core import UnboundField

from dovetail.contrib.admin.columns.readers import Reader, reader_of
from dovetail.contrib.admin.columns.stored_texts import stored_text
from dovetail.contrib.admin.columns.texts import as_text
from dovetail.contrib.admin.forms import fields
from dovetail.contrib.admin.forms.structured_fields import ListField, TypedJSONField
from dovetail.resources.schemas.column_types import sent_type, type_of_values
from dovetail.resources.schemas.values.text_forms import text_form
from dovetail.translation.texts import gettext, gettext_lazy

Options = dict[str, Any]
Property = ColumnProperty[object]
FieldOf = Property | RelationshipProperty[object]  # a column or a relation
Method = Callable[[Any, Property, Options], Field]  # a method of a converter
FormField: TypeAlias = "UnboundField[Field]"  # WTForms binds it to its form later


@dataclass(frozen=True)
class AsText:
    """Converts texts to values, and values to texts."""

    read: Reader
    write: Callable[[object], str] = as_text


def makes_fields_of(*types: str) -> Callable[[Method], Callable[..., FormField]]:
    """Register a method of a converter for columns of these types; it is called without the model."""

    def decorate(method: Method) -> Callable[..., FormField]:
        @wraps(method)
        def make(self: object, model: type, prop: Property, kwargs: Options) -> Field:  # noqa: ARG001 - the signature of SQLAdmin's converters
            return method(self, prop, kwargs)

        return cast("Callable[..., FormField]", converts(*types)(make))

    return decorate


def below_domain(prop: Property) -> Property:
    """Return a column with the base type of its domain; unchanged if its type is not a domain."""
    kind = prop.columns[0].type
    if not isinstance(kind, DOMAIN):
        return prop
    plain, column = copy(prop), copy(prop.columns[0])
    column.type = kind.data_type
    plain.columns = [column]
    return below_domain(plain)


def text_of(kind: TypeEngine[object]) -> "fields.ReadAsText | None":
    """Return the conversion of a type's values from and to texts; None for a type that has its own field."""
    if type(kind).__name__ in {"JSONType", "UUIDType"} or isinstance(kind, Uuid | AbstractMultiRange):
        return None
    return stored_text(kind) or text_form(kind)


def choice(prop: Property, kwargs: Options, options: Mapping[str, tuple[object, str]]) -> Field:
    """Return a select field with `options`, or with those of them that `choices` names."""
    given = kwargs.pop("choices", None)
    if given is not None:
        options = dict(_offered(prop, options, given))
    kwargs["render_kw"] = kwargs.get("render_kw", {}) | {"class": "form-select"}
    return fields.ChoiceField(options=options, allow_blank=bool(prop.columns[0].nullable), **kwargs)


def parsed(field: type[fields.ParsedField], prop: Property, kwargs: Options) -> Field:
    """Return a field for parsed values. Raise NoConverterFound for a type whose values cannot be typed."""
    column_type = prop.columns[0].type
    reader = reader_of(column_type, exactly=True)
    if reader is None:
        raise NoConverterFound(f"a value of {column_type!r} cannot be typed")
    return field(reader=reader, **kwargs)


def number(prop: Property, kwargs: Options) -> Field:
    """Return a field for a number within the limits of the column."""
    kwargs["render_kw"] = {"step": _step(prop.columns[0].type)} | kwargs.get("render_kw", {})
    return parsed(fields.NumberField, prop, kwargs)


def lines(kind: TypeEngine[object], kwargs: Options) -> Field:
    """Return a field for values of a type, one per line. Raise NoConverterFound if they cannot be typed."""
    form = _item_of(kind)
    if form is None:
        raise NoConverterFound(f"lists of {kind!r} cannot be typed")
    if kwargs.get("description") is None:
        kwargs["description"] = gettext_lazy("One a line")
    return ListField(form=form, **_optional(kwargs))


def typed_json(prop: Property, kwargs: Options) -> Field:
    """Return a field for JSON with the column's type in the API. Raise NoConverterFound if it has none."""
    column = cast("Column[object]", prop.columns[0])
    sent, answered = sent_type(column), type_of_values(column.type)
    if sent is None or answered is None:
        raise NoConverterFound(f"a value of {column.type!r} cannot be typed")
    return TypedJSONField(sent=_adapter(sent), answered=_adapter(answered), **_optional(kwargs))


def _adapter(annotation: object) -> TypeAdapter[object]:
    return TypeAdapter(cast("type[object]", annotation))


def _offered(
    prop: Property, options: Mapping[str, tuple[object, str]], given: Iterable[tuple[object, str]]
) -> Iterator[tuple[str, tuple[object, str]]]:
    """Yield the options in `choices`, given by value or by the value's text in forms, with the labels in it."""
    for one, label in given:
        key = next((key for key, (value, _) in options.items() if one in (key, value)), None)
        if key is None:
            raise ValueError(f"choices of {prop.key!r} name {one!r}, expected some of {', '.join(options)}")
        yield key, (options[key][0], label)


def _step(column_type: object) -> str:
    if isinstance(column_type, Numeric) and column_type.scale:
        return format(10**-column_type.scale, f".{column_type.scale}f")
    return "1" if getattr(column_type, "python_type", float) is int else "any"


def _item_of(kind: TypeEngine[object]) -> "fields.ReadAsText | None":
    if isinstance(kind, DOMAIN):
        return _item_of(kind.data_type)
    if isinstance(kind, Enum):
        return AsText(_member_of(kind))
    form = stored_text(kind) or text_form(kind)
    reader = reader_of(kind, exactly=True) if form is None else None
    return form if reader is None else AsText(reader)


def _member_of(kind: Enum) -> Reader:
    members = kind.enum_class
    values = {name: name for name in kind.enums} if members is None else {str(one.value): one for one in members}

    def read(text: str) -> object:
        if text.strip() not in values:
            raise ValueError(gettext("Expected one of these: %(choices)s.") % {"choices": ", ".join(values)})
        return values[text.strip()]

    return read


def _optional(kwargs: Options) -> Options:
    # No lines are an empty list.
    kept = [one for one in kwargs.get("validators", ()) if not isinstance(one, validators.InputRequired)]
    return kwargs | {"validators": kept}
