"""Form fields and widgets: each field can read what it writes, and explains what is wrong with other input."""

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

AnyWidget: TypeAlias = Any  # called with its field and attributes; stubs of WTForms know their own classes alone


class ReadAsText(Protocol):
    """A way to read a value of a text, and to write it as one."""

    @property
    def read(self) -> Reader:
        """Return the value of a text; raises ValueError."""

    @property
    def write(self) -> Callable[[object], str]:
        """Return the text of a value."""


class PickerWidget(TextInput):
    """A text that a calendar helps to write; SQLAdmin's own would write seconds below ten with one digit."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self.role = role

    def __call__(self, field: wtforms.Field, **kwargs: object) -> Any:
        """Return the input."""
        return super().__call__(field, **{"data-role": self.role} | kwargs, autocomplete="off")


class AutocompleteWidget:
    """A list of what is chosen, which a script makes searchable; SQLAdmin's own is empty until its script has run.

    Whoever saves before that, or without scripts, would lose what was chosen.
    """

    async def __call__(self, field: AjaxSelectField | AjaxSelectMultipleField, **kwargs: object) -> Markup:
        """Return the list."""
        is_multiple = isinstance(field, AjaxSelectMultipleField)
        if not is_multiple and getattr(field, "allow_blank", False):
            kwargs.setdefault("data-allow-blank", "1")
        chosen = field.data or () if is_multiple else [field.data] if field.data else ()
        shown = [one for one in [await titled(field, one) for one in chosen] if one]
        options = (Markup('<option value="{}" selected>{}</option>').format(one["id"], one["text"]) for one in shown)
        attributes = {"id": field.id, "multiple": is_multiple} | kwargs
        return Markup("<select {}>{}</select>").format(
            Markup(html_params(name=field.name, **attributes)),  # noqa: S704 - it escapes
            Markup("").join(options),
        )


class CheckboxField(fields.BooleanField):
    """A checkbox whose form also sends an empty value, so that unticked differs from not asked."""

    def process_formdata(self, valuelist: list[object]) -> None:
        """Tick it, if any value says so."""
        self.data = any(value not in {"", "false", "0"} for value in valuelist)


class ChoiceField(fields.SelectField):
    """One of several values, each offered with a label."""

    def __init__(self, *, options: Mapping[str, tuple[object, str]], **kwargs: Any) -> None:
        choices = [(key, label) for key, (_, label) in options.items()]
        values = {key: value for key, (value, _) in options.items()}

        def coerce(value: object) -> object:
            # Texts come from requests; everything else is a value already.
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
        """Take a stored value as it is, even one that is not offered; it stays chosen until another is."""
        self.data = value
        if value is not None and value not in self._values.values():
            self.kept_key = as_text(value)
            self.choices = [*(self.choices or ()), (self.kept_key, in_words(self.kept_key))]

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was sent. Raises ValueError for what is not offered, of which SQLAdmin tells in English alone."""
        if valuelist:
            self.data = None if valuelist[0] == "__None" else self.coerce(valuelist[0])

    def pre_validate(self, form: BaseForm) -> None:
        """Accept the value: coercion has refused everything else already."""


class AutocompleteField(AjaxSelectField):
    """One related object, chosen by typing; its form also sends an empty value, so that none differs from not asked."""

    widget: AnyWidget = AutocompleteWidget()

    def process_formdata(self, valuelist: list[object]) -> None:
        """Take the last value that is not empty."""
        if valuelist:
            self.data = next((value for value in reversed(valuelist) if value), None)

    def pre_validate(self, form: BaseForm) -> None:  # noqa: ARG002 - the signature is WTForms'
        """Raise ValidationError if there is no choice where there must be one."""
        if not self.allow_blank and self.data is None:
            raise ValidationError(gettext("This field is required."))


class AutocompleteMultipleField(AjaxSelectMultipleField):
    """Several related objects, chosen by typing."""

    widget: AnyWidget = AutocompleteWidget()

    def process_formdata(self, valuelist: list[object]) -> None:
        """Take all values that are not empty."""
        if valuelist:
            self.data = [value for value in valuelist if value]


class PasswordField(wtforms.PasswordField):
    """A password: never shown again, not even to whoever just typed it."""

    widget = PasswordInput(hide_value=True)


class TextAreaField(fields.TextAreaField):
    """A text of several lines, which a browser sends with the line ends of the network."""

    def __init__(self, label: str | None = None, validators: Any = None, **kwargs: Any) -> None:
        counts = any(getattr(one, "max", -1) > 0 for one in validators or ())
        super().__init__(label, validators, **{"show_chars_count": counts} | kwargs)

    def process_formdata(self, valuelist: list[object]) -> None:
        """Keep the line ends that everything else uses."""
        super().process_formdata(
            [value.replace("\r\n", "\n") if isinstance(value, str) else value for value in valuelist]
        )


class ParsedField(wtforms.StringField):
    """A value that is read: a number, a date, a time, a duration, a UUID."""

    def __init__(self, *, reader: Reader, **kwargs: Any) -> None:
        self.reader = reader
        self.data: Any = None
        super().__init__(**kwargs)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.write(self.data)

    def write(self, value: object) -> str:
        """Return a value as it is shown."""
        return as_text(value)

    def process_formdata(self, valuelist: list[object]) -> None:
        """Read the value; nothing at all is None. Raises ValueError with what is wrong."""
        if valuelist:
            self.data = None
            text = str(valuelist[0])
            self.data = self._read(text) if text.strip() else None

    def _read(self, text: str) -> object:
        return self.reader(text)


class StoredTextField(ParsedField):
    """A value that its type keeps as a text, and is typed as that."""

    def __init__(self, *, form: ReadAsText, **kwargs: object) -> None:
        self._form = form
        super().__init__(reader=form.read, **kwargs)

    def write(self, value: object) -> str:
        """Return a value as it is kept."""
        return self._form.write(value)


class NumberWidget(TextInput):
    """A text for a number: of an `<input type="number">` a browser sends nothing at all if what was typed is none.

    The server would neither know nor give back what it was. Phones show their keys for numbers where `widget_args` say
    that none lies below zero (`"min": 0`), for those keys may lack the minus.
    """

    def __call__(self, field: wtforms.Field, **kwargs: object) -> Markup:
        """Return the input."""
        given = (field.render_kw or {}) | kwargs
        step, least = str(given.get("step", "any")), str(given.get("min", ""))
        keys = {"inputmode": "numeric" if step == "1" else "decimal"} if least.isdecimal() else {}
        kwargs |= dict.fromkeys(("step", "min", "max"), False)  # of numbers alone
        return super().__call__(field, **{"autocomplete": "off"} | keys | kwargs)


class NumberField(ParsedField):
    """A number, as the language of the page writes it."""

    widget: AnyWidget = NumberWidget()

    def write(self, value: object) -> str:
        """Return a number as it is typed."""
        return formats.decimal(as_text(value))

    def _read(self, text: str) -> object:
        return super()._read(read_number(text))


class DateField(ParsedField):
    """A date."""

    widget: AnyWidget = PickerWidget("date-picker")

    def write(self, value: object) -> str:
        """Return a day as the language writes it."""
        return formats.typed_day(value) if isinstance(value, date) else super().write(value)


class TimeField(ParsedField):
    """A time of day, to the second."""

    widget: AnyWidget = TimeInput()


class DateTimeField(ParsedField):
    """A date with a time of day, in the zone of who asks where the column knows time zones."""

    widget: AnyWidget = PickerWidget("moment-picker")

    def write(self, value: object) -> str:
        """Return a moment as the language writes it."""
        return typed_moment(value) if isinstance(value, datetime) else super().write(value)


def offer(members: type[enum.Enum]) -> dict[str, tuple[object, str]]:
    """Return the options of a `ChoiceField` for an enumeration: by value, labelled in words."""
    return {
        str(member.value): (member, lazy_name(choice_in_words(member), type(member).__module__)) for member in members
    }


async def titled(field: AjaxSelectField | AjaxSelectMultipleField, one: object) -> dict[str, str]:
    """Return the key and the name of an object, or of a key that was sent; nothing if the user may not see it."""
    loader = field.loader
    if hasattr(one, "__mapper__"):
        return loader.format(one)  # type: ignore[arg-type]  # an object, whatever SQLAdmin says
    return await loader.format_by_pk(one)
