"""Find the plugin that owns a table whose model may be gone."""

import ast
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from sqlalchemy import MetaData, Table

from dovetail.database.models import Base
from dovetail.errors import MigrationError
from dovetail.migrations.bridge.postgresql.schemas import named_in
from dovetail.migrations.history.graph import History
from dovetail.ownership import owner_of

# Where the name of the new table stands: `op.create_table("blog_post", ...)`, `op.rename_table("entry", "blog_post")`
_NAMED_AT = {"create_table": 0, "rename_table": 1}


class Owners:
    """Says who owns a table: of a model by its name, of one without a model by the file that made it.

    A table nobody owns is left alone: it is not ours, or its plugin is not enabled.
    """

    def __init__(self, history: History, plugins: Iterable[str]) -> None:
        self._plugins = frozenset(plugins)
        self._texts = dict(_texts(history))
        self._made_by = dict(_tables_made(history, self._texts))
        self.schemas = {schema for text in self._texts.values() for schema in named_in(text)}

    def of_model(self, table: Table) -> str | None:
        """Return the enabled plugin that a model's table belongs to; None if it is none of them."""
        return owner_of(table, self._plugins)

    def of_name(self, name: str) -> str | None:
        """Return the owner of a table that may have lost its model; None if nobody owns it. `name` is as `key_of`'s."""
        table = Base.metadata.tables.get(name)
        return (self.of_model(table) if table is not None else None) or self._made_by.get(name)

    def add_new_table(self, name: str) -> None:
        """Record the owner of a table that a revision not yet written will create or rename to this name."""
        self._texts[f"about {name}"] = name

    def is_strange(self, name: str) -> bool:
        """Return True for a table of a model that no file speaks of: something else made it, and a migration has to."""
        table = Base.metadata.tables.get(name)
        if table is None or self.of_model(table) is None:
            return False
        word = re.compile(rf"(?<!\w){re.escape(table.name)}(?!\w)")
        return not any(word.search(text) for text in self._texts.values())


def refuse_orphans(metadata: MetaData, owners: Owners) -> None:
    """Raise MigrationError for a table that would be forgotten: it joins owned tables, and its name says no owner."""
    for table in metadata.tables.values():
        targets = [key.column.table for key in table.foreign_keys]
        if owners.of_model(table) is None and targets and all(owners.of_model(target) for target in targets):
            raise MigrationError(
                f"the table {table.name!r} belongs to no enabled plugin; begin its name with its plugin's, "
                f"as in {owners.of_model(targets[0])}_{table.name}"
            )


def _texts(history: History) -> Iterable[tuple[str, str]]:
    """Yield the ids of revisions that have files, and what these say, in the order of applying."""
    for revision in history.ordered(history.scripts):
        path = Path(history.scripts[revision].path)
        if path.is_file():
            yield revision, path.read_text(encoding="utf-8")


def _tables_made(history: History, texts: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Yield the tables that files name as made, `key_of`'s, with the plugins that make them."""
    for revision, source in texts.items():
        for call in ast.walk(ast.parse(source)):
            if isinstance(call, ast.Call) and (place := _NAMED_AT.get(_called(call))) is not None:
                schema = next((_text(each.value) for each in call.keywords if each.arg == "schema"), "")
                name = _text(call.args[place]) if len(call.args) > place else None
                if name and schema is not None:
                    yield f"{schema}.{name}" if schema else name, history.plugin_of(revision)


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _text(found: ast.expr) -> str | None:
    """Return a text that stands in the source; "" for None, and None for what is known only when it runs."""
    if not isinstance(found, ast.Constant):
        return None
    return found.value if isinstance(found.value, str) else ""
