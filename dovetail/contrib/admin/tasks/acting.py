"""Run an action, such as deletion, on the selected rows: after a confirmation if needed, and atomically."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from sqladmin.authorization import Action
from sqladmin.flash import Flash
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dovetail.contrib.admin.actions.task import Task, TaskFailedError, TaskKind
from dovetail.contrib.admin.columns.identifiers import identifier_of
from dovetail.contrib.admin.entry.kept_forms import find_form, forget_form
from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.tasks.batches import Run, counted
from dovetail.contrib.admin.tasks.progress import Ending, Report, tell_progress, wants_lines
from dovetail.contrib.admin.tasks.questions import Question
from dovetail.contrib.admin.tasks.selection import ALL, Selected, read_selection
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.contrib.admin.web.form_fields import has_files
from dovetail.contrib.admin.web.responses import is_refusal
from dovetail.contrib.admin.web.returning import list_url
from dovetail.contrib.admin.writing.first_try import may_do_without, prepare
from dovetail.contrib.admin.writing.selected_rows import SelectedRows
from dovetail.state import CHANGE_SOURCE, note_of_request
from dovetail.translation.shortening import shorten
from dovetail.translation.texts import gettext

MOST_AT_ONCE = 30_000  # rows of a task without batches: a statement of PostgreSQL has at most 32,767 values


async def run_action(site: SiteContext, make_task: Callable[[Request], Awaitable[object]], request: Request) -> object:
    """Run the task that an action of a view returns; an action of SQLAdmin returns a response instead."""
    task = await make_task(request)
    return await run_task(site, request, task) if isinstance(task, Task) else task


async def run_task(site: SiteContext, request: Request, task: Task) -> Response:
    """Run a task on the selected rows; first ask for confirmation if it has a question or a form, or they are many.

    A GET always asks: the rows are those in its URL, or in the form that was kept when the session had ended.
    For all rows of a list, the response reports progress if the script of the page asks for it.
    """
    note_of_request(CHANGE_SOURCE, "action")
    form = await request.form() if request.method == "POST" else await _stored_form(site, request)
    acting = _Acting(site, request, task, form)
    if acting.is_answered and form.get(ALL) == "1" and task.kind.is_batched and wants_lines(request, form):
        return tell_progress(site, request, acting.end)
    try:
        outcome = await acting.outcome(lambda _done, _of: None)
    except TaskFailedError as error:
        told = gettext("Nothing was done. %(detail)s") % {"detail": error.detail}
        if (page := await acting.ask_again(told)) is not None:
            return page
        Flash.error(request, told)
        return _back(request, task)
    if isinstance(outcome, Response):
        return outcome
    (Flash.success if acting.is_done else Flash.warning)(request, outcome)
    return _back(request, task)


@dataclass
class _Acting:
    site: SiteContext
    request: Request
    task: Task
    form: FormData
    is_done: bool = False
    question: Question | None = None

    @property
    def is_answered(self) -> bool:
        return bool(self.form.get("confirmed")) and self.request.method == "POST"

    @property
    def _may_do_without(self) -> bool:
        """Return whether to try without savepoints first; uploaded files could not be read a second time."""
        is_light = self.task.kind.takes_rows and not has_files(self.form)
        return is_light and may_do_without(self.request, request_context().session)

    async def outcome(self, report: Report) -> str | Response:
        """Return the message, or the page to show. Raise TaskFailedError if the task was not done."""
        if self.is_answered and self.form.get(ALL) == "1":
            self._check_free()  # before anything is read and locked
        selected = await self._read_selection(for_update=self.is_answered)
        if not selected.identifiers:
            return gettext("Nothing was selected.")
        self.question = question = Question(self.site, self.request, self.task, selected, self.form)
        if question.is_needed or self.request.method != "POST":
            page = await (question.doubt() if self.is_answered else question.ask())
            if page is not None:
                return page
        if self._may_do_without:
            await prepare(request_context().session, len(selected.identifiers))
        run = Run(self.request, self.task, selected, question.data, report, in_savepoints=not self._may_do_without)
        if not selected.is_all:
            outcome = await run.do()
        else:
            self._check_free()
            async with self.site.long_work:
                outcome = await run.do()
        if not is_refusal(outcome):
            await forget_form(request_context().session, self.request, user_of(self.request))
        self.is_done = True
        return outcome

    async def _read_selection(self, *, for_update: bool) -> Selected:
        limit, kind = self.site.settings.action_limit, self.task.kind
        if not kind.is_batched:
            limit = min(limit, MOST_AT_ONCE // len(self.task.view.pk_columns))
        return await read_selection(self.request, self.task, self.form, limit=limit, for_update=for_update)

    def _check_free(self) -> None:
        """Raise TaskFailedError while this process does as many tasks with whole lists as it may."""
        if self.site.long_work.locked():
            raise TaskFailedError(gettext("Something as long is being done here already. Try again when it is over."))

    async def ask_again(self, told: str) -> Response | None:
        """Return the page with its form as it was sent, and why nothing was done; None if there is nothing to keep."""
        if not self.form.get("confirmed") or self.task.kind.form is None:
            return None
        if self.question is None:  # it was refused before anything was read
            try:
                selected = await self._read_selection(for_update=False)
            except TaskFailedError:  # as they are more than it takes
                return None
            self.question = Question(self.site, self.request, self.task, selected, self.form)
        return await self.question.ask_again(told)

    async def end(self, report: Report) -> Ending:
        """Return the last line of the progress: the result, or that the page has to ask again."""
        outcome = await self.outcome(report)
        if not self.is_done:
            return {"state": "asked"}
        return {"state": "done", "message": outcome if isinstance(outcome, str) else ""}


def deletion(request: Request, view: ModelAdmin) -> Task:
    """Return the task of deleting the selected rows."""

    async def delete(selected: SelectedRows, _data: Mapping[str, object]) -> str | Response:
        rows = await selected.objects()
        # What the titles of several read is not loaded.
        title, key = view.title_of(rows[0]) if len(rows) == 1 else "", identifier_of(rows[0])
        await view.delete_objects(request, rows)
        if await _is_of_one(request) and (answer := await view.response_delete(request, title, key)) is not None:
            return answer
        return (
            gettext("%(title)s was deleted.") % {"title": shorten(title)}
            if len(rows) == 1
            else gettext("%(rows)s were deleted.") % {"rows": counted(task, len(rows))}
        )

    task = Task(
        view=view,
        action=Action.DELETE,
        label=gettext("Delete"),
        apply=delete,
        kind=TaskKind(done=gettext("{} were deleted.")),
    )
    return task


async def _is_of_one(request: Request) -> bool:
    """Return whether the user selected a single object, not the last one of a long list."""
    form = await request.form()
    return "pk" in request.path_params or (form.get(ALL) != "1" and len(set(form.getlist("pks"))) == 1)


async def _stored_form(site: SiteContext, request: Request) -> FormData:
    """Return the form that came after its session had ended, to be shown again; an empty one if there is none."""
    return await find_form(request_context().session, site.secret_key, request, user_of(request)) or FormData()


def _back(request: Request, task: Task) -> Response:
    return RedirectResponse(list_url(request, task.view), HTTPStatus.SEE_OTHER)
