"""Read tables from CSV and JSON."""

import csv
import json
import re
from collections.abc import Mapping
from io import StringIO
from typing import NoReturn

from dovetail.contrib.admin.columns.texts import why_no_json
from dovetail.contrib.admin.exporting.csv_cells import read_cell
from dovetail.contrib.admin.importing.files.sheet import (
    Cell,
    Sheet,
    SheetBuilder,
    UnreadableFileError,
    headings,
    too_many_rows,
)
from dovetail.translation.texts import gettext, gettext_lazy

SEPARATORS = ",;\t|"
SAID = re.compile(r"sep=([,;\t|])\r?\n")  # the first line of a CSV file written for Excel
WRONG_CSV = {  # the message of Python's csv module
    "unexpected end of data": gettext_lazy("a quotation mark is opened and never closed"),
    "expected after": gettext_lazy("behind a closing quotation mark stands something else than a separator"),
    "field larger": gettext_lazy("a cell is too long"),
}
BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
AS_WINDOWS = gettext_lazy(
    "It is not in UTF-8, so it was read as Windows-1252: look at letters with accents before you go on."
)


def read_csv(content: bytes, most_rows: int) -> Sheet:
    """Return the table in a CSV file, with any usual separator. Raise UnreadableFileError if it is invalid."""
    text, note = _decoded(content)
    said = SAID.match(text)  # which is no row
    reader = csv.reader(StringIO(text, newline=""), delimiter=said[1] if said else _separator(text), strict=True)
    try:
        line, builder = 1, None
        for row in reader:
            if said and reader.line_num == 1:
                line = 2
                continue
            if builder is None:
                builder = SheetBuilder(headings(row), most_rows)
            else:
                builder.add(line, map(read_cell, row))
            line = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableFileError(
            gettext("Line %(line)s cannot be read as CSV: %(why)s.") % {"line": line, "why": _why_no_csv(error)}
        ) from None
    if builder is None:
        raise UnreadableFileError(gettext("The file is empty."))
    return builder.build(note)


def read_json(content: bytes, most_rows: int) -> Sheet:
    """Return the table in a JSON file: an array of objects. Raise UnreadableFileError for anything else.

    Lines are the positions of the objects in the array, from 1. A missing member has no value (None).
    """
    items = _array(content)
    if len(items) > most_rows:
        raise too_many_rows(most_rows)
    columns = list(dict.fromkeys(name for item in items for name in item))
    builder = SheetBuilder(columns, most_rows)
    for place, item in enumerate(items, start=1):
        texts = [at for at, name in enumerate(columns) if isinstance(item.get(name), str)]
        builder.add(place, [as_cell(item[name]) if name in item else None for name in columns], texts)
    return builder.build()


def as_cell(value: object) -> Cell:
    """Return a JSON value as text for a form: arrays and objects as JSON."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case dict() | list():
            return json.dumps(value, ensure_ascii=False)
    return str(value)


def _why_no_csv(error: csv.Error) -> str:
    said = str(error)
    return str(next((text for words, text in WRONG_CSV.items() if words in said), said))


def _decoded(content: bytes) -> tuple[str, str]:
    try:
        if content.startswith(BYTE_ORDER_MARKS):
            return content.decode("utf-16"), ""
        return content.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace"), str(AS_WINDOWS)


def _separator(text: str) -> str:
    """Return the separator of the headings: the usual one that occurs most often."""
    first = re.sub('"[^"]*"', "", text.partition("\n")[0])
    return max(SEPARATORS, key=first.count)


def _array(content: bytes) -> list[Mapping[str, object]]:
    try:
        found = json.loads(content, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise UnreadableFileError(
            gettext("This is not JSON: %(why)s (line %(line)s).") % {"why": why_no_json(error), "line": error.lineno}
        ) from None
    except UnicodeDecodeError:
        raise UnreadableFileError(gettext("This is not JSON: it is not in UTF-8.")) from None
    except ValueError:  # integers with thousands of digits
        raise UnreadableFileError(gettext("A number has too many digits.")) from None
    except RecursionError:
        raise UnreadableFileError(gettext("This is nested too deeply.")) from None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise UnreadableFileError(gettext('Expected an array of objects, [{"name": "value"}], as an export writes it.'))
    return found


def _refuse(text: str) -> NoReturn:
    raise UnreadableFileError(gettext("%(text)s is no number of JSON.") % {"text": text})
