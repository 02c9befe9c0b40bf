"""Delete selected rows, or do another action with them: after asking once, whole or not at all."""

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus

from sqladmin.authorization import Action
from sqladmin.flash import Flash
from sqlalchemy import inspect
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dovetail.contrib.admin.changes import Task
from dovetail.contrib.admin.columns.identifiers import identifier_of
from dovetail.contrib.admin.lists.relations import loading
from dovetail.contrib.admin.office import Office
from dovetail.contrib.admin.pages.deleting import confirmed
from dovetail.contrib.admin.permissions import rights_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.rules import rules_of
from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.contrib.admin.web.error_messages import message_for
from dovetail.contrib.admin.web.responses import check_outcome, is_refusal, sendable
from dovetail.contrib.admin.web.returning import list_url
from dovetail.errors import BadRequestError
from dovetail.state import DOOR, note_of_request


async def run_action(office: Office, make_task: Callable[[Request], Awaitable[object]], request: Request) -> object:
    """Run the task that an action of a view makes; SQLAdmin may have answered in its place."""
    task = await make_task(request)
    return await run_task(office, request, task) if isinstance(task, Task) else task


async def run_task(office: Office, request: Request, task: Task) -> Response:
    """Do the task with the rows that the form, or a link, selects; ask first if it has a question."""
    note_of_request(DOOR, "action")
    view = task.view
    form = await request.form() if request.method == "POST" else FormData()
    sent = form.getlist("pks") or request.query_params.getlist("pks")
    named = [request.path_params["pk"]] if "pk" in request.path_params else []
    keys = named or list(dict.fromkeys(key for key in sent if isinstance(key, str) and key))
    most = max(view.list_max_show_all, *view.list_per_page_options)
    if len(keys) > most:
        raise BadRequestError(f"Select {most} rows or fewer.")
    if not keys:
        Flash.warning(request, "Nothing was selected.")
        return _back(request, view)
    asks = bool(task.question) and not form.get("confirmed")
    rows = await view.get_objects(keys, for_update=not asks)
    if len(rows) != len(keys):
        Flash.error(
            request, f"{len(keys) - len(rows)} of {len(keys)} selected are not there any more. Nothing was done."
        )
        return _back(request, view)
    await _check_permissions(request, task, rows)
    if isinstance(view, ModelAdmin) and task.action == Action.DELETE:
        page = await confirmed(office, request, view, rows, told=None if asks else form.get("told", ""))
        if page is not None:
            return page
    if asks:
        context = {"model_view": view, "rows": rows, "task": task, "back": list_url(request, view)}
        return await office.render(request, "sqladmin/confirm.html", context)
    return await _apply(request, task, rows) or _back(request, view)


def deletion(request: Request, view: ModelAdmin) -> Task:
    """Return the task of deleting the selected rows."""

    async def delete(rows: Sequence[object]) -> str:
        # What is deleted was loaded whole, with relations of which the user may not know and which it may name.
        names_hidden = bool(loading(view.model, (), rights_of(request)))
        title = f"{view.name} {identifier_of(rows[0])}" if names_hidden else view.title_of(rows[0])
        await view.delete_objects(request, rows)
        return f"{title} was deleted." if len(rows) == 1 else f"{_count(view, rows)} were deleted."

    return Task(view=view, action=Action.DELETE, label="Delete", apply=delete, question="This cannot be undone.")


async def _check_permissions(request: Request, task: Task, rows: Sequence[object]) -> None:
    rules = rules_of(request)
    rule = task.view.rule_for(rules, task.action)
    await rules.check(request_context().session, task.view.model, rule, rows)
    for row in rows:
        is_deletion = task.action == Action.DELETE
        allowed = (
            await task.view.check_can_delete(request, row)
            if is_deletion
            else task.view.has_permission(request, task.action, row)
        )
        if not allowed:
            raise HTTPException(HTTPStatus.FORBIDDEN)


async def _check_changed(request: Request, task: Task, rows: Sequence[object]) -> None:
    """Raise PermissionDeniedError if an action made a row what its user may not make of it."""
    rules, session = rules_of(request), request_context().session
    if task.view.rule_for(rules, task.action) == "change":
        await session.flush()
        left = [row for row in rows if inspect(row).persistent]
        await rules.check(session, task.view.model, "change", left)


async def _apply(request: Request, task: Task, rows: Sequence[object]) -> Response | None:
    source = f"the action {task.label!r} of {type(task.view).__name__}"
    try:
        async with request_context().session.begin_nested() as change:
            outcome = await task.apply(rows)
            check_outcome(outcome, source)
            await _check_changed(request, task, rows)
            if isinstance(outcome, Response):
                outcome = await sendable(outcome, source)
            if is_refusal(outcome):
                await change.rollback()
    except Exception as error:
        request_context().after_commit.tasks.clear()
        told = message_for(error)
        if told.is_ours:
            raise
        Flash.error(request, f"Nothing was done. {told.message}")
        return None
    if isinstance(outcome, Response):
        return outcome
    Flash.success(request, outcome or f"{task.label}: done with {_count(task.view, rows)}.")
    return None


def _count(view: ViewBase, rows: Sequence[object]) -> str:
    return f"{len(rows)} {(view.name if len(rows) == 1 else view.name_plural).lower()}"


def _back(request: Request, view: ViewBase) -> Response:
    return RedirectResponse(list_url(request, view), HTTPStatus.SEE_OTHER)
