"""Warn of what locks or breaks a busy PostgreSQL, with a code and a way around; a reason in the file silences one.

# lint: migrations.W001 - the table has forty rows
"""

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from alembic.ddl.impl import DefaultImpl
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import Script
from sqlalchemy import Index, Table

from dovetail.database.models import Base
from dovetail.discovery import InstalledPlugin
from dovetail.migrations.history.graph import History
from dovetail.migrations.history.missing_revisions import MissingRevision
from dovetail.migrations.run.execution import context_options
from dovetail.plugin import CheckMessage, Level
from dovetail.registry import Registry

FRAMEWORK = "dovetail.contrib."
_SILENCED = re.compile(r"^\s*# lint: (migrations\.W\d{3}) - \S+ +\S", re.MULTILINE)  # two words at least
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_CREATED = re.compile(r'CREATE TABLE (?:IF NOT EXISTS )?(?:"?\w+"?\.)?"?(\w+)', re.IGNORECASE)
_TABLE = r'(?:IF EXISTS )?(?:ONLY )?(?:"?\w+"?\.)?(?P<table>"?\w+"?)'
_ACTION = r"(?:.*?, *)?"  # one ALTER TABLE may do several things


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A kind of statement, the harm that it does to a busy database, and what to write instead."""

    id: str
    pattern: re.Pattern[str]
    problem: str
    hint: str


def _rule(number: str, pattern: str, problem: str, hint: str) -> Rule:
    return Rule(
        id=f"migrations.W{number}",
        pattern=re.compile(
            pattern.replace("TABLE_NAME", _TABLE).replace("ACTION ", _ACTION), re.IGNORECASE | re.DOTALL
        ),
        problem=problem,
        hint=hint,
    )


RULES = (
    _rule(
        "001",
        r"^CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY).*?\bON TABLE_NAME",
        "makes an index on {table}, which nobody can write to until it is done",
        "use postgresql_concurrently=True in a `with op.get_context().autocommit_block():`",
    ),
    _rule(
        "002",
        r"^ALTER TABLE TABLE_NAME ACTION "
        r"(?:ADD COLUMN (?!.*\bDEFAULT\b).*\bNOT NULL|ALTER (?:COLUMN )?\S+ SET NOT NULL)",
        "makes a column of {table} NOT NULL, which fails where it is NULL and reads the whole table under a lock",
        "add a CHECK (column IS NOT NULL) NOT VALID, fill the column in batches, validate the check, then SET NOT NULL",
    ),
    _rule(
        "003",
        r"^ALTER TABLE TABLE_NAME ACTION ALTER (?:COLUMN )?\S+ (?:SET DATA )?TYPE",
        "changes the type of a column of {table}, which may write the whole table anew under a lock",
        "add a column of the new type, fill it in batches, and drop the old one in a later release",
    ),
    _rule(
        "004",
        r"^ALTER TABLE TABLE_NAME ACTION ADD (?:CONSTRAINT \S+ )?(?!.*(?:NOT VALID|USING INDEX))"
        r"(?:FOREIGN KEY|CHECK|UNIQUE|PRIMARY KEY)\b",
        "adds a constraint to {table} that is checked against every row under a lock",
        "add it with postgresql_not_valid=True and validate it in a second migration; for UNIQUE, make the index "
        "concurrently first",
    ),
    _rule(
        "005",
        r'^ALTER TABLE TABLE_NAME ACTION DROP COLUMN (?:IF EXISTS )?(?P<column>"?\w+"?)',
        "drops {table}.{column}, which servers that still run the release before ask for{mapped}",
        "release the models without the column first, and drop it in the release after",
    ),
    _rule(
        "006",
        r"^ALTER TABLE TABLE_NAME RENAME",
        "renames {table} or a column of it under servers that still run the release before",
        "add the new one beside it, write both, and drop the old one in a later release",
    ),
    _rule(
        "007",
        r"^ALTER TABLE TABLE_NAME ACTION ADD COLUMN .*\bGENERATED ALWAYS AS \(.*\bSTORED\b",
        "adds a column to {table} that the database computes, which writes the whole table anew under a lock",
        "apply it when nobody needs the table, or add a plain column and fill it in batches",
    ),
)


def lint(history: History, revisions: Iterable[str]) -> list[CheckMessage]:
    """Return warnings about `revisions`, judged by the SQL that PostgreSQL would be sent.

    Statements that follow a migration's first query are not seen: there is no database to answer it.
    """
    scripts = [history.scripts[revision] for revision in history.ordered(revisions)]
    return [
        message for script in scripts if not isinstance(script, MissingRevision) for message in _lint(history, script)
    ]


def lint_own(history: History, base_dir: Path, registry: Registry) -> list[CheckMessage]:
    """Return warnings about the migrations of the site's own plugins.

    Those of the framework are its own tests' affair, in the repository of which it is a part of the site, too.
    """
    plugins = [(name, entry) for name, entry in registry.installed.items() if not entry.package.startswith(FRAMEWORK)]
    own = [name for name, entry in plugins if is_own(entry, base_dir)]
    return lint(history, [script.revision for name in own for script in history.of_plugin(name)])


def is_own(entry: InstalledPlugin, base_dir: Path) -> bool:
    """Return True if a plugin is part of the site; the files of an installed package are its author's."""
    path = entry.path.resolve()
    return path.is_relative_to(base_dir.resolve()) and "site-packages" not in path.parts


def _lint(history: History, script: Script) -> Iterator[CheckMessage]:
    silenced = set(_SILENCED.findall(Path(script.path).read_text(encoding="utf-8")))
    new: set[str] = set()
    statements = _statements(history, script, new)
    new |= {found[1] for statement in statements if (found := _CREATED.match(statement))}
    for statement in statements:
        for rule in RULES:
            found = rule.pattern.match(statement)
            if found and found["table"].strip('"') not in new and rule.id not in silenced:
                yield CheckMessage(
                    id=rule.id,
                    level=Level.WARNING,
                    message=f"{script.revision} {_describe(rule, found)}.",
                    hint=f"{rule.hint}; or say why not here: # lint: {rule.id} - REASON",
                )


def _describe(rule: Rule, found: re.Match[str]) -> str:
    names = {name: text.strip('"') for name, text in found.groupdict().items()}
    table = Base.metadata.tables.get(names["table"])
    mapped = table is not None and "column" in names and names["column"] in table.columns
    return rule.problem.format(**names, mapped=", and which the models still map" if mapped else "")


def _statements(history: History, script: Script, new: set[str]) -> Sequence[str]:
    """Return the SQL of `script` without that of the tables that it creates; add their names to `new`."""
    buffer = io.StringIO()
    options = context_options(history) | {"as_sql": True, "output_buffer": buffer, "literal_binds": True}
    context = MigrationContext.configure(dialect_name="postgresql", opts=options)
    _leave_out_new_tables(context.impl, new)
    with suppress(Exception), Operations.context(context):  # it may ask a database that is not there
        script.module.upgrade()
    sql = _COMMENT.sub(" ", buffer.getvalue())
    return [" ".join(statement.split()) for statement in re.split(r";\s", sql)]


def _leave_out_new_tables(impl: DefaultImpl, new: set[str]) -> None:
    """Let `impl` write nothing of the tables that it makes, and add their names to `new`: no rule is about them."""
    create_index = impl.create_index

    def add_table(table: Table, **_options: object) -> None:
        new.add(table.name)

    def create_other_index(index: Index, **options: object) -> None:
        if index.table is None or index.table.name not in new:
            create_index(index, **options)

    impl.create_table = add_table  # type: ignore[method-assign]  # of this one object
    impl.create_index = create_other_index  # type: ignore[method-assign]  # as above
