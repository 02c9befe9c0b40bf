"""Form fields for structured values: lists, one item per line, and JSON."""

import json
from collections.abc import Sequence
from typing import Any, cast

import wtforms
from pydantic import TypeAdapter, ValidationError
from wtforms.widgets import TextArea

from dovetail.contrib.admin.columns.readers import told
from dovetail.contrib.admin.columns.texts import read_json
from dovetail.contrib.admin.forms.fields import AnyWidget, StoredTextField
from dovetail.errors import FieldError
from dovetail.translation import formats
from dovetail.translation.texts import gettext

MOST = 10_000  # values of a list, each of which is read while nothing else is done


class ListField(StoredTextField):
    """Several values, one a line; an array of JSON where lines cannot say them: missing ones, texts of no letters."""

    widget: AnyWidget = TextArea()

    def write(self, value: object) -> str:
        """Return each value on a line of its own."""
        values = value if isinstance(value, list | tuple | set | frozenset) else ()
        texts = [None if one is None else super(ListField, self).write(one) for one in values]
        lines = "\n".join(one or "" for one in texts)
        is_list = value is not None and self.flags.optional  # which is not the same as none
        is_said = [one for one in lines.splitlines() if one.strip()] == texts and listed(lines) is None
        return lines if is_said and (texts or not is_list) else json.dumps(texts, ensure_ascii=False)

    def process_formdata(self, valuelist: list[object]) -> None:
        """Read each line; none is None where there may be no list. Raises ValueError for the first that is no value."""
        if valuelist:
            self.data = None
            text = str(valuelist[0])
            given = listed(text)
            if given is not None:
                _check_count(given)
                self.data = [None if one is None else self.reader(one) for one in given]
                return
            lines = [line for line in text.splitlines() if line.strip()]
            _check_count(lines)
            self.data = [self.reader(line) for line in lines] or (None if self.flags.optional else [])


def listed(text: str) -> list[str | None] | None:
    """Return the values of an array of JSON as texts; None for a text that is none."""
    if not text.lstrip().startswith("["):
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    if not isinstance(found, list):
        return None
    return [one if one is None or isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in found]


class JSONWidget(TextArea):
    """A text that a script checks and tidies up."""

    def __call__(self, field: wtforms.StringField, **kwargs: object) -> Any:
        """Return the textarea."""
        return super().__call__(field, **{"data-role": "json", "spellcheck": "false"} | kwargs)


class JSONField(wtforms.TextAreaField):
    """Any JSON that both databases can store; an empty field is null."""

    widget: AnyWidget = JSONWidget()

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.write(self.data)

    def write(self, value: object) -> str:
        """Return a value as JSON."""
        return json.dumps(value, ensure_ascii=False, default=str)

    def process_formdata(self, valuelist: list[object]) -> None:
        """Read the JSON. Raises ValueError with what is wrong."""
        if valuelist:
            self.data = None
            text = str(valuelist[0])
            self.data = cast("str | None", self.read(text) if text.strip() else None)  # WTForms says so

    def read(self, text: str) -> object:
        """Return the value of JSON. Raises ValueError with what is wrong."""
        return read_json(text)


class TypedJSONField(JSONField):
    """JSON of a certain shape: what a client may send for the column, `sent`, and is answered, `answered`."""

    def __init__(self, *, sent: TypeAdapter[object], answered: TypeAdapter[object], **kwargs: Any) -> None:
        self._sent, self._answered = sent, answered
        super().__init__(**kwargs)

    def write(self, value: object) -> str:
        """Return a value as the API answers it."""
        return super().write(self._answered.dump_python(self._answered.validate_python(value), mode="json"))

    def read(self, text: str) -> object:
        """Return the value. Raises ValueError, which says where in it something is wrong."""
        try:
            return self._sent.validate_python(super().read(text))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            detail = first["msg"].removeprefix("Value error, ")
            place = "".join(f"/{one}" for one in first["loc"])
            mistake = told(FieldError(pointer=place, detail=detail, type=first["type"]))
            if not place:
                raise ValueError(mistake) from None
            raise ValueError(gettext("At %(place)s: %(mistake)s") % {"place": place, "mistake": mistake}) from None


def _check_count(values: Sequence[object]) -> None:
    if len(values) > MOST:
        raise ValueError(gettext("A field takes %(most)s values at most.") % {"most": formats.number(MOST)})
