"""Form fields for structured values: lists, one item per line, and JSON."""

import json
from collections.abc import Sequence
from typing import Any, cast

import wtforms
from pydantic import TypeAdapter, ValidationError
from wtforms.widgets import TextArea

from dovetail.contrib.admin.columns.readers import message_of
from dovetail.contrib.admin.columns.texts import read_json
from dovetail.contrib.admin.forms.fields import AnyWidget, StoredTextField
from dovetail.errors import FieldError
from dovetail.translation import formats
from dovetail.translation.texts import gettext

MOST = 10_000  # maximum items of a list, since parsing them blocks the event loop


class ListField(StoredTextField):
    """A list, one item per line; a JSON array if lines cannot represent it: nulls, empty texts."""

    widget: AnyWidget = TextArea()

    def write(self, value: object) -> str:
        """Return the items, one per line."""
        values = value if isinstance(value, list | tuple | set | frozenset) else ()
        texts = [None if one is None else super(ListField, self).write(one) for one in values]
        lines = "\n".join(one or "" for one in texts)
        is_list = value is not None and self.flags.optional  # an empty text differs from no text
        is_said = [one for one in lines.splitlines() if one.strip()] == texts and listed(lines) is None
        return lines if is_said and (texts or not is_list) else json.dumps(texts, ensure_ascii=False)

    def process_formdata(self, valuelist: list[object]) -> None:
        """Parse each line; no lines are None for a nullable column. Raise ValueError for the first invalid line."""
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
    """Return the items of a JSON array as texts; None if the text is not an array."""
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
    """A textarea; a script checks and formats the JSON."""

    def __call__(self, field: wtforms.StringField, **kwargs: object) -> Any:
        """Return the textarea as HTML."""
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
        """Parse the JSON. Raise ValueError with the reason if it is invalid."""
        if valuelist:
            self.data = None
            text = str(valuelist[0])
            self.data = cast("str | None", self.read(text) if text.strip() else None)  # WTForms' message for it

    def read(self, text: str) -> object:
        """Return the value of a JSON text. Raise ValueError with the reason if it is invalid."""
        return read_json(text)


class TypedJSONField(JSONField):
    """JSON with a schema: `sent` is the column's type in API requests, `answered` in responses."""

    def __init__(self, *, sent: TypeAdapter[object], answered: TypeAdapter[object], **kwargs: Any) -> None:
        self._sent, self._answered = sent, answered
        super().__init__(**kwargs)

    def write(self, value: object) -> str:
        """Return the JSON of a value as in API responses."""
        return super().write(self._answered.dump_python(self._answered.validate_python(value), mode="json"))

    def read(self, text: str) -> object:
        """Return the value. Raise ValueError with the place of the error in it."""
        try:
            return self._sent.validate_python(super().read(text))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            detail = first["msg"].removeprefix("Value error, ")
            place = "".join(f"/{one}" for one in first["loc"])
            mistake = message_of(FieldError(pointer=place, detail=detail, type=first["type"]))
            if not place:
                raise ValueError(mistake) from None
            raise ValueError(gettext("At %(place)s: %(mistake)s") % {"place": place, "mistake": mistake}) from None


def _check_count(values: Sequence[object]) -> None:
    if len(values) > MOST:
        raise ValueError(gettext("A field takes %(most)s values at most.") % {"most": formats.number(MOST)})
