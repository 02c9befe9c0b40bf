"""Collect the errors in the rows of a file: line, column and message."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from dovetail.contrib.admin.importing.plan import Plan
from dovetail.contrib.admin.sqladmin_private import FORM_NAMES
from dovetail.translation.shortening import shorten
from dovetail.translation.texts import gettext

MOST_NAMED = 10  # keys that one message names
MOST = 100  # errors after which the rest of a file is not checked


@dataclass(frozen=True)
class RowError:
    """An error in a line; `column` is the heading, or empty if it concerns the whole row."""

    line: int
    column: str
    message: str


@dataclass
class RowErrors:
    """The errors of a file, in the order in which they are found."""

    headings: Sequence[str]
    plan: Plan
    found: list[RowError] = field(default_factory=list)
    _lines: set[int] = field(default_factory=set)

    def add(self, line: int, place: int | None, message: str) -> None:
        """Add an error in the cell in the column at position `place`, or in the whole row (None)."""
        one = RowError(line, "" if place is None else self.headings[place], message)
        if one not in self.found:
            self.found.append(one)
        self._lines.add(line)

    def has(self, line: int) -> bool:
        """Return whether a line has an error."""
        return line in self._lines

    def in_order(self) -> list[RowError]:
        """Return the errors ordered by line and column; those of a whole row come last."""
        places = {heading: place for place, heading in enumerate(self.headings)}
        return sorted(self.found, key=lambda one: (one.line, places.get(one.column, len(places))))

    @property
    def are_enough(self) -> bool:
        """True if there are so many that the rest of the file is not checked."""
        return len(self.found) >= MOST

    def place_of(self, name: str) -> int | None:
        """Return the position of the column for a field, by its name in the form or in the model."""
        targets = enumerate(self.plan.columns)
        found = (at for at, one in targets if one and name in {one.field, FORM_NAMES.get(one.field, one.field)})
        return next(found, None)


def no_choices(keys: Sequence[str]) -> str:
    """Return the message that these keys are not available choices."""
    text = gettext("There is no “%(text)s” that you may choose; expected a key.")
    return " ".join(text % {"text": shorten(one)} for one in keys[:MOST_NAMED])
