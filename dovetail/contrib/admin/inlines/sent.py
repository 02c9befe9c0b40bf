"""Parse the submitted rows of inlines: `choice-0-text`, and for nested inlines `choice-0-vote-1-text`."""

from collections.abc import Iterator, Mapping

from starlette.datastructures import FormData, UploadFile

from dovetail.errors import BadRequestError
from dovetail.translation.texts import gettext

TOTAL = "TOTAL_FORMS"
INITIAL = "INITIAL_FORMS"
KEY, VERSION, DELETE = "_key", "_version", "DELETE"
MOST_ROWS = 500  # of one form
MOST_DIGITS = 4  # digits of the number of a row
LEVELS = (3, 5)  # parts of a field's name: in a row, and in a row of a nested inline


class Sent:
    """The submitted rows of a form; rows without a number, and of inlines that the form did not have, are ignored."""

    def __init__(self, form: FormData) -> None:
        found: dict[str, dict[int, list[tuple[str, UploadFile | str]]]] = {}
        self._known: set[str] = set()
        self._stored: dict[str, int] = {}
        count = 0
        for name, value in form.multi_items():
            prefix, _, last = name.rpartition("-")
            if last == TOTAL:
                self._known.add(prefix)
                continue
            if last == INITIAL and isinstance(value, str) and _is_number(value):
                self._stored[prefix] = int(value)
                continue
            part, _, number = prefix.rpartition("-")
            if name.count("-") + 1 not in LEVELS or not _is_number(number):
                continue
            rows = found.setdefault(part, {})
            count += int(number) not in rows
            if count > MOST_ROWS:
                raise BadRequestError(
                    gettext("A form with more than %(most_rows)s rows was sent, so nothing was saved.")
                    % {"most_rows": MOST_ROWS}
                )
            rows.setdefault(int(number), []).append((name, value))
        self._rows: Mapping[str, Mapping[int, FormData]] = {
            part: {number: FormData(items) for number, items in sorted(rows.items())} for part, rows in found.items()
        }

    def has(self, prefix: str) -> bool:
        """Return whether the form contained the inline with this `prefix`."""
        return prefix in self._known

    def stored(self, prefix: str) -> int:
        """Return the number of stored rows of an inline when the form was rendered."""
        return self._stored.get(prefix, 0)

    def rows(self, prefix: str) -> Iterator[tuple[int, FormData]]:
        """Yield (number, submitted data) for each row of an inline."""
        if self.has(prefix):
            yield from self._rows.get(prefix, {}).items()


def text_of(row: FormData, prefix: str, name: str) -> str:
    """Return the submitted text of a field of a row; an empty text if it was none."""
    value = row.get(f"{prefix}-{name}")
    return value if isinstance(value, str) else ""


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
