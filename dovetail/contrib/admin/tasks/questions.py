"""The confirmation page of a task: its question, its form, and the effects of a deletion.

The page contains fingerprints of the selection and of the effects of a deletion. Both are computed again in the
transaction of the task, after locking the rows; if one has changed, the page asks again.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from http import HTTPStatus

from sqladmin.authorization import Action
from sqlalchemy import select
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from wtforms import Form

from dovetail.contrib.admin.actions.task import Task
from dovetail.contrib.admin.columns.identifiers import identifier_of, primary_keys
from dovetail.contrib.admin.deleting.groups import DeletedObjects, as_deleted_objects
from dovetail.contrib.admin.deleting.preview import NAMED, Deletion
from dovetail.contrib.admin.forms.admin_form import as_admin_form, without_lost_files
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.contrib.admin.tasks.batches import check_permissions, check_there, counted
from dovetail.contrib.admin.tasks.selection import Selected, matching_keys
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.contrib.admin.web.returning import list_url
from dovetail.database.change_log import log_of
from dovetail.database.deletion.conditions import rows_with


class Question:
    """The confirmation page of one task."""

    def __init__(self, site: SiteContext, request: Request, task: Task, selected: Selected, sent: FormData) -> None:
        self._site, self._request, self._task, self._selected, self._sent = site, request, task, selected, sent

    @property
    def is_needed(self) -> bool:
        """Return whether the task needs confirmation: deletions, questions, forms, and all rows of a list do."""
        kind = self._task.kind
        return self._is_deletion or bool(kind.question) or kind.form is not None or self._selected.is_all

    @property
    def data(self) -> Mapping[str, object]:
        """Return the data of the task's form, after `doubt` has validated it."""
        return dict(self._form.data) if self._form is not None else {}

    async def ask(self) -> Response:
        """Return the confirmation page. Raise TaskFailedError if a selected object no longer exists."""
        rows = await self._rows()
        await check_permissions(self._request, self._task, rows)
        return await self._page(rows, await self._deletion(rows))

    async def doubt(self) -> Response | None:
        """Return the page again if the confirmation was for other objects or effects than the current ones, or None.

        Raise TaskFailedError as `ask` does.
        """
        is_right = self._form is None or self._form.validate()
        told = self._sent.get("selected")
        has_changed = self._selected.is_all and bool(told) and told != self._selected.fingerprint
        if is_right and not has_changed and not self._is_deletion:
            return None  # the task itself checks all rows
        rows = await self._rows(for_update=True)
        await check_permissions(self._request, self._task, rows)
        if not is_right:
            return await self._page(rows, None, HTTPStatus.BAD_REQUEST)
        found = None
        if self._is_deletion:
            await Deletion(self._view, self._request, await self._objects(rows)).lock()
            found = await self._deletion(rows)
        if found is not None:
            has_changed = has_changed or self._sent.get("told", "") not in {None, "", found.fingerprint}
        if has_changed or (found is not None and found.is_refused):
            return await self._page(rows, found, HTTPStatus.CONFLICT, has_changed=has_changed)
        return None

    async def ask_again(self, told: str) -> Response | None:
        """Return the page with the form as it was sent, for what is still there of what was selected.

        `told` says why nothing was done. None without a form, and where all of it is gone. Raise as
        `check_permissions` does.
        """
        if self._form is None:
            return None
        rows = await self._view.get_objects(self._named)
        if not rows:
            return None
        await check_permissions(self._request, self._task, rows)
        if not self._selected.is_all:
            self._selected = Selected([identifier_of(row) for row in rows])
        return await self._page(rows, None, HTTPStatus.CONFLICT, told=told)

    @property
    def _is_deletion(self) -> bool:
        return self._task.action == Action.DELETE

    @property
    def _view(self) -> ModelAdmin:
        view = self._task.view
        assert isinstance(view, ModelAdmin)  # noqa: S101 - only such views have actions
        return view

    @cached_property
    def _form(self) -> Form | None:
        form_class = self._task.kind.form
        if form_class is None:
            return None
        made = as_admin_form(form_class)
        return without_lost_files(made(self._sent)) if self._sent.get("confirmed") else made()

    async def _rows(self, *, for_update: bool = False) -> Sequence[object]:
        """Return the objects that the page names: all that were ticked, the first ones of a whole list."""
        found = await self._view.get_objects(self._named, for_update=for_update, named=True)
        check_there(found, self._named)
        return found

    @property
    def _named(self) -> Sequence[str]:
        return self._selected.identifiers[:NAMED] if self._selected.is_all else self._selected.identifiers

    async def _objects(self, rows: Sequence[object]) -> Sequence[object] | AnySelect:
        if not self._selected.is_all:
            return rows
        keys = primary_keys(self._view.model)
        return select(self._view.model).where(rows_with(keys, await matching_keys(self._request, self._view)))

    async def _deletion(self, rows: Sequence[object]) -> DeletedObjects | None:
        if not self._is_deletion:
            return None
        answer = await self._view.get_deleted_objects(await self._objects(rows), self._request)
        return as_deleted_objects(answer)

    async def _page(
        self,
        rows: Sequence[object],
        found: DeletedObjects | None,
        status: HTTPStatus = HTTPStatus.OK,
        *,
        has_changed: bool = False,
        told: str = "",
    ) -> Response:
        count, view = len(self._selected.identifiers), self._view
        context: dict[str, object] = {
            "model_view": view,
            "task": self._task,
            "rows": rows,
            "count": count,
            "counted": counted(self._task, count),
            "selected": self._selected,
            "deletion": found,
            "undo_days": _undo_days(view),
            "form": self._form,
            "has_changed": has_changed,
            "told": told,
            "is_kept": self._request.method != "POST" and bool(self._sent.get("confirmed")),
            "back": list_url(self._request, view),
        }
        if self._task.kind.context is not None:
            context |= await self._task.kind.context([] if self._selected.is_all else rows, self._sent)
        templates = (view.delete_selected_confirmation_template, view.delete_confirmation_template)
        template = self._task.kind.template or view.action_confirmation_template
        template = template if found is None else templates[count == 1]
        return await self._site.render(self._request, template, context, status)


def _undo_days(view: ModelAdmin) -> int:
    """Return the number of days in which a deletion can be undone; 0 without a complete history of the rows."""
    table = view.mapper.local_table
    log = log_of(request_context().session, table)
    return 0 if log is None or log.redacted(table) else log.undo_days
