"""Choose the field that a form has for a column or a relation."""

import enum
from collections.abc import Mapping
from typing import Any

from sqladmin.exceptions import NoConverterFound
from sqladmin.forms import ModelConverter, converts
from sqlalchemy import Numeric
from sqlalchemy.orm import ColumnProperty
from wtforms import Field, validators

from dovetail.contrib.admin.columns.readers import reader_of
from dovetail.contrib.admin.forms import fields
from dovetail.contrib.admin.sqladmin_private import text_validators

YES_OR_NO = {"true": (True, "Yes"), "false": (False, "No")}

Options = dict[str, Any]
Property = ColumnProperty[object]


class Converter(ModelConverter):
    """Makes form fields of columns and relations."""

    async def convert(self, model: type, prop: Any, *args: Any, **kwargs: Any) -> Any:
        """Make a field for one column or relation."""
        if prop.key in (kwargs.get("form_ajax_refs") or {}) and kwargs.get("override") is None:
            kwargs["override"] = fields.AutocompleteMultipleField if prop.uselist else fields.AutocompleteField
        return await super().convert(model, prop, *args, **kwargs)

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
            kwargs["description"] = "UTC"
        return _parsed(fields.MomentField, prop, kwargs)

    @converts("Interval", "INTERVAL")  # type: ignore[untyped-decorator]  # as above
    def conv_interval(self, model: type, prop: Property, kwargs: Options) -> Field:  # noqa: ARG002 - as above
        """Make a field for a duration."""
        if kwargs.get("description") is None:
            kwargs["description"] = "Such as 2 days, 01:30:00"
        return _parsed(fields.ParsedField, prop, kwargs)

    @converts("Uuid", "sqlalchemy_utils.types.uuid.UUIDType")  # type: ignore[untyped-decorator]  # as above
    def conv_uuid(self, model: type, prop: Property, kwargs: Options) -> Field:  # noqa: ARG002 - as above
        """Make a field for a UUID."""
        return _parsed(fields.ParsedField, prop, kwargs)

    @converts("JSON", "JSONB")  # type: ignore[untyped-decorator]  # as above
    def conv_json(self, model: type, prop: Property, kwargs: Options) -> Field:  # noqa: ARG002 - as above
        """Make a field for JSON, written as it is."""
        return fields.JSONField(**kwargs)

    @converts("ARRAY")  # type: ignore[untyped-decorator]  # as above
    def conv_array(self, model: type, prop: Property, kwargs: Options) -> Field:  # noqa: ARG002 - as above
        """Make a field for the values of a list, one a line."""
        column_type: Any = prop.columns[0].type
        reader = reader_of(column_type.item_type)
        if reader is None or (column_type.dimensions or 1) > 1:
            raise NoConverterFound(f"lists of {column_type.item_type!r} cannot be typed")
        if kwargs.get("description") is None:
            kwargs["description"] = "One a line"
        return fields.ListField(reader=reader, **_optional(kwargs))

    @converts("LargeBinary", "Binary")  # type: ignore[untyped-decorator]  # as above
    def conv_bytes(self, model: type, prop: Property, kwargs: Options) -> Field:  # noqa: ARG002 - as above
        """Raise NoConverterFound: nobody types bytes."""
        raise NoConverterFound("bytes cannot be typed")


def try_field(prop: Any) -> None:
    """Make the field of a column once. Raises NoConverterFound, saying why, if it can have none."""
    Converter().get_converter(prop)(model=prop.parent.class_, prop=prop, kwargs={"render_kw": {}, "validators": []})


def _choice(prop: Property, kwargs: Options, options: Mapping[str, tuple[object, str]]) -> Field:
    kwargs["render_kw"] = kwargs.get("render_kw", {}) | {"class": "form-select"}
    return fields.ChoiceField(options=options, allow_blank=bool(prop.columns[0].nullable), **kwargs)


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
