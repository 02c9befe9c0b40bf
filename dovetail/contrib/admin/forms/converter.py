"""Choose the form field for a column or a relation."""

import enum
from collections.abc import Awaitable, Callable, Mapping
from typing import cast

from sqladmin.exceptions import NoConverterFound
from sqladmin.forms import ModelConverter
from sqlalchemy import ARRAY, JSON, Boolean, Enum
from sqlalchemy.orm import ColumnProperty, RelationshipProperty
from wtforms import Field, StringField

from dovetail.contrib.admin.columns.attributes import name_of
from dovetail.contrib.admin.columns.readers import bare
from dovetail.contrib.admin.forms import fields
from dovetail.contrib.admin.forms.column_fields import (
    FieldOf,
    FormField,
    Options,
    Property,
    below_domain,
    choice,
    lines,
    makes_fields_of,
    number,
    parsed,
    text_of,
    typed_json,
)
from dovetail.contrib.admin.forms.file_field import StoredFileField
from dovetail.contrib.admin.forms.structured_fields import JSONField
from dovetail.contrib.admin.options.shared_columns import is_optional
from dovetail.contrib.admin.sqladmin_private import prepared_kwargs, text_validators
from dovetail.files.columns import FileField
from dovetail.resources.schemas.column_types import why_unfit
from dovetail.translation.texts import gettext_lazy
from dovetail.translation.zones import ZONE

YES_OR_NO = {"true": (True, gettext_lazy("Yes")), "false": (False, gettext_lazy("No"))}
MakeField = Callable[[FieldOf, Options], Awaitable[FormField]]


class Converter(ModelConverter):
    """Creates form fields for columns and relations.

    A view may create them in its hooks (`make`), and give keyword arguments for types of columns (`overrides`).
    """

    def __init__(self, make: MakeField | None = None, overrides: Mapping[object, object] | None = None) -> None:
        super().__init__()
        self._make, self._overrides = make, overrides or {}

    async def convert(  # type: ignore[override]  # narrower: SQLAdmin passes all arguments by keyword
        self,
        model: type,  # noqa: ARG002 - the signature of SQLAdmin's converters
        prop: FieldOf,
        *,
        field_args: Mapping[str, object],
        override: type[Field] | None = None,
        form_ajax_refs: Mapping[str, object] | None = None,
        **given: object,
    ) -> "FormField | None":
        """Return the field for a column or a relation; None if it has none."""
        said = override_for(self._overrides, prop)
        if isinstance(prop, RelationshipProperty) and is_optional(prop):  # SQLAdmin requires all of its columns
            said = {"allow_blank": True, **said}
        loader = (form_ajax_refs or {}).get(prop.key)
        kwargs = await prepared_kwargs(self, prop, loader=loader, field_args={**said, **field_args}, **given)
        if kwargs is None:
            return None
        kwargs |= {"loader": loader} if loader else {}
        kwargs |= {"form_class": override} if override else {}
        return self.field_of(prop, kwargs) if self._make is None else await self._make(prop, kwargs)

    def field_of(self, prop: FieldOf, kwargs: Options) -> FormField:
        """Return the field of a column or a relation, made with `kwargs`; `form_class` in it is the class."""
        form_class = kwargs.pop("form_class", None)
        if form_class is None and isinstance(prop, ColumnProperty):
            plain = below_domain(prop)
            return self.get_converter(plain)(model=prop.parent.class_, prop=plain, kwargs=kwargs)
        if form_class is None:
            form_class = fields.AutocompleteMultipleField if prop.uselist else fields.AutocompleteField
        if not (isinstance(form_class, type) and issubclass(form_class, Field)):
            raise TypeError(f"the field of {prop.key!r} is {form_class!r}, expected a class of fields of WTForms")
        return form_class(**kwargs)  # type: ignore[return-value]  # WTForms binds it to its form later

    def get_converter(self, prop: FieldOf) -> Callable[..., FormField]:
        """Return the method that creates the field of a column or a relation."""
        if isinstance(prop, ColumnProperty) and text_of(prop.columns[0].type) is not None:
            return self.conv_stored_text
        try:
            found: Callable[..., FormField] = super().get_converter(prop)
        except NoConverterFound:
            raise NoConverterFound("nothing is known of what its type holds") from None
        return found

    @makes_fields_of()
    def conv_stored_text(self, prop: Property, kwargs: Options) -> Field:
        """Return a field for the text of a type from another library or of PostgreSQL: ranges, addresses, bits."""
        form = cast("fields.ReadAsText", text_of(prop.columns[0].type))
        return fields.StoredTextField(form=form, **kwargs)

    @makes_fields_of("Boolean")
    def conv_boolean(self, prop: Property, kwargs: Options) -> Field:
        """Return a checkbox; for a nullable column, a select with an empty choice."""
        if prop.columns[0].nullable:
            return choice(prop, kwargs, YES_OR_NO)
        kwargs["render_kw"] = kwargs.get("render_kw", {}) | {"class": "form-check-input"}
        return fields.CheckboxField(**kwargs)

    @makes_fields_of("Enum")
    def conv_enum(self, prop: Property, kwargs: Options) -> Field:
        """Return a select with the values of the enumeration."""
        column_type = cast("Enum", prop.columns[0].type)
        members: type[enum.Enum] | None = column_type.enum_class
        options = fields.offer(members) if members else {name: (name, name) for name in column_type.enums}
        return choice(prop, kwargs, options)

    @makes_fields_of("Text")
    def conv_text(self, prop: Property, kwargs: Options) -> Field:
        """Return a textarea."""
        kwargs["validators"] = [*kwargs.get("validators", ()), *text_validators(prop)]
        return fields.TextAreaField(**kwargs)

    @makes_fields_of("TSVECTOR", "TSQUERY", "JSONPATH")
    def conv_text_of_database(self, prop: Property, kwargs: Options) -> Field:  # noqa: ARG002 - the signature of converter methods
        """Return a field for a text that only the database can validate."""
        return StringField(**kwargs)

    @makes_fields_of("Integer", "OID")
    def conv_integer(self, prop: Property, kwargs: Options) -> Field:
        """Return a field for a whole number within the limits of the column."""
        return number(prop, kwargs)

    @makes_fields_of("Float", "Double", "Numeric")
    def conv_decimal(self, prop: Property, kwargs: Options) -> Field:
        """Return a field for a number within the limits of the column."""
        return number(prop, kwargs)

    @makes_fields_of("Date")
    def conv_date(self, prop: Property, kwargs: Options) -> Field:
        """Return a field for a date."""
        return parsed(fields.DateField, prop, kwargs)

    @makes_fields_of("Time")
    def conv_time(self, prop: Property, kwargs: Options) -> Field:
        """Return a field for a time of day."""
        kwargs["render_kw"] = {"step": "1"} | kwargs.get("render_kw", {})
        return parsed(fields.TimeField, prop, kwargs)

    @makes_fields_of("DateTime")
    def conv_datetime(self, prop: Property, kwargs: Options) -> Field:
        """Return a field for a date with a time."""
        if getattr(prop.columns[0].type, "timezone", True) and kwargs.get("description") is None:
            kwargs["description"] = ZONE
        return parsed(fields.DateTimeField, prop, kwargs)

    @makes_fields_of("Interval", "INTERVAL")
    def conv_interval(self, prop: Property, kwargs: Options) -> Field:
        """Return a field for a duration."""
        if kwargs.get("description") is None:
            kwargs["description"] = gettext_lazy("Such as 2 days, 01:30:00")
        return parsed(fields.ParsedField, prop, kwargs)

    @makes_fields_of("Uuid", "sqlalchemy_utils.types.uuid.UUIDType")
    def conv_uuid(self, prop: Property, kwargs: Options) -> Field:
        """Return a field for a UUID."""
        return parsed(fields.ParsedField, prop, kwargs)

    @makes_fields_of("JSON", "JSONB", "sqlalchemy_utils.types.json.JSONType")
    def conv_json(self, prop: Property, kwargs: Options) -> Field:  # noqa: ARG002 - the signature of converter methods
        """Return a field for any JSON."""
        return JSONField(**kwargs)

    @makes_fields_of("ARRAY")
    def conv_array(self, prop: Property, kwargs: Options) -> Field:
        """Return a field for the items of an array, one per line; a JSON field if they are arrays or JSON."""
        column_type = cast("ARRAY[object]", prop.columns[0].type)
        is_flat = (column_type.dimensions or 1) == 1 and not isinstance(column_type.item_type, JSON)
        return lines(column_type.item_type, kwargs) if is_flat else typed_json(prop, kwargs)

    @makes_fields_of("AbstractMultiRange")
    def conv_ranges(self, prop: Property, kwargs: Options) -> Field:
        """Return a field for several ranges, one per line."""
        return lines(prop.columns[0].type, kwargs)

    @makes_fields_of("HSTORE")
    def conv_hstore(self, prop: Property, kwargs: Options) -> Field:
        """Return a JSON field for an object whose values are texts."""
        if kwargs.get("description") is None:
            kwargs["description"] = gettext_lazy('An object of texts, such as {"colour": "red", "size": null}')
        return typed_json(prop, kwargs)

    @makes_fields_of("FileField", "ImageField")
    def conv_file(self, prop: Property, kwargs: Options) -> Field:
        """Return a field for a file, which is stored before the transaction."""
        if kwargs.get("description") is None:
            kwargs.pop("description", None)
        return StoredFileField(column_type=cast("FileField", prop.columns[0].type), **kwargs)

    @makes_fields_of("LargeBinary", "Binary", "BINARY", "VARBINARY")
    def conv_bytes(self, prop: Property, kwargs: Options) -> Field:  # noqa: ARG002 - the signature of converter methods
        """Raise NoConverterFound: bytes cannot be typed."""
        raise NoConverterFound("bytes cannot be typed; a FileField takes uploads")

    @makes_fields_of("PickleType")
    def conv_pickle(self, prop: Property, kwargs: Options) -> Field:  # noqa: ARG002 - the signature of converter methods
        """Raise NoConverterFound: a pickle cannot be typed, and unpickling user input would be unsafe."""
        raise NoConverterFound("a pickled object cannot be typed; JSON can")

    @makes_fields_of("MONEY", "REGCLASS", "REGCONFIG")
    def conv_unfit(self, prop: Property, kwargs: Options) -> Field:  # noqa: ARG002 - the signature of converter methods
        """Raise NoConverterFound: the text would be parsed by the locale or the names of the database server."""
        raise NoConverterFound(why_unfit(prop.columns[0].type))


def try_field(prop: Property) -> None:
    """Create the field of a column, as a check. Raise NoConverterFound with the reason if it cannot have one."""
    Converter().field_of(prop, {"render_kw": {}, "validators": []})


def override_for(overrides: Mapping[object, object], prop: FieldOf) -> Options:
    """Return the entry of `formfield_overrides` for a column or relation: by name, or else by the closest type."""
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
    """Return whether a column has a fixed set of values, as an enumeration."""
    if not isinstance(prop, ColumnProperty):
        return False
    column = prop.columns[0]
    return isinstance(column.type, Enum) or (isinstance(column.type, Boolean) and bool(column.nullable))
