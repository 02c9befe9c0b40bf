"""Decide whether somebody may take changes back: they may who may make such changes themselves."""

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import func, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from dovetail.contrib.admin.permissions import rights_of, user_of
from dovetail.contrib.admin.rules.fields import fields_of
from dovetail.contrib.admin.rules.rules import NOTHING, rules_of
from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.auth.models import Group, User
from dovetail.contrib.history.recording.recorded import RecordedTable
from dovetail.contrib.history.undoing.sources import Source
from dovetail.contrib.history.undoing.steps import Kind, Step
from dovetail.errors import PermissionDeniedError

ACCOUNTS = (User, Group)  # who gives which rights to whom, functions decide (`permissions/managing.py`): no policy does
ACTIONS = {Kind.INSERT: ("add", "create"), Kind.UPDATE: ("change", "edit"), Kind.DELETE: ("delete", "delete")}


class Judge(Protocol):
    """Decides what somebody may take back."""

    async def check_fields(self, step: Step) -> None:
        """Raise PermissionDeniedError unless they may do such a thing to some rows, and write these fields."""

    async def check_rows(self, session: AsyncSession, step: Step, source: Source) -> None:
        """Raise PermissionDeniedError unless they may do it to these rows as they are now."""


@dataclass(frozen=True)
class OfficeJudge:
    """Decides about the user of a request to the back office, by permissions, policies and rules of fields."""

    request: Request

    async def check_fields(self, step: Step) -> None:
        """Raise PermissionDeniedError as Judge says."""
        model, (action, page) = _model(step.table), _action(step)
        rules, views = rules_of(self.request), rights_of(self.request).views_of(model)
        if issubclass(model, ACCOUNTS) and not user_of(self.request).is_superuser:
            raise PermissionDeniedError(
                f"{step.rows[0].name}: only a superuser may undo changes of accounts and groups."
            )
        if rules.where(model, action) is NOTHING:
            raise PermissionDeniedError(f"{step.rows[0].name}: {rules.explain(model, action)}")
        if views and not any(self._is_let(view, page) for view in views):
            raise PermissionDeniedError(f"{step.rows[0].name}: you lack the permission to {action} it.")
        if step.kind is Kind.DELETE and not step.table.is_link:
            return
        closed = fields_of(self.request).hidden(model) | fields_of(self.request).read_only(model)
        for name in step.names:
            if name in closed and not _is_left_alone(step, name):
                raise PermissionDeniedError(f"{step.rows[0].name}: you may not write its {name}.")

    async def check_rows(self, session: AsyncSession, step: Step, source: Source) -> None:
        """Raise PermissionDeniedError as Judge says."""
        model, (action, _) = _model(step.table), _action(step)
        rules = rules_of(self.request)
        condition = rules.where(model, action)
        keys = list(inspect(model).local_table.primary_key.columns)
        chosen = source.has(keys, step.table.keys)
        asked = select(func.count(), func.count().filter(condition)).select_from(model).where(chosen)
        there, allowed = (await session.execute(asked)).one()
        if allowed < there:
            raise PermissionDeniedError(f"{step.rows[0].name}: {rules.explain(model, action)}")

    def _is_let(self, view: ViewBase, page: str) -> bool:
        return view.is_accessible(self.request) and view.has_permission(self.request, page)


def _model(table: RecordedTable) -> type[object]:
    assert table.model is not None  # noqa: S101 - `Recorded` sets it
    return table.model


def _action(step: Step) -> tuple[str, str]:
    return ACTIONS[Kind.UPDATE if step.table.is_link else step.kind]


def _is_left_alone(step: Step, name: str) -> bool:
    """Return whether a field of rows that come back has only what a new row has by itself."""
    column = step.table.fields[name]
    if step.kind is not Kind.INSERT or step.table.is_link:
        return False
    default = getattr(column.default, "arg", None)
    return column.primary_key or all(row.then.get(name) in {None, default} for row in step.rows)
