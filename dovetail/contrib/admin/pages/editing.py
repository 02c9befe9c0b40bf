"""The forms that create and change one object."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sqladmin.flash import Flash
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from wtforms import Form

from dovetail.contrib.admin.forms.changes import version
from dovetail.contrib.admin.forms.forms import fill_in
from dovetail.contrib.admin.forms.keys import identifier_of
from dovetail.contrib.admin.forms.uploads import refuse_files
from dovetail.contrib.admin.lists.relations import is_hidden
from dovetail.contrib.admin.pages.answers import is_refusal
from dovetail.contrib.admin.pages.failures import Failure, describe
from dovetail.contrib.admin.visit import current_visit

if TYPE_CHECKING:
    from dovetail.contrib.admin.site import AdminSite
    from dovetail.contrib.admin.views import ModelAdmin

VERSION = "_version"
STALE = (
    "Somebody else changed this while you were editing, so nothing was saved yet. "
    "Open it in another tab to see their changes; saving again puts yours in their place."
)
UNSEEN = "You may not see what is chosen here. It stays, unless you choose something else."


@dataclass(frozen=True, kw_only=True)
class Page:
    """A form on its way to one object, or to a new one."""

    site: "AdminSite"
    request: Request
    view: "ModelAdmin"
    title: str
    version: str | None  # of the object as it is stored now; None for a new one

    async def show(self, form: Form, status: int = HTTPStatus.OK, error: str | None = None) -> Response:
        """The page with the form."""
        view, creating = self.view, self.version is None
        extra = await (view.create_context if creating else view.edit_context)(self.request)
        context = {"model_view": view, "form": form, "error": error, "title": self.title, "version": self.version}
        template = view.create_template if creating else view.edit_template
        return await self.site.templates.TemplateResponse(self.request, template, {**extra, **context}, status)


async def edit(site: "AdminSite", request: Request, view: "ModelAdmin", obj: Any | None) -> Response:
    """Show the form of an object, or of a new one (None); save what is sent."""
    form_class = await view.get_form(creating=obj is None)
    initial = {} if obj is None else await view.get_form_data_for_edit(obj)
    title = f"New {view.name.lower()}" if obj is None else view.title_of(obj)
    page = Page(site=site, request=request, view=view, title=title, version=None if obj is None else version(initial))
    unseen = [] if obj is None else [name for name in view._form_relation_names if is_hidden(obj, name)]  # noqa: SLF001 - as below
    if request.method != "POST":
        return await page.show(_without_demands(form_class(data=initial), unseen))
    refuse_files(await request.form(), form_class)
    sent = await site._handle_form_data(request, obj)  # noqa: SLF001 - the site is a subclass of SQLAdmin's
    form, counting = fill_in(form_class, sent, initial, is_new=obj is None)
    form = _without_demands(form, unseen)
    if page.version is not None and sent.get(VERSION) != page.version:
        return await page.show(form, HTTPStatus.CONFLICT, STALE)
    if not form.validate():
        return await page.show(form, HTTPStatus.BAD_REQUEST, "Nothing was saved. Correct what is marked below.")
    try:
        async with current_visit().session.begin_nested() as saving:
            obj = await _save(page, obj, _named(page, form, counting, unseen))
            if any(map(is_refusal, current_visit().answers)):
                await saving.rollback()
    except Exception as error:
        failure = describe(error)
        if failure.is_ours:
            raise
        return await page.show(form, failure.status, _mark(form, failure))
    return _after_saving(page, obj, sent)


def _without_demands(form: Form, unseen: Sequence[str]) -> Form:
    for name in unseen:
        field: Any = form[name]
        field.allow_blank, field.validators, field.description = True, (), UNSEEN
    return form


def _named(page: Page, form: Form, sent: FormData, unseen: Sequence[str]) -> dict[str, Any]:
    data = page.site._denormalize_wtform_data(form.data, page.view.model)  # noqa: SLF001 - as above
    return {name: value for name, value in data.items() if name in sent and (value or name not in unseen)}


async def _save(page: Page, obj: Any | None, data: dict[str, Any]) -> Any:
    if obj is None:
        return await page.view.create_object(page.request, data)
    await page.view.change_object(page.request, obj, data)
    return obj


def _mark(form: Form, failure: Failure) -> str:
    for error in failure.errors:
        field = getattr(form, error.pointer.strip("/"), None)
        if field is not None and hasattr(field, "errors"):
            field.errors = [*field.errors, error.detail]
    return f"Nothing was saved. {failure.message}"


def _after_saving(page: Page, obj: Any, sent: FormData) -> Response:
    request, view = page.request, page.view
    if answers := current_visit().answers:
        return answers[-1]
    Flash.success(request, f"{view.title_of(obj)} was saved.")
    if sent.get("save") == "continue":
        url = request.url_for("admin:edit", identity=view.identity, pk=identifier_of(obj))
    elif sent.get("save") == "another":
        url = request.url_for("admin:create", identity=view.identity)
    else:
        url = request.url_for("admin:list", identity=view.identity)
    query = f"?{request.url.query}" if request.url.query and sent.get("save") != "another" else ""
    return RedirectResponse(url.path + query, HTTPStatus.SEE_OTHER)
