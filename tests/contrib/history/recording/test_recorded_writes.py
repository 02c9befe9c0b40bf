"""Every road on which rows change is known: those that take the log along, and those that need none, by name."""

import re
from pathlib import Path

from tests.running import ROOT

FOLDERS = ("dovetail", "plugins", "project")
# Statements that go past SQLAlchemy's events, where nobody hears them: each writes its lines itself.
PAST_SQLALCHEMY = {
    "dovetail/resources/sql/named_rows.py",  # tags that were made: ChangeLines.made
    "dovetail/resources/write/single_statement.py",  # PATCH and DELETE in one statement: a CTE, or a line in front
    "dovetail/resources/write/insert.py",  # rows and links of the API: a CTE, ChangeLines.made and ChangeLines.linked
    "dovetail/resources/write/one_row.py",  # PATCH and DELETE of the API: a CTE, or a line in front
    "dovetail/resources/sql/change_lines.py",  # the lines themselves
}
PLUMBING = {  # of these, which run what others have compiled
    "dovetail/database/fast_unit_of_work.py",
    "dovetail/resources/sql/statements.py",
}
# SQL as text that changes rows, of which there is no line.
AS_TEXT = {
    "dovetail/cli/data/flush.py": "TRUNCATE, and SQLite's counters: the history goes with everything else",
    "dovetail/database/search/search_tables.py": "triggers of SQLite's search tables, which follow from their rows",
    "dovetail/database/drivers/overriding_inserts.py": "words for an INSERT of SQLAlchemy's, which is written down",
    "dovetail/migrations/**": "migrations and their ledger: the history of the schema",
    "dovetail/contrib/throttling/statements.py": "counters",
}
WRITES = re.compile(r"\bwrites=True|\bdriver_to_write\(|\bdriver_(?:for_all|alone)\(")
DOCSTRING = re.compile(r'""".*?"""', re.DOTALL)
TEXT = re.compile(r"""["'](?:INSERT|UPDATE|DELETE|REPLACE|TRUNCATE|MERGE)\s""")


def sources() -> dict[str, str]:
    files = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py") if "__pycache__" not in path.parts)
    return {str(path.relative_to(ROOT)): DOCSTRING.sub("", path.read_text(encoding="utf-8")) for path in files}


def test_each_module_that_bypasses_sqlalchemy_writes_to_the_log():
    found = {name for name, text in sources().items() if WRITES.search(text)}
    assert found - PLUMBING == PAST_SQLALCHEMY
    texts = sources()
    for name in PAST_SQLALCHEMY:
        assert re.search("change_(?:lines|log) import", texts[name]), name


def test_all_uses_of_sql_text_that_is_not_recorded_are_listed():
    allowed = [name for name in AS_TEXT if not name.endswith("**")]
    folders = tuple(name.removesuffix("**") for name in AS_TEXT if name.endswith("**"))
    found = {
        name
        for name, text in sources().items()
        if TEXT.search(text) and not name.startswith(folders) and "/migrations/" not in name
    }
    assert found <= set(allowed), found - set(allowed)
    assert all(Path(ROOT / name).exists() for name in allowed)
