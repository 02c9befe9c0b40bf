"""Build the query of a widget for a user: limited to the rows and columns that the policies allow."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import cast

from sqlalchemy import AliasedReturnsRows, ColumnElement, SelectBase, Table, inspect
from sqlalchemy.sql.visitors import iterate
from starlette.requests import Request

from dovetail.contrib.admin.permissions import rights_of, user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.fields import fields_of
from dovetail.contrib.admin.rules.rules import EVERYTHING, NOTHING, rules_of
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.contrib.admin.widgets.widget import STAFF, Widget, tables_of
from dovetail.errors import ConfigurationError


@dataclass(frozen=True)
class Question:
    """The query of a widget; users whose queries are equal share one result."""

    widget: Widget
    statement: AnySelect | None
    sql: str = ""  # the statement, with its bound parameters
    failed: bool = False


def question_of(widget: Widget, request: Request) -> Question | None:
    """Return the query of a widget for the user of a request; None if they may not see the widget.

    Raise ConfigurationError for a statement to which the policies cannot be applied.
    """
    if not _is_permitted(widget, request):
        return None
    statement = widget.select(request)
    if statement is None:
        return Question(widget, None)
    if problems := list(find_unfit_statement(widget, statement)):
        raise ConfigurationError("; ".join(problems))
    conditions = _conditions(widget, request)
    if any(one is NOTHING for one in conditions) or _reads_hidden(widget, statement, request):
        return None
    asked = widget.bounded(statement.where(*(one for one in conditions if one is not EVERYTHING)))
    compiled = asked.compile(dialect=request_context().session.get_bind().dialect)
    return Question(widget, asked, f"{compiled} {sorted(compiled.params.items())!r}")


def find_unfit_statement(widget: Widget, statement: AnySelect) -> Iterator[str]:
    """Find the reason why the policies cannot be applied to a statement that reads models."""
    if any(_is_model(one["expr"]) for one in statement.column_descriptions):
        yield "its statement selects a whole model; name the columns that are shown"
    if not statement.limit(None).compare(statement):
        yield "its statement has a LIMIT; say limit=... of the widget"
    if not widget.models:
        return
    parts = list(iterate(statement))
    if any(isinstance(part, SelectBase | AliasedReturnsRows) and part is not statement for part in parts):
        yield "its statement holds a subquery or an alias, to which no policy would be put; join the models instead"
    read, known = set(_tables(parts)), set(tables_of(widget.models))
    for model in widget.models:
        if inspect(model).local_table not in read:
            yield f"its statement does not read {model.__name__}, which is one of its models"
    for table in sorted(one.name for one in read - known):
        yield f"its statement reads the table {table!r}, and none of its models is kept there"


def _is_permitted(widget: Widget, request: Request) -> bool:
    return widget.permission in {None, STAFF} or user_of(request).has_perm(str(widget.permission))


def _conditions(widget: Widget, request: Request) -> list[ColumnElement[bool]]:
    rights = rights_of(request)
    conditions = [rights.visible(model) for model in widget.models]
    if widget.models and widget.rule != "view":
        conditions.append(rules_of(request).where(widget.models[0], widget.rule))
    return conditions


def _reads_hidden(widget: Widget, statement: AnySelect, request: Request) -> bool:
    fields = fields_of(request)
    return any(fields.tells(model, cast("ColumnElement[object]", statement)) for model in widget.models)


def _tables(parts: Iterable[object]) -> Iterator[Table]:
    for part in parts:
        if isinstance(part, Table):
            yield part
        elif isinstance(part, ColumnElement):
            yield from (one.table for one in part.base_columns if isinstance(getattr(one, "table", None), Table))


def _is_model(value: object) -> bool:
    return isinstance(value, type) or getattr(value, "is_mapper", False)
