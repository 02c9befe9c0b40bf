"""Forms that say what they were sent: a field that a request does not name stays as it is."""

import enum
from typing import Any, cast

import wtforms
from sqladmin import fields
from sqladmin.forms import ModelConverter, converts
from sqlalchemy.orm import ColumnProperty
from wtforms import Form, ValidationError
from wtforms.form import BaseForm
from wtforms.widgets import PasswordInput


class CheckboxField(fields.BooleanField):
    """A checkbox whose form also sends an empty value, so that unticked differs from not asked."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Ticked, if any value says so."""
        self.data = any(value not in {"", "false", "0"} for value in valuelist)


class ChoiceField(fields.SelectField):
    """One member of an enumeration."""

    def __init__(self, *, enum_class: type[enum.Enum], **kwargs: Any) -> None:
        choices = [(str(member.value), str(member.value).replace("_", " ").capitalize()) for member in enum_class]

        def coerce(value: Any) -> Any:
            return value if isinstance(value, enum_class) else enum_class(value)

        super().__init__(choices=choices, coerce=cast("type", coerce), **kwargs)

    def pre_validate(self, form: BaseForm) -> None:
        """Coercion has refused everything else already."""


class LookupField(fields.AjaxSelectField):
    """One related object, chosen by typing; its form also sends an empty value, so that none differs from not asked."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """The last choice that is one."""
        if valuelist:
            self.data = next((value for value in reversed(valuelist) if value), None)

    def pre_validate(self, form: BaseForm) -> None:  # noqa: ARG002 - the signature is WTForms'
        """See that there is a choice where there must be one."""
        if not self.allow_blank and self.data is None:
            raise ValidationError("This field is required.")


class LookupMultipleField(fields.AjaxSelectMultipleField):
    """Several related objects, chosen by typing."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """All choices that are ones."""
        if valuelist:
            self.data = [value for value in valuelist if value]


class PasswordField(wtforms.PasswordField):
    """A password: never shown again, not even to whoever just typed it."""

    widget = PasswordInput(hide_value=True)


class Converter(ModelConverter):
    """Makes form fields of columns and relations."""

    async def convert(self, model: type, prop: Any, *args: Any, **kwargs: Any) -> Any:
        """A field for one column or relation."""
        if prop.key in (kwargs.get("form_ajax_refs") or {}) and kwargs.get("override") is None:
            kwargs["override"] = LookupMultipleField if prop.uselist else LookupField
        return await super().convert(model, prop, *args, **kwargs)

    @converts("Boolean")  # type: ignore[untyped-decorator]  # SQLAdmin leaves it untyped
    def conv_boolean(self, model: type, prop: ColumnProperty[Any], kwargs: dict[str, Any]) -> Any:
        """A checkbox; a select with an empty choice if the column may be empty."""
        if prop.columns[0].nullable:
            return super().conv_boolean(model, prop, kwargs)
        kwargs["render_kw"] = kwargs.get("render_kw", {}) | {"class": "form-check-input"}
        return CheckboxField(**kwargs)

    @converts("Enum")  # type: ignore[untyped-decorator]  # as above
    def conv_enum(self, model: type, prop: ColumnProperty[Any], kwargs: dict[str, Any]) -> Any:
        """A select of the enumeration's values."""
        column = prop.columns[0]
        enum_class = getattr(column.type, "enum_class", None)
        if enum_class is None:
            return super().conv_enum(model, prop, kwargs)
        kwargs["render_kw"] = kwargs.get("render_kw", {}) | {"class": "form-select"}
        return ChoiceField(enum_class=enum_class, allow_blank=bool(column.nullable), **kwargs)


class AdminForm(Form):
    """The base of every form of the back office."""

    def refuse_null_characters(self) -> bool:
        """See that no text holds a NUL, which PostgreSQL cannot store; say so at the field."""
        clean = True
        for field in self:
            if any(isinstance(value, str) and "\0" in value for value in field.raw_data or ()):
                field.errors = [*field.errors, "Null characters are not allowed."]
                clean = False
        return clean

    def validate(self, extra_validators: Any = None) -> bool:
        """See that every field is good."""
        try:
            good = super().validate(extra_validators)
        except ValidationError as error:
            self.form_errors.append(str(error))
            return False
        return self.refuse_null_characters() and good
