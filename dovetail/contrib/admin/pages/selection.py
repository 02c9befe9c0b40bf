"""Deleting and other actions on selected rows: asked once, done whole or not at all."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sqladmin.authorization import Action
from sqladmin.flash import Flash
from sqladmin.helpers import get_object_identifier
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dovetail.contrib.admin.lists.relations import loading
from dovetail.contrib.admin.lists.rights import rights_of
from dovetail.contrib.admin.pages.answers import check_outcome, is_refusal, ready
from dovetail.contrib.admin.pages.failures import describe
from dovetail.contrib.admin.visit import current_visit
from dovetail.errors import BadRequestError

if TYPE_CHECKING:
    from dovetail.contrib.admin.site import AdminSite
    from dovetail.contrib.admin.views import ModelAdmin


@dataclass(frozen=True, kw_only=True)
class Task:
    """What to do with the selected rows; `apply` returns what to tell the user, an answer of its own, or nothing."""

    action: str
    label: str
    apply: Callable[[Sequence[Any]], Awaitable[str | Response | None]]
    question: str | None = None
    dangerous: bool = False


async def run(site: "AdminSite", request: Request, view: "ModelAdmin", task: Task) -> Response:
    """Do the task with the rows that the form, or a link, selects; ask first if it has a question."""
    form = await request.form() if request.method == "POST" else FormData()
    sent = form.getlist("pks") or request.query_params.getlist("pks")
    keys = list(dict.fromkeys(key for key in sent if isinstance(key, str) and key))
    if len(keys) > max(view.page_size_options):
        raise BadRequestError(f"Select {max(view.page_size_options)} rows or fewer.")
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
    await _check_permissions(request, view, task, rows)
    if asks:
        context = {"model_view": view, "rows": rows, "task": task, "back": _list_url(request, view)}
        return await site.templates.TemplateResponse(request, "sqladmin/confirm.html", context)
    return await _apply(request, view, task, rows) or _back(request, view)


def deletion(request: Request, view: "ModelAdmin") -> Task:
    """The task of deleting the selected rows."""

    async def delete(rows: Sequence[Any]) -> str:
        # What is deleted was loaded whole, with relations of which the user may not know and which it may name.
        names_hidden = bool(loading(view.model, (), rights_of(request)))
        title = f"{view.name} {get_object_identifier(rows[0])}" if names_hidden else view.title_of(rows[0])
        await view.delete_objects(request, rows)
        return f"{title} was deleted." if len(rows) == 1 else f"{_count(view, rows)} were deleted."

    question = "This cannot be undone. Everything that belongs to what is deleted goes with it."
    return Task(action=Action.DELETE, label="Delete", apply=delete, question=question, dangerous=True)


async def _check_permissions(request: Request, view: "ModelAdmin", task: Task, rows: Sequence[Any]) -> None:
    for row in rows:
        is_deletion = task.action == Action.DELETE
        allowed = (
            await view.check_can_delete(request, row) if is_deletion else view.has_permission(request, task.action, row)
        )
        if not allowed:
            raise HTTPException(HTTPStatus.FORBIDDEN)


async def _apply(request: Request, view: "ModelAdmin", task: Task, rows: Sequence[Any]) -> Response | None:
    asked = f"the action {task.label!r} of {type(view).__name__}"
    try:
        async with current_visit().session.begin_nested() as change:
            outcome = await task.apply(rows)
            check_outcome(outcome, asked)
            if isinstance(outcome, Response):
                outcome = await ready(outcome, asked)
            if is_refusal(outcome):
                await change.rollback()
    except Exception as error:
        failure = describe(error)
        if failure.is_ours:
            raise
        Flash.error(request, f"Nothing was done. {failure.message}")
        return None
    if isinstance(outcome, Response):
        return outcome
    Flash.success(request, outcome or f"{task.label}: done with {_count(view, rows)}.")
    return None


def _count(view: "ModelAdmin", rows: Sequence[Any]) -> str:
    return f"{len(rows)} {(view.name if len(rows) == 1 else view.name_plural).lower()}"


def _back(request: Request, view: "ModelAdmin") -> Response:
    return RedirectResponse(_list_url(request, view), HTTPStatus.SEE_OTHER)


def _list_url(request: Request, view: "ModelAdmin") -> str:
    url = request.url_for("admin:list", identity=view.identity).path
    query = urlencode([(key, value) for key, value in request.query_params.multi_items() if key != "pks"])
    return f"{url}?{query}" if query else url
