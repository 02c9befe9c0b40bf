"""Delete selected rows, or do another action with them: after asking once, whole or not at all."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus

from sqladmin.authorization import Action
from sqladmin.flash import Flash
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dovetail.contrib.admin.changes import Task
from dovetail.contrib.admin.columns.identifiers import identifier_of
from dovetail.contrib.admin.lists.relations import loading
from dovetail.contrib.admin.office import Office
from dovetail.contrib.admin.pages.batches import Run, TaskFailedError, counted
from dovetail.contrib.admin.pages.questions import Question
from dovetail.contrib.admin.pages.selection import read_selection
from dovetail.contrib.admin.permissions import rights_of
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.contrib.admin.web.returning import list_url
from dovetail.state import DOOR, note_of_request


async def run_action(office: Office, make_task: Callable[[Request], Awaitable[object]], request: Request) -> object:
    """Run the task that an action of a view makes; SQLAdmin may have answered in its place."""
    task = await make_task(request)
    return await run_task(office, request, task) if isinstance(task, Task) else task


async def run_task(office: Office, request: Request, task: Task) -> Response:
    """Do the task with the rows that are selected; ask first if it has a question or a form, or if they are many."""
    note_of_request(DOOR, "action")
    form = await request.form() if request.method == "POST" else FormData()
    is_answered = bool(form.get("confirmed")) and request.method == "POST"
    selected = await read_selection(
        request, task.view, form, limit=office.settings.action_limit, for_update=is_answered
    )
    if not selected.identifiers:
        Flash.warning(request, "Nothing was selected.")
        return _back(request, task)
    question = Question(office, request, task, selected, form)
    try:
        page = None
        if question.is_needed:
            page = await (question.doubt() if is_answered else question.ask())
        return page or await _do(request, Run(request, task, selected, question.data)) or _back(request, task)
    except TaskFailedError as error:
        Flash.error(request, f"Nothing was done. {error.detail}")
        return _back(request, task)


def deletion(request: Request, view: ModelAdmin) -> Task:
    """Return the task of deleting the selected rows."""

    async def delete(rows: Sequence[object], _data: Mapping[str, object]) -> str:
        # What is deleted was loaded whole, with relations of which the user may not know and which it may name.
        names_hidden = bool(loading(view.model, (), rights_of(request)))
        title = f"{view.name} {identifier_of(rows[0])}" if names_hidden else view.title_of(rows[0])
        await view.delete_objects(request, rows)
        return f"{title} was deleted." if len(rows) == 1 else f"{counted(task, len(rows))} were deleted."

    task = Task(view=view, action=Action.DELETE, label="Delete", apply=delete)
    return task


async def _do(request: Request, run: Run) -> Response | None:
    outcome = await run.do()
    if isinstance(outcome, Response):
        return outcome
    Flash.success(request, outcome)
    return None


def _back(request: Request, task: Task) -> Response:
    return RedirectResponse(list_url(request, task.view), HTTPStatus.SEE_OTHER)
