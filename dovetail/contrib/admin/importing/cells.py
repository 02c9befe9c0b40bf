"""Convert the cells of a file to the texts that the fields of a form would submit."""

import json
import re
from collections.abc import Sequence

from wtforms import Field

from dovetail.contrib.admin.forms.fields import AutocompleteMultipleField, CheckboxField, ChoiceField, NumberField
from dovetail.contrib.admin.forms.structured_fields import JSONField, listed
from dovetail.translation import formats
from dovetail.translation.texts import gettext

OF_CODE = re.compile(r"[+-]?\d+\.\d+")  # the format of numbers in exports
YES = frozenset({"true", "yes", "y", "1", "x", "on", "t", "ja", "wahr"})
NO = frozenset({"false", "no", "n", "0", "off", "f", "nein", "falsch", ""})
WORDS = {"true": YES, "false": NO}
MOST = 1_000  # values in a cell: a form accepts no more
LONGEST = 100_000  # characters of a cell with several values


def texts_of(field: Field, cell: str, *, is_text: bool = False) -> list[str]:
    """Return the texts that a form would submit for a cell. Raise ValueError, with a message, for an invalid cell.

    `is_text` is True if the file has a text there, and not an array or object that was written as one.
    """
    if isinstance(field, AutocompleteMultipleField):
        return several(cell) or [""]
    if isinstance(field, CheckboxField):
        return [_ticked(cell)]
    if isinstance(field, ChoiceField):
        return [_chosen(field, cell.strip())]
    if isinstance(field, NumberField) and OF_CODE.fullmatch(cell.strip()):  # whatever the language of the user
        return [formats.decimal(cell.strip())]
    if isinstance(field, JSONField) and is_text:
        return [json.dumps(cell, ensure_ascii=False)]
    return [cell]


def several(cell: str) -> list[str]:
    """Return the values of a cell: an array of JSON, or texts with commas, semicolons or lines.

    Raise ValueError, with a message, for a null in the array, and for more values than a form accepts.
    """
    values: Sequence[str | None] | None = listed(cell) if len(cell) <= LONGEST else None
    if values is None:
        values = re.split(r"[,;\n]", cell) if len(cell) <= LONGEST else ()
    if len(values) > MOST or len(cell) > LONGEST:
        raise ValueError(gettext("A cell takes %(most)s values at most.") % {"most": formats.number(MOST)})
    return list(dict.fromkeys(text for one in values if (text := _present(one).strip())))


def _present(value: str | None) -> str:
    if value is None:
        raise ValueError(gettext("A value is missing that has to be there."))
    return value


def _ticked(cell: str) -> str:
    word = cell.strip().casefold()
    if word in YES | NO:
        return "true" if word in YES else ""
    raise ValueError(gettext("Expected yes or no, true or false, 1 or 0."))


def _chosen(field: ChoiceField, text: str) -> str:
    """Return the value of the choice with a value or label of `text`. Raise ValueError if there is none."""
    if not text:
        return text
    choices = {str(one[0]): str(one[1]) for one in field.iter_choices() if str(one[1]).strip()}
    word = text.casefold()
    if set(choices) == set(WORDS):  # a nullable boolean
        words = {value: WORDS[value] for value in choices}
    else:
        words = {value: frozenset({value.casefold(), label.casefold()}) for value, label in choices.items()}
    found = text if text in choices else next((value for value, known in words.items() if word in known), None)
    if found is None:
        raise ValueError(gettext("Expected one of these: %(choices)s.") % {"choices": ", ".join(choices.values())})
    return found
