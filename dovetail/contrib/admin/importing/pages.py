"""The pages of an import: choose a file, map its columns, preview the result, and run it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus

from sqladmin.flash import Flash
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dovetail.contrib.admin.actions.task import TaskFailedError
from dovetail.contrib.admin.columns.files import file_size
from dovetail.contrib.admin.entry.access import allow
from dovetail.contrib.admin.entry.kept_forms import find_form, forget_form
from dovetail.contrib.admin.importing.files.reading import ACCEPTED
from dovetail.contrib.admin.importing.kept_tables import (
    Preview,
    SealedTable,
    claim_table,
    find_preview,
    forget_table,
    keep_table,
)
from dovetail.contrib.admin.importing.plan import Permitted, Plan, find_permitted, guess_plan, matchable, read_plan
from dovetail.contrib.admin.importing.preparing import TABLE, UPLOADED, open_import, owner_of
from dovetail.contrib.admin.importing.run import ImportRun, Outcome
from dovetail.contrib.admin.importing.targets import Target, targets_of
from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.tasks.progress import Ending, Report, tell_progress, wants_lines
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.contrib.admin.web.rendering import path_for
from dovetail.contrib.admin.web.returning import home_url
from dovetail.settings import SETTINGS
from dovetail.state import CHANGE_SOURCE, note_of_request
from dovetail.translation.texts import gettext, ngettext

STEP = "step"  # the values of the buttons: check the rows, import them, or discard the file


async def show_upload(site: SiteContext, request: Request) -> Response:
    """Show the upload form, or store the table of the uploaded file and redirect to its page."""
    view = open_import(site, request)
    permitted = await _permitted(view, request)
    sent = UPLOADED.get(request) if request.method == "POST" else ""
    if isinstance(sent, SealedTable):
        key = await keep_table(request_context().session, owner_of(site, request), sent)
        return RedirectResponse(_address(request, view, key), HTTPStatus.SEE_OTHER)
    targets = await targets_of(view, request)
    context: dict[str, object] = {"model_view": view, "error": sent, "targets": targets.values(), "accepted": ACCEPTED}
    context |= {"most_rows": site.settings.import_rows, "permitted": permitted}
    most_bytes = SETTINGS.get(site.app).max_body_size
    context |= {"most_bytes": file_size(most_bytes), "max_body_size": most_bytes}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if sent else HTTPStatus.OK
    return await site.render(request, "sqladmin/importing/upload.html", context, status)


async def show_table(site: SiteContext, request: Request) -> Response:
    """Show the mapping of the columns; check the rows, import them, or discard the table."""
    view = open_import(site, request)
    permitted = await _permitted(view, request)
    owner, key, session = owner_of(site, request), request.path_params["key"], request_context().session
    is_sent = request.method == "POST"
    kept = None if is_sent else await find_form(session, site.secret_key, request, user_of(request))
    form = await request.form() if is_sent else kept or FormData()
    if is_sent and form.get(STEP) == "forget":
        await forget_table(session, owner, key)
        await forget_form(session, request, user_of(request))
        return RedirectResponse(home_url(request, view), HTTPStatus.SEE_OTHER)
    preview, targets = await find_preview(session, owner, key), await targets_of(view, request)
    plan = (
        read_plan(form, len(preview.columns), targets, permitted)
        if form
        else guess_plan(preview.columns, targets, permitted)
    )
    problems = list(plan.problems(targets, permitted)) if form else []
    page = _TablePage(site, request, view, preview, targets, permitted, plan, problems)
    if not is_sent or not form or problems:
        return await page.show(HTTPStatus.UNPROCESSABLE_ENTITY if is_sent and problems else HTTPStatus.OK)
    if form.get(STEP) == "import":
        return await page.import_rows(form)
    return await page.check()


@dataclass(frozen=True)
class _TablePage:
    site: SiteContext
    request: Request
    view: ModelAdmin
    preview: Preview
    targets: Mapping[str, Target]
    permitted: Permitted
    plan: Plan
    problems: Sequence[str]
    outcome: Outcome | None = None

    async def show(self, status: HTTPStatus = HTTPStatus.OK) -> Response:
        """Return the page."""
        view = self.view
        context: dict[str, object] = {"model_view": view, "preview": self.preview, "targets": self.targets.values()}
        context |= {"plan": self.plan, "problems": self.problems, "outcome": self.outcome}
        context |= {"matchable": matchable(self.targets, self.permitted), "permitted": self.permitted}
        context["back"] = home_url(self.request, view)
        return await self.site.render(self.request, "sqladmin/importing/table.html", context, status)

    async def check(self) -> Response:
        """Return the page with the result of a dry run, or its errors."""
        outcome = await self._run(dry=True)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if outcome.errors else HTTPStatus.OK
        return await replace(self, outcome=outcome).show(status)

    async def import_rows(self, form: FormData) -> Response:
        """Import the rows and redirect to the list, or return the page with the errors.

        If the script of the page asks for it, the response reports progress.
        """
        if wants_lines(self.request, form):
            return tell_progress(self.site, self.request, self._import_with_lines)
        outcome = await self._run(dry=False)
        if outcome.errors:
            return await replace(self, outcome=outcome).show(HTTPStatus.UNPROCESSABLE_ENTITY)
        Flash.success(self.request, result_message(outcome))
        return RedirectResponse(home_url(self.request, self.view), HTTPStatus.SEE_OTHER)

    async def _import_with_lines(self, report: Report) -> Ending:
        """Return the last line of the progress: the result, or that the page has to show the errors."""
        outcome = await self._run(dry=False, report=report)
        return {"state": "asked"} if outcome.errors else {"state": "done", "message": result_message(outcome)}

    async def _run(self, *, dry: bool, report: Report = lambda _done, _of: None) -> Outcome:
        site, request = self.site, self.request
        if site.long_work.locked():
            raise TaskFailedError(gettext("Something as long is being done here already. Try again when it is over."))
        note_of_request(CHANGE_SOURCE, "import")
        session, owner = request_context().session, owner_of(site, request)
        if not dry and not await claim_table(session, owner, self.preview.key):  # submitted twice
            raise TaskFailedError(gettext("This file is being imported already, or it was."))
        run = ImportRun(
            request=request,
            view=self.view,
            sheet=TABLE.get(request),
            plan=self.plan,
            permitted=self.permitted,
            report=report,
        )
        async with site.long_work:
            outcome = await run.do(dry=dry)
        if not dry and not outcome.errors:
            await forget_table(session, owner, self.preview.key)
            await forget_form(session, request, user_of(request))
        return outcome


def result_message(outcome: Outcome) -> str:
    """Return the message about the result."""
    added = ngettext("%(count)s row was added", "%(count)s rows were added", outcome.added) % {"count": outcome.added}
    numbers = {"added": added, "changed": outcome.changed, "same": outcome.same}
    return gettext("%(added)s, %(changed)s were changed, and %(same)s are as they were.") % numbers


async def _permitted(view: ModelAdmin, request: Request) -> Permitted:
    permitted = await find_permitted(view, request)
    allow(await view.check_can_import(request) and (permitted.add or permitted.change))
    return permitted


def _address(request: Request, view: ModelAdmin, key: int) -> str:
    return path_for(request, "admin:import-table", identity=view.identity, key=key)
