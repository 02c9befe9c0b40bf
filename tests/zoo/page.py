"""Write docs/column-types.md from the zoo: `python -m tests.zoo.page`."""

import json
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from tests.zoo.animal import Animal, Tour
from tests.zoo.back_office.views import problems_of_form
from tests.zoo.zoo import ANIMALS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "column-types.md"
INTRODUCTION = """# Column types, keys and mappings: what works where

What SQLAlchemy can map works in all of Dovetail, or is refused in one line that says what to do. Tests take each row of
these tables through the same tour on each database that has it, and `python -m tests.zoo.page` writes this page from
what they take.

| Column | A "yes" says |
|---|---|
| REST | a [resource](resources.md) reads and writes it, filters and orders by it, and points to a wrong value by 422 |
| back office | [lists](back-office-lists.md) show it, forms and lists edit it, exports have it, deletions are undone |
| migrations | [`makemigrations`](migrations.md) makes the table, sees no change afterwards, and takes it away again |
| dump, load | [`dumpdata`](data.md) writes it, and `loaddata` makes the same of it, in either database that has it |

"in, out" shows a value as JSON has it, and what is answered where that is something else. "no filter" says that lists
cannot be filtered or ordered by it, but for `isnull`.

- **Enums** are compared (`gte`, `range`) in the order of their members, and lists are ordered by the stored text:
  the names of the members, or their values in an `enum.Enum` that `Mapped` makes. Lists by a native enum of PostgreSQL
  (`Enum(...)` without `native_enum=False`) are ordered as it is declared.
- **What one database lacks is refused there** when a site starts: on SQLite a schema, a sequence, a deferrable unique
  constraint, `nulls_not_distinct`, and a server default by a function that it does not know, or whose text is no value
  of the column (`'1 day'` of an Interval; `default=timedelta(days=1)` works on both); on both a unique index with the
  condition for the other one alone, and a server default that is no member of its Enum.
- **JSON null** in a column that may be null is NULL, so that `isnull` finds it.
- **Times of a zone** are kept and answered in UTC. A column without zones takes none with one, and the other way;
  `UTCDateTime`, which `Mapped[datetime]` makes, takes what has no zone for UTC.
- **Decimals** keep all their digits on PostgreSQL and 15 on SQLite, which refuses a number with more.
- **`CHAR(n)`** loses the spaces to its right, on both databases.
- **Types of PostgreSQL** are texts in JSON, as PostgreSQL writes them: `[1,5)` is a range, and a multirange is a list.
- **Extensions** are made by a migration: `op.execute("CREATE EXTENSION IF NOT EXISTS hstore")`, above the table that
  needs one. The server has to have its files, which Debian keeps in `postgresql-contrib`. Rows that need one are taken
  through the same tests on a server whose template has it: `TEST_DATABASE_URL` names the server, `ZOO_EXTENSIONS` the
  extensions, and `ZOO_POSTGRESQL` its version. `citext` and `hstore` passed on Debian's PostgreSQL 15.
"""
TOURS: tuple[Tour, ...] = ("rest", "migrations", "dump")
WHY = re.compile(r"which has no field \((.*)\); remove it")  # what the check says of a column that no form edits
LONGEST = 60  # characters of a value that is shown
HEAD = "| Declared as | Databases | In, out | REST | Back office | Migrations | Dump, load |\n" + "|---" * 7 + "|\n"


def page() -> str:
    """The page as it ought to be."""
    parts = [INTRODUCTION]
    for group, animals in groupby(ANIMALS, key=lambda one: one.group):
        parts.append(f"\n## {group}\n\n{HEAD}" + "".join(f"| {' | '.join(_cells(one))} |\n" for one in animals))
    return "".join(parts)


def _cells(animal: Animal) -> Iterator[str]:
    yield _code(animal.says) + (f" {animal.note}" if animal.note else "")
    both = " and ".join({"sqlite": _sqlite(animal), "postgresql": _postgresql(animal)}[kind] for kind in animal.on)
    yield both + (f" with the extension {animal.extension}" if animal.extension else "")
    yield _example(animal)
    for tour in TOURS:
        words = animal.refused.get(tour)
        no_filter = "yes, no filter" if tour == "rest" and not animal.is_compared else "yes"
        yield no_filter if words is None else f"refused: {words}"
        if tour == "rest":
            yield _in_back_office(animal)


def _in_back_office(animal: Animal) -> str:
    if refused := problems_of_form(animal, read_only=True):
        return f"refused: {refused[0].partition(': ')[2]}"
    told = problems_of_form(animal)
    return f"shown, not edited: {WHY.findall(told[0])[0]}" if told else "yes"


def _sqlite(animal: Animal) -> str:
    major, minor = animal.sqlite_since
    return "SQLite" if (major, minor) == Animal.sqlite_since else f"SQLite since {major}.{minor}"


def _postgresql(animal: Animal) -> str:
    return f"PostgreSQL since {animal.postgresql_since}" if animal.postgresql_since else "PostgreSQL"


def _example(animal: Animal) -> str:
    values = animal.keys or animal.right
    if not values:
        return ""
    sent, answered = (animal.keys[-1],) * 2 if animal.keys else (animal.sent[-1], animal.answered[-1])
    shown = next((pair for pair in zip(animal.sent, animal.answered, strict=True) if pair[0] != pair[1]), None)
    if shown is not None and not animal.keys:
        sent, answered = shown
    return _code(_short(sent)) if sent == answered else f"{_code(_short(sent))} is answered {_code(_short(answered))}"


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _code(text: str) -> str:
    return "`` " + text.replace("|", "\\|") + " ``" if "`" in text else f"`{text.replace('|', chr(92) + '|')}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
