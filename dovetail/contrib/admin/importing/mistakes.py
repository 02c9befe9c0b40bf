"""Collect the errors in the rows of a file: line, column, and what was expected."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from dovetail.contrib.admin.importing.plan import Plan
from dovetail.contrib.admin.sqladmin_private import FORM_NAMES
from dovetail.translation.shortening import shorten
from dovetail.translation.texts import gettext

MOST_NAMED = 10  # keys that one mistake names
MOST = 100  # that are gathered before the rest of a file is looked at no more


@dataclass(frozen=True)
class Mistake:
    """Something that is wrong in a line; `column` is its heading, or empty for the row as a whole."""

    line: int
    column: str
    message: str


@dataclass
class Mistakes:
    """The mistakes of a file, as they are found."""

    headings: Sequence[str]
    plan: Plan
    found: list[Mistake] = field(default_factory=list)
    _lines: set[int] = field(default_factory=set)

    def add(self, line: int, place: int | None, message: str) -> None:
        """Add what is wrong with the cell in the column at `place`, or with the row as a whole (None)."""
        one = Mistake(line, "" if place is None else self.headings[place], message)
        if one not in self.found:
            self.found.append(one)
        self._lines.add(line)

    def has(self, line: int) -> bool:
        """Return whether anything is wrong with a line."""
        return line in self._lines

    def in_order(self) -> list[Mistake]:
        """Return the mistakes by line, and in a line as its columns stand; those of a whole row come last."""
        places = {heading: place for place, heading in enumerate(self.headings)}
        return sorted(self.found, key=lambda one: (one.line, places.get(one.column, len(places))))

    @property
    def are_enough(self) -> bool:
        """True if there are so many that the rest is not looked for."""
        return len(self.found) >= MOST

    def place_of(self, name: str) -> int | None:
        """Return the place of the column that is written to a field, called as in forms or in the model."""
        targets = enumerate(self.plan.columns)
        found = (at for at, one in targets if one and name in {one.field, FORM_NAMES.get(one.field, one.field)})
        return next(found, None)


def no_choices(keys: Sequence[str]) -> str:
    """Return that none of these keys leads to anything that may be chosen."""
    text = gettext("There is no “%(text)s” that you may choose; expected a key.")
    return " ".join(text % {"text": shorten(one)} for one in keys[:MOST_NAMED])
