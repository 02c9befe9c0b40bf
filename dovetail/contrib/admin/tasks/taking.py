"""Lock the next rows of a task; load their objects only if the task or the view needs them."""

from collections.abc import Hashable, Sequence
from functools import partial

from sqlalchemy import select
from starlette.requests import Request

from dovetail.contrib.admin.actions.task import Task
from dovetail.contrib.admin.change_list.view import ChangeListView
from dovetail.contrib.admin.columns.columns import paths_of_title
from dovetail.contrib.admin.columns.identifiers import have_identifiers, primary_keys
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.rules import rules_of
from dovetail.contrib.admin.tasks.selection import Selected
from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.admin.writing.selected_rows import SelectedRows
from dovetail.resources.query.keys import key_from, key_of


async def take(request: Request, task: Task, selected: Selected) -> SelectedRows:
    """Return the selected rows that exist and that the user may view, locked, in the order of their keys."""
    view = task.view
    load = partial(_load, view, selected.identifiers)
    if not task.kind.takes_rows or _asks_about_each(request, task):
        objects = await load()
        return SelectedRows(view.model, [key_of(one) for one in objects], load, objects)
    if selected.keys and view.permitted_rows(request).compare(select(view.model)):
        return SelectedRows(view.model, selected.keys, load)  # they were locked when their keys were read
    return SelectedRows(view.model, await _locked_keys(request, view, selected), load)


def checks_each_object(view: ViewBase) -> bool:
    """Return whether a view decides about each object, by overriding a hook that takes one."""
    return type(view).has_permission is not ViewBase.has_permission


def _asks_about_each(request: Request, task: Task) -> bool:
    rules = rules_of(request)
    rule = task.view.rule_for(rules, task.action)
    return checks_each_object(task.view) or rules.asks_about_each(task.view.model, rule)


async def _load(view: ChangeListView, identifiers: Sequence[str]) -> Sequence[object]:
    """Return the objects, locked; a single one, whose title is shown, with the relations that the title reads."""
    read = paths_of_title(view.model) if len(identifiers) == 1 else ()
    relations = [path for path in read if path.partition(".")[0] in view.mapper.relationships]
    return await view.get_objects(identifiers, for_update=True, relations=relations)


async def _locked_keys(request: Request, view: ChangeListView, selected: Selected) -> list[Hashable]:
    keys = primary_keys(view.model)
    chosen = view.permitted_rows(request).where(have_identifiers(view.model, selected.identifiers))
    statement = chosen.with_only_columns(*keys, maintain_column_froms=True).order_by(None).order_by(*keys)
    rows = await request_context().session.execute(statement.with_for_update(of=view.model))
    return [key_from(row) for row in rows]
