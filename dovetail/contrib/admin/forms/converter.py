"""Choose the field that a form has for a column or a relation."""

import enum
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias, cast

from sqladmin.exceptions import NoConverterFound
from sqladmin.forms import ModelConverter, converts
from sqlalchemy import Boolean, Enum, Numeric, Uuid
from sqlalchemy.dialects.postgresql.ranges import AbstractMultiRange
from sqlalchemy.orm import ColumnProperty, RelationshipProperty
from sqlalchemy.types import TypeEngine
from wtforms import Field, validators
from wtforms.fields.core import UnboundField

from dovetail.contrib.admin.columns.attributes import name_of
from dovetail.contrib.admin.columns.readers import bare, reader_of
from dovetail.contrib.admin.columns.stored_texts import stored_text
from dovetail.contrib.admin.forms import fields
from dovetail.contrib.admin.forms.file_field import StoredFileField
from dovetail.contrib.admin.sqladmin_private import prepared_kwargs, text_validators
from dovetail.files.columns import FileField
from dovetail.resources.schemas.values.text_forms import text_form
from dovetail.translation.texts import gettext_lazy
from dovetail.translation.zones import ZONE

YES_OR_NO = {"true": (True, gettext_lazy("Yes")), "false": (False, gettext_lazy("No"))}

Options = dict[str, Any]
Property = ColumnProperty[object]
FieldOf = ColumnProperty[object] | RelationshipProperty[object]  # what a form has a field for
FormField: TypeAlias = "UnboundField[Field]"  # which WTForms binds to its form later
MakeField = Callable[[FieldOf, Options], Awaitable[FormField]]


class Converter(ModelConverter):
    """Makes form fields of columns and relations.

    A view may make them by its hooks (`make`), and say for types of columns what they are made with (`overrides`).
    """

    def __init__(self, make: MakeField | None = None, overrides: Mapping[object, object] | None = None) -> None:
        super().__init__()
        self._make, self._overrides = make, overrides or {}

    async def convert(  # type: ignore[override]  # SQLAdmin hands all of it by name
        self,
        model: type,  # noqa: ARG002 - SQLAdmin's signature
        prop: FieldOf,
        *,
        field_args: Mapping[str, object],
        override: type[Field] | None = None,
        form_ajax_refs: Mapping[str, object] | None = None,
        **given: object,
    ) -> "FormField | None":
        """Make a field for one column or relation."""
        said = override_for(self._overrides, prop)
        loader = (form_ajax_refs or {}).get(prop.key)
        kwargs = await prepared_kwargs(self, prop, loader=loader, field_args={**said, **field_args}, **given)
        if kwargs is None:
            return None
        kwargs |= {"loader": loader} if loader else {}
        kwargs |= {"form_class": override} if override else {}
        return self.field_of(prop, kwargs) if self._make is None else await self._make(prop, kwargs)

    def field_of(self, prop: FieldOf, kwargs: Options) -> FormField:
        """Make the field of a column or a relation with `kwargs`, of which `form_class` is its class."""
        form_class = kwargs.pop("form_class", None)
        if form_class is None and isinstance(prop, ColumnProperty):
            return self.get_converter(prop)(model=prop.parent.class_, prop=prop, kwargs=kwargs)
        if form_class is None:
            form_class = fields.AutocompleteMultipleField if prop.uselist else fields.AutocompleteField
        if not (isinstance(form_class, type) and issubclass(form_class, Field)):
            raise TypeError(f"the field of {prop.key!r} is {form_class!r}, expected a class of fields of WTForms")
        return form_class(**kwargs)  # type: ignore[return-value]  # WTForms binds it to its form later

    def get_converter(self, prop: FieldOf) -> Callable[..., FormField]:
        """Return what makes the field of a column or a relation."""
        if isinstance(prop, ColumnProperty) and _text_of(prop.columns[0].type) is not None:
            return self.conv_stored_text
        found: Callable[..., FormField] = super().get_converter(prop)
        return found

    def conv_stored_text(self, model: type, prop: Property, kwargs: Options) -> FormField:  # noqa: ARG002 - SQLAdmin's signature
        """Make a field for the text that a type of others keeps, or PostgreSQL writes: a range, an address, bits."""
        form = cast("fields.ReadAsText", _text_of(prop.columns[0].type))
        return fields.StoredTextField(form=form, **kwargs)  # type: ignore[return-value]  # WTForms binds it to its form later

    @converts("Boolean")  # type: ignore[untyped-decorator]  # SQLAdmin leaves it untyped
    def conv_boolean(self, model: type, prop: Property, kwargs: Options) -> Field:  # noqa: ARG002 - SQLAdmin's signature
        """Make a checkbox; a select with an empty choice if the column may be empty."""
        if prop.columns[0].nullable:
            return _choice(prop, kwargs, YES_OR_NO)
        kwargs["render_kw"] = kwargs.get("render_kw", {}) | {"class": "form-check-input"}
        return fields.CheckboxField(**kwargs)

    @converts("Enum")  # type: ignore[untyped-decorator]  # as above
    def conv_enum(self, model: type, prop: Property, kwargs: Options) -> Field:  # noqa: ARG002 - as above
        """Make a select of the enumeration's values."""
        column_type: Any = prop.columns[0].type
        members: type[enum.Enum] | None = column_type.enum_class
        options = fields.offer(members) if members else {name: (name, name) for name in column_type.enums}
        return _choice(prop, kwargs, options)

    @converts("Text")  # type: ignore[untyped-decorator]  # as above
    def conv_text(self, model: type, prop: Property, kwargs: Options) -> Field:  # noqa: ARG002 - as above
        """Make a text of several lines."""
        kwargs["validators"] = [*kwargs.get("validators", ()), *text_validators(prop)]
        return fields.TextAreaField(**kwargs)

    @converts("Integer")  # type: ignore[untyped-decorator]  # as above
    def conv_integer(self, model: type, prop: Property, kwargs: Options) -> Field:  # noqa: ARG002 - as above
        """Make a field for a whole number within the limits of the column."""
        return _number(prop, kwargs)

    @converts("Float", "Double", "Numeric")  # type: ignore[untyped-decorator]  # as above
    def conv_decimal(self, model: type, prop: Property, kwargs: Options) -> Field:  # noqa: ARG002 - as above
        """Make a field for a number within the limits of the column."""
        return _number(prop, kwargs)

    @converts("Date")  # type: ignore[untyped-decorator]  # as above
    def conv_date(self, model: type, prop: Property, kwargs: Options) -> Field:  # noqa: ARG002 - as above
        """Make a field for a date."""
        return _parsed(fields.DateField, prop, kwargs)

    @converts("Time")  # type: ignore[untyped-decorator]  # as above
    def conv_time(self, model: type, prop: Property, kwargs: Options) -> Field:  # noqa: ARG002 - as above
        """Make a field for a time of day."""
        kwargs["render_kw"] = {"step": "1"} | kwargs.get("render_kw", {})
        return _parsed(fields.TimeField, prop, kwargs)

    @converts("DateTime")  # type: ignore[untyped-decorator]  # as above
    def conv_datetime(self, model: type, prop: Property, kwargs: Options) -> Field:  # noqa: ARG002 - as above
        """Make a field for a date with a time."""
        if getattr(prop.columns[0].type, "timezone", True) and kwargs.get("description") is None:
            kwargs["description"] = ZONE
        return _parsed(fields.MomentField, prop, kwargs)

    @converts("Interval", "INTERVAL")  # type: ignore[untyped-decorator]  # as above
    def conv_interval(self, model: type, prop: Property, kwargs: Options) -> Field:  # noqa: ARG002 - as above
        """Make a field for a duration."""
        if kwargs.get("description") is None:
            kwargs["description"] = gettext_lazy("Such as 2 days, 01:30:00")
        return _parsed(fields.ParsedField, prop, kwargs)

    @converts("Uuid", "sqlalchemy_utils.types.uuid.UUIDType")  # type: ignore[untyped-decorator]  # as above
    def conv_uuid(self, model: type, prop: Property, kwargs: Options) -> Field:  # noqa: ARG002 - as above
        """Make a field for a UUID."""
        return _parsed(fields.ParsedField, prop, kwargs)

    @converts("JSON", "JSONB", "sqlalchemy_utils.types.json.JSONType")  # type: ignore[untyped-decorator]  # as above
    def conv_json(self, model: type, prop: Property, kwargs: Options) -> Field:  # noqa: ARG002 - as above
        """Make a field for JSON, written as it is."""
        return fields.JSONField(**kwargs)

    @converts("ARRAY")  # type: ignore[untyped-decorator]  # as above
    def conv_array(self, model: type, prop: Property, kwargs: Options) -> Field:  # noqa: ARG002 - as above
        """Make a field for the values of a list, one a line."""
        column_type: Any = prop.columns[0].type
        reader = reader_of(column_type.item_type, exactly=True)
        if reader is None or (column_type.dimensions or 1) > 1:
            raise NoConverterFound(f"lists of {column_type.item_type!r} cannot be typed")
        if kwargs.get("description") is None:
            kwargs["description"] = gettext_lazy("One a line")
        return fields.ListField(reader=reader, **_optional(kwargs))

    @converts("FileField", "ImageField")  # type: ignore[untyped-decorator]  # as above
    def conv_file(self, model: type, prop: Property, kwargs: Options) -> Field:  # noqa: ARG002 - as above
        """Make a field for a file, which is stored before the transaction."""
        if kwargs.get("description") is None:
            kwargs.pop("description", None)
        return StoredFileField(column_type=cast("FileField", prop.columns[0].type), **kwargs)

    @converts("LargeBinary", "Binary", "BINARY", "VARBINARY")  # type: ignore[untyped-decorator]  # as above
    def conv_bytes(self, model: type, prop: Property, kwargs: Options) -> Field:  # noqa: ARG002 - as above
        """Raise NoConverterFound: nobody types bytes."""
        raise NoConverterFound("bytes cannot be typed")


def _text_of(kind: TypeEngine[object]) -> "fields.ReadAsText | None":
    """Return how values of a type are typed as texts; None for a type that has a field of its own."""
    if type(kind).__name__ in {"JSONType", "UUIDType"} or isinstance(kind, Uuid | AbstractMultiRange):
        return None
    return stored_text(kind) or text_form(kind)


def try_field(prop: Any) -> None:
    """Make the field of a column once. Raises NoConverterFound, saying why, if it can have none."""
    Converter().get_converter(prop)(model=prop.parent.class_, prop=prop, kwargs={"render_kw": {}, "validators": []})


def override_for(overrides: Mapping[object, object], prop: FieldOf) -> Options:
    """Return what `formfield_overrides` says of a column or a relation: by its name, or else by the closest type."""
    by_name = {name_of(one): said for one, said in overrides.items() if not isinstance(one, type)}
    said = by_name.get(prop.key)
    if said is None and isinstance(prop, ColumnProperty):
        column_type = prop.columns[0].type
        kinds = (kind for made in (column_type, bare(column_type)) for kind in type(made).__mro__)
        said = next((overrides[kind] for kind in kinds if kind in overrides), None)
    if said is None:
        return {}
    return dict(said) if isinstance(said, Mapping) else {"form_class": said}


def has_choices(prop: FieldOf) -> bool:
    """Return whether a column holds one of several values that are known."""
    if not isinstance(prop, ColumnProperty):
        return False
    column = prop.columns[0]
    return isinstance(column.type, Enum) or (isinstance(column.type, Boolean) and bool(column.nullable))


def _choice(prop: Property, kwargs: Options, options: Mapping[str, tuple[object, str]]) -> Field:
    given = kwargs.pop("choices", None)
    if given is not None:
        options = dict(_offered(prop, options, given))
    kwargs["render_kw"] = kwargs.get("render_kw", {}) | {"class": "form-select"}
    return fields.ChoiceField(options=options, allow_blank=bool(prop.columns[0].nullable), **kwargs)


def _offered(
    prop: Property, options: Mapping[str, tuple[object, str]], given: Iterable[tuple[object, str]]
) -> Iterator[tuple[str, tuple[object, str]]]:
    """Yield the options that `choices` names, by their values or as forms write them, labelled as it says."""
    for one, label in given:
        key = next((key for key, (value, _) in options.items() if one in (key, value)), None)
        if key is None:
            raise ValueError(f"choices of {prop.key!r} name {one!r}, expected some of {', '.join(options)}")
        yield key, (options[key][0], label)


def _parsed(field: type[fields.ParsedField], prop: Property, kwargs: Options) -> Field:
    column_type = prop.columns[0].type
    reader = reader_of(column_type, exactly=True)
    if reader is None:
        raise NoConverterFound(f"a value of {column_type!r} cannot be typed")
    return field(reader=reader, **kwargs)


def _number(prop: Property, kwargs: Options) -> Field:
    kwargs["render_kw"] = {"step": _step(prop.columns[0].type)} | kwargs.get("render_kw", {})
    return _parsed(fields.NumberField, prop, kwargs)


def _optional(kwargs: Options) -> Options:
    # A list without lines is an empty one.
    kept = [one for one in kwargs.get("validators", ()) if not isinstance(one, validators.InputRequired)]
    return kwargs | {"validators": kept}


def _step(column_type: object) -> str:
    if isinstance(column_type, Numeric) and column_type.scale:
        return format(10**-column_type.scale, f".{column_type.scale}f")
    return "1" if getattr(column_type, "python_type", float) is int else "any"
