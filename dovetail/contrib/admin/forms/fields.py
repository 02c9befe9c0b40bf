"""Form fields and widgets: each field accepts the texts that it renders, and explains errors in others."""

import enum
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Protocol, TypeAlias, cast

import wtforms
from markupsafe import Markup
from sqladmin import fields
from sqladmin.fields import AjaxSelectField, AjaxSelectMultipleField
from wtforms import ValidationError
from wtforms.form import BaseForm
from wtforms.widgets import PasswordInput, TextInput, TimeInput, html_params

from dovetail.contrib.admin.columns.readers import Reader
from dovetail.contrib.admin.columns.texts import as_text, read_number, typed_moment
from dovetail.translation import formats
from dovetail.translation.texts import gettext, lazy_name
from dovetail.translation.words import choice_in_words, in_words

AnyWidget: TypeAlias = Any  # called with its field and attributes; WTForms' stubs accept only its own classes


class ReadAsText(Protocol):
    """A conversion of texts to values and back."""

    @property
    def read(self) -> Reader:
        """Return the value of a text. Raise ValueError if it is invalid."""

    @property
    def write(self) -> Callable[[object], str]:
        """Return the text of a value."""


class PickerWidget(TextInput):
    """A text input with a date picker; SQLAdmin's own writes seconds below ten with one digit."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self.role = role

    def __call__(self, field: wtforms.Field, **kwargs: object) -> Any:
        """Return the input as HTML."""
        return super().__call__(field, **{"data-role": self.role} | kwargs, autocomplete="off")


class AutocompleteWidget:
    """A select of the chosen objects, which a script makes searchable; SQLAdmin's own is empty until its script runs.

    A user who saves before that, or without scripts, would lose the chosen objects.
    """

    async def __call__(self, field: AjaxSelectField | AjaxSelectMultipleField, **kwargs: object) -> Markup:
        """Return the select as HTML."""
        is_multiple = isinstance(field, AjaxSelectMultipleField)
        if not is_multiple and getattr(field, "allow_blank", False):
            kwargs.setdefault("data-allow-blank", "1")
        chosen = field.data or () if is_multiple else [field.data] if field.data else ()
        shown = [one for one in [await titled(field, one) for one in chosen] if one]
        options = (Markup('<option value="{}" selected>{}</option>').format(one["id"], one["text"]) for one in shown)
        attributes = {"id": field.id, "multiple": is_multiple} | kwargs
        return Markup("<select {}>{}</select>").format(
            Markup(html_params(name=field.name, **attributes)),  # noqa: S704 - the values are escaped
            Markup("").join(options),
        )


class CheckboxField(fields.BooleanField):
    """A checkbox whose form also submits an empty value, so that an unchecked box differs from a missing one."""

    def process_formdata(self, valuelist: list[object]) -> None:
        """Check the box if any submitted value is true."""
        self.data = any(value not in {"", "false", "0"} for value in valuelist)


class ChoiceField(fields.SelectField):
    """A select of one value, with a label for each."""

    def __init__(self, *, options: Mapping[str, tuple[object, str]], **kwargs: Any) -> None:
        choices = [(key, label) for key, (_, label) in options.items()]
        values = {key: value for key, (value, _) in options.items()}

        def coerce(value: object) -> object:
            # Texts come from requests; anything else is a value already.
            if isinstance(value, str) and value in values:
                return values[value]
            if value == self.kept_key and self.object_data is not None:
                return self.object_data
            if value in values.values():
                return value
            raise ValueError(gettext("This is not one of the choices."))

        self.kept_key, self._values = "", values
        super().__init__(choices=choices, coerce=cast("type", coerce), **kwargs)

    def process_data(self, value: object) -> None:
        """Set a stored value, even if it is not among the choices; it stays selected until another is chosen."""
        self.data = value
        if value is not None and value not in self._values.values():
            self.kept_key = as_text(value)
            self.choices = [*(self.choices or ()), (self.kept_key, in_words(self.kept_key))]

    def process_formdata(self, valuelist: list[str]) -> None:
        """Parse the submitted value. Raise ValueError, with a translated message, if it is not among the choices."""
        if valuelist:
            self.data = None if valuelist[0] == "__None" else self.coerce(valuelist[0])

    def pre_validate(self, form: BaseForm) -> None:
        """Do nothing: `process_formdata` has already refused values that are not among the choices."""


class AutocompleteField(AjaxSelectField):
    """One related object, found by typing; its form also submits an empty value, which differs from a missing one."""

    widget: AnyWidget = AutocompleteWidget()

    def process_formdata(self, valuelist: list[object]) -> None:
        """Set the last value that is not empty."""
        if valuelist:
            self.data = next((value for value in reversed(valuelist) if value), None)

    def pre_validate(self, form: BaseForm) -> None:  # noqa: ARG002 - the signature is WTForms'
        """Raise ValidationError if nothing is chosen and the field is required."""
        if not self.allow_blank and self.data is None:
            raise ValidationError(gettext("This field is required."))


class AutocompleteMultipleField(AjaxSelectMultipleField):
    """Several related objects, found by typing."""

    widget: AnyWidget = AutocompleteWidget()

    def process_formdata(self, valuelist: list[object]) -> None:
        """Set all values that are not empty."""
        if valuelist:
            self.data = [value for value in valuelist if value]


class PasswordField(wtforms.PasswordField):
    """A password; it is never rendered, not even after an invalid submission."""

    widget = PasswordInput(hide_value=True)


class TextAreaField(fields.TextAreaField):
    """A textarea; browsers submit its lines with CRLF."""

    def __init__(self, label: str | None = None, validators: Any = None, **kwargs: Any) -> None:
        counts = any(getattr(one, "max", -1) > 0 for one in validators or ())
        super().__init__(label, validators, **{"show_chars_count": counts} | kwargs)

    def process_formdata(self, valuelist: list[object]) -> None:
        """Replace CRLF by LF."""
        super().process_formdata(
            [value.replace("\r\n", "\n") if isinstance(value, str) else value for value in valuelist]
        )


class ParsedField(wtforms.StringField):
    """A parsed value: a number, a date, a time, a duration, a UUID."""

    def __init__(self, *, reader: Reader, **kwargs: Any) -> None:
        self.reader = reader
        self.data: Any = None
        super().__init__(**kwargs)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.write(self.data)

    def write(self, value: object) -> str:
        """Return the text of a value."""
        return as_text(value)

    def process_formdata(self, valuelist: list[object]) -> None:
        """Parse the value; an empty text is None. Raise ValueError with the reason if it is invalid."""
        if valuelist:
            self.data = None
            text = str(valuelist[0])
            self.data = self._read(text) if text.strip() else None

    def _read(self, text: str) -> object:
        return self.reader(text)


class StoredTextField(ParsedField):
    """A value that is stored and typed as text."""

    def __init__(self, *, form: ReadAsText, **kwargs: object) -> None:
        self._form = form
        super().__init__(reader=form.read, **kwargs)

    def write(self, value: object) -> str:
        """Return the stored text of a value."""
        return self._form.write(value)


class NumberWidget(TextInput):
    """A text input for numbers: browsers submit an invalid number in `<input type="number">` as an empty value.

    The server could not report the invalid text, nor render it again. Phones show a numeric keypad if `widget_args`
    exclude negative numbers (`"min": 0`), since that keypad may lack the minus sign.
    """

    def __call__(self, field: wtforms.Field, **kwargs: object) -> Markup:
        """Return the input as HTML."""
        given = (field.render_kw or {}) | kwargs
        step, least = str(given.get("step", "any")), str(given.get("min", ""))
        keys = {"inputmode": "numeric" if step == "1" else "decimal"} if least.isdecimal() else {}
        kwargs |= dict.fromkeys(("step", "min", "max"), False)  # digits only
        return super().__call__(field, **{"autocomplete": "off"} | keys | kwargs)


class NumberField(ParsedField):
    """A number in the format of the current language."""

    widget: AnyWidget = NumberWidget()

    def write(self, value: object) -> str:
        """Return a number in the format in which it is typed."""
        return formats.decimal(as_text(value))

    def _read(self, text: str) -> object:
        return super()._read(read_number(text))


class DateField(ParsedField):
    """A date."""

    widget: AnyWidget = PickerWidget("date-picker")

    def write(self, value: object) -> str:
        """Return a date in the format of the current language."""
        return formats.typed_day(value) if isinstance(value, date) else super().write(value)


class TimeField(ParsedField):
    """A time of day, to the second."""

    widget: AnyWidget = TimeInput()


class DateTimeField(ParsedField):
    """A date with a time; for columns with time zones, in the user's zone."""

    widget: AnyWidget = PickerWidget("moment-picker")

    def write(self, value: object) -> str:
        """Return a datetime in the format of the current language."""
        return typed_moment(value) if isinstance(value, datetime) else super().write(value)


def offer(members: type[enum.Enum]) -> dict[str, tuple[object, str]]:
    """Return the options of a `ChoiceField` for an enumeration: its values, with labels."""
    return {
        str(member.value): (member, lazy_name(choice_in_words(member), type(member).__module__)) for member in members
    }


async def titled(field: AjaxSelectField | AjaxSelectMultipleField, one: object) -> dict[str, str]:
    """Return (key, name) of an object, or of a submitted key; empty if the user may not view it."""
    loader = field.loader
    if hasattr(one, "__mapper__"):
        return loader.format(one)  # type: ignore[arg-type]  # an object, despite SQLAdmin's annotation
    return await loader.format_by_pk(one)
