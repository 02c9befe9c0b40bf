"""Show and save the form of one object, or of a new one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from urllib.parse import urlencode

from sqladmin.authorization import Action
from sqladmin.flash import Flash
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from wtforms import Form

from dovetail.contrib.admin.columns.identifiers import identifier_of
from dovetail.contrib.admin.deleting.groups import DeletedObjects
from dovetail.contrib.admin.deleting.released import TOLD, released
from dovetail.contrib.admin.editing.conditions import mark_conditions, without_unmet
from dovetail.contrib.admin.editing.drafts import DRAFT, SENT_BEFORE, draft_time, find_draft, forget_draft, has_drafts
from dovetail.contrib.admin.editing.related import is_popup, offer_related
from dovetail.contrib.admin.entry.access import allow
from dovetail.contrib.admin.entry.kept_forms import PARAMETER, find_form, forget_form
from dovetail.contrib.admin.entry.returning import wants_json
from dovetail.contrib.admin.forms.admin_form import begin, fill_in, refuse_files, without_demands
from dovetail.contrib.admin.forms.assets import assets_of
from dovetail.contrib.admin.forms.layout import Layout, names_in
from dovetail.contrib.admin.forms.saving_hooks import SENT_FORM
from dovetail.contrib.admin.inlines.formset import InlineFormSet
from dovetail.contrib.admin.inlines.opening import all_fields, are_valid, forms_to_show, open_formsets, with_parts
from dovetail.contrib.admin.inlines.shown_fields import ReadonlyField, mark_stored, shown_field
from dovetail.contrib.admin.lists.relations import is_hidden
from dovetail.contrib.admin.pages.conflicts import STALE_ROWS, tell_stale
from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.presence.presence import presence_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.rules import rules_of
from dovetail.contrib.admin.signatures.fingerprints import Fingerprint, version
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.sqladmin_private import by_attribute, read_form
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.contrib.admin.web.error_messages import ErrorMessage, message_for_row
from dovetail.contrib.admin.web.form_fields import field_of
from dovetail.contrib.admin.web.rendering import path_for
from dovetail.contrib.admin.web.responses import is_refusal, sendable
from dovetail.contrib.admin.web.returning import home_url, may_list
from dovetail.database.deletion.loaded_objects import keeping_loaded
from dovetail.translation.texts import gettext, gettext_lazy, in_sentence

VERSION = "_version"
OF_OBJECT = "object"  # query parameter of lookups: the key of the object in the form
SAVE_AS = "new"  # name of the button "Save as new"
GONE = "_gone"  # form field after the user was told that the object was deleted
KEPT = gettext_lazy("This is what you had typed. Nothing was saved yet; look at it and save.")
SENT = gettext_lazy(
    "This is what you had sent. Look at it before you save: if it was saved then, what was new in it "
    "would be made a second time."
)
DELETED = gettext_lazy(
    "Somebody else deleted this while you were editing, so nothing was saved yet. "
    "Saving again makes a new one of what you typed."
)


@dataclass(frozen=True, kw_only=True)
class FormPage:
    """The page with the form of an object, or of a new one."""

    site: SiteContext
    request: Request
    view: ModelAdmin
    title: str
    version: Fingerprint | None  # the fingerprint of the stored object; None for a new one
    layout: Layout
    readonly: Mapping[str, ReadonlyField]  # the read-only fields
    can_view: bool = False  # whether the user may open its page, and those of plugins
    can_delete: bool = False
    site_url: str | None = None  # the URL of the object on the site
    prepopulated: Mapping[str, Sequence[str]] = field(default_factory=dict)
    formsets: Sequence[InlineFormSet] = ()
    released: DeletedObjects | None = None  # related objects that saving would remove, to be confirmed first
    is_gone: bool = False  # whether the object of the form was deleted meanwhile

    @property
    def can_save_as(self) -> bool:
        """True if the form of an object can be saved as a new one."""
        view = self.view
        return (
            view.save_as
            and self.version is not None
            and view.can_create
            and view.has_permission(self.request, "create")
        )

    def is_current(self, sent: FormData) -> bool:
        """Return False if the object was changed after the form that was sent had been rendered."""
        return VERSION not in sent or (self.version is not None and self.version.is_of(sent[VERSION]))

    def _lookup_address(self, part: str) -> str:
        address = path_for(self.request, "admin:lookup-in-rows", identity=self.view.identity, part=part)
        key = "" if self.version is None else self.request.path_params["pk"]
        return f"{address}?{urlencode({OF_OBJECT: key})}" if key else address

    async def show(self, form: Form, status: int = HTTPStatus.OK, error: str | None = None) -> Response:
        """Return the page with the form."""
        view, creating = self.view, self.version is None
        if is_popup(self.request) and wants_json(self.request):
            return JSONResponse({"detail": _error_text(form, error)}, status)
        extra = await (view.create_context if creating else view.edit_context)(self.request)
        context = {"model_view": view, "form": form, "error": error, "title": self.title, "version": self.version}
        context |= {
            "can_view": self.can_view,
            "can_delete": self.can_delete,
            "layout": self.layout,
            "readonly": self.readonly,
        }
        context |= {"fields": {one.name: one for one in form}, "formsets": self.formsets}
        forms = (form, *await forms_to_show(self.formsets))
        context["form_assets"] = assets_of(forms)
        for one in forms:
            await offer_related(self.request, one)
        mark_conditions(view.conditional_fields, form)
        context["lookup_addresses"] = self._lookup_address
        context |= {"popup": is_popup(self.request), "is_draft": DRAFT in self.request.query_params}
        context["has_draft"] = context["is_draft"] or bool(await field_of(self.request, DRAFT))
        context["has_drafts"] = has_drafts(self.request) and not self.is_gone
        if "pk" in self.request.path_params and not context["popup"] and not self.is_gone:
            context["presence"] = await presence_of(self.site, self.request, view, is_editing=True)
        if self.request.method != "POST" and not context["is_draft"] and not context["popup"]:
            context["draft_saved_at"] = await draft_time(self.request, view)
        context |= {"released": self.released, "is_gone": self.is_gone}
        context |= {
            "site_url": self.site_url,
            "prepopulated": self.prepopulated,
            "can_save_as": self.can_save_as and await view.check_can_create(self.request),
        }
        template = view.add_form_template if creating else view.change_form_template
        return await self.site.render(self.request, template, {**extra, **context}, status)


async def was_open(request: Request) -> bool:
    """Return whether the request submits the form of an object that existed when the form was rendered."""
    return request.method == "POST" and bool(await field_of(request, VERSION) or await field_of(request, GONE))


async def edit(
    site: SiteContext, request: Request, view: ModelAdmin, obj: object | None, *, is_gone: bool = False
) -> Response:
    """Show the form of an object, or of a new one (None), or save the submitted form.

    If the object `is_gone`, the submitted form becomes that of a new object, after the user was told.
    """
    is_copy = is_gone or (request.method == "POST" and await field_of(request, "save") == SAVE_AS)
    changed = None if is_copy else obj  # a copy is limited to the fields of a new object's form
    page = replace(await _page(site, request, view, changed), is_gone=is_gone)
    form_class = await view.permitted_form(request, changed)
    initial = {} if obj is None else await view.get_form_data_for_edit(obj)
    if obj is not None:
        page = replace(page, title=view.short_title_of(obj), version=version(initial, identifier_of(obj)))
    unseen = [] if changed is None else _unseen(request, view, changed)
    kept = None if request.method == "POST" else await _stored_form(page)
    if request.method != "POST" and kept is None:
        form = (
            form_class(data=initial)
            if obj is not None
            else begin(form_class, view.get_changeform_initial_data(request))
        )
        page = replace(page, formsets=await open_formsets(view, request, changed, None))
        return await page.show(without_demands(form, unseen))
    refuse_files(await request.form(), form_class)
    sent = await read_form(request, obj) if kept is None else kept
    if is_copy and not is_gone:
        allow(page.can_save_as and await view.check_can_create(request))
    form, counting = fill_in(form_class, sent, {} if is_copy else initial, is_new=obj is None or is_copy)
    counting = without_unmet(view.conditional_fields, form, counting)
    form = without_demands(form, unseen)
    page = replace(page, formsets=await open_formsets(view, request, changed, sent, save_as_new=is_copy))
    if changed is not None and not page.is_current(sent):
        await mark_stored(request, view, changed, form, without_demands(form_class(data=initial), unseen))
    if kept is not None:
        told = SENT if request.query_params.get(DRAFT) == SENT_BEFORE else KEPT
        stale = None if page.is_current(sent) else await tell_stale(site, request, view, changed)
        return await page.show(form, error=stale or told)
    if conflict := await _conflict(page, changed, sent):
        return await page.show(form, HTTPStatus.CONFLICT, conflict)
    if not (form.validate() & are_valid(page.formsets)):
        return await page.show(
            form, HTTPStatus.BAD_REQUEST, gettext("Nothing was saved. Correct what is marked below.")
        )
    data = _named(page, form, counting, unseen)
    if changed is not None:
        lost = await released(request, view, changed, data)
        if lost.deleted_objects and sent.get(TOLD) != lost.fingerprint:
            return await replace(page, released=lost).show(form)
    return await _save_or_explain(page, changed, form, data, sent)


async def _page(site: SiteContext, request: Request, view: ModelAdmin, obj: object | None) -> FormPage:
    """Return the page without the form, read before anything is changed."""
    layout, readonly = view.form_layout(request, obj), view.form_readonly(request, obj)
    return FormPage(
        site=site,
        request=request,
        view=view,
        title=gettext("New %(name)s") % {"name": in_sentence(view.name)} if obj is None else view.short_title_of(obj),
        version=None,
        layout=layout,
        readonly={name: await shown_field(view, request, obj, name) for name in names_in(layout) if name in readonly},
        can_view=obj is not None and view.can_view_details and bool(await view.check_can_view_details(request, obj)),
        can_delete=obj is not None and bool(await view.check_can_delete(request, obj)),
        site_url=None if obj is None else view.site_url(obj),
        prepopulated=view.get_prepopulated_fields(request, obj) if obj is None else {},
    )


def _unseen(request: Request, view: ModelAdmin, obj: object) -> list[str]:
    """Return the relations of the form to objects that the user may not view."""
    names = view.shown(request, view.edited(request, obj))
    return [name for name in names if name in view.mapper.relationships and is_hidden(obj, name)]


async def _stored_form(page: FormPage) -> FormData | None:
    """Return the form data that was stored when the user had to log in again."""
    request = page.request
    if DRAFT in request.query_params:
        return await find_draft(request, page.site.secret_key, page.view)
    return await find_form(request_context().session, page.site.secret_key, request, user_of(request))


async def _save_or_explain(
    page: FormPage, obj: object | None, form: Form, data: dict[str, object], sent: FormData
) -> Response:
    session = request_context().session
    try:
        async with keeping_loaded(session, user_of(page.request)), session.begin_nested() as saving:
            SENT_FORM.set(page.request, form)
            saved = await _save(page, obj, form, data)
            await _ask_for_answer(page, saved, is_created=obj is None)
            await page.view.load_for_title(page.request, saved)
            await forget_form(session, page.request, user_of(page.request))
            if DRAFT in await page.request.form():
                await forget_draft(page.request, page.view)
            if any(map(is_refusal, request_context().responses)):
                await saving.rollback()
    except Exception as error:
        told = await message_for_row(error, page.view, data)
        if told.is_ours:
            raise
        return await page.show(form, told.status, _mark(page, form, told))
    return await _after_saving(page, saved, sent, is_created=obj is None)


async def _conflict(page: FormPage, obj: object | None, sent: FormData) -> str | None:
    """Return the message about changes by other users since the form was rendered; an empty text for none."""
    if page.is_gone and GONE not in sent:
        return str(DELETED)
    if obj is not None and (VERSION not in sent or not page.is_current(sent)):
        return await tell_stale(page.site, page.request, page.view, obj)
    return str(STALE_ROWS) if any(one.is_stale for one in with_parts(page.formsets)) else None


def _named(page: FormPage, form: Form, sent: FormData, unseen: Sequence[str]) -> dict[str, object]:
    data = by_attribute(form.data, page.view.model)
    return {name: value for name, value in data.items() if name in sent and (value or name not in unseen)}


async def _save(page: FormPage, obj: object | None, form: Form, data: dict[str, object]) -> object:
    """Save the object, and check that the user may add, or change to, the resulting row."""
    change = obj is not None
    if obj is None:
        obj = await page.view.create_object(page.request, data)
    else:
        await page.view.change_object(page.request, obj, data)
    session = request_context().session
    await session.flush()
    await rules_of(page.request).check(session, page.view.model, "change" if change else "add", [obj])
    for formset in page.formsets:
        formset.instance = obj
    await page.view.save_related(page.request, form, page.formsets, change=change)
    return obj


def _error_text(form: Form, error: str | None) -> str:
    """Return the errors of a form as one text, for a script that submitted it."""
    return " ".join([str(one) for field in form for one in field.errors] or [error or ""])


def _mark(page: FormPage, form: Form, told: ErrorMessage) -> str:
    fields = {one.name: one for one in (*form, *all_fields(page.formsets))}
    for error in told.errors:
        field = fields.get(error.pointer.strip("/"))
        if field is not None:
            field.errors = [*field.errors, error.detail]
    return gettext("Nothing was saved. %(message)s") % {"message": told.message}


async def _ask_for_answer(page: FormPage, obj: object, *, is_created: bool) -> None:
    hook = page.view.response_add if is_created else page.view.response_change
    answer = await hook(page.request, obj)
    if answer is not None:
        request_context().responses.append(await sendable(answer, f"{hook.__name__} of {type(page.view).__name__}"))


async def _after_saving(page: FormPage, obj: object, sent: FormData, *, is_created: bool) -> Response:
    request, view = page.request, page.view
    if responses := request_context().responses:
        return responses[-1]
    if is_popup(request):
        told = {"action": "add" if is_created else "change", "id": identifier_of(obj), "text": view.short_title_of(obj)}
        if wants_json(request):
            return JSONResponse(told)
        return await page.site.render(request, view.popup_response_template, {"model_view": view, "told": told})
    Flash.success(request, gettext("%(obj)s was saved.") % {"obj": view.short_title_of(obj)})
    goes_on = sent.get("save") == "continue" or (sent.get("save") == SAVE_AS and view.save_as_continue)
    if goes_on and view.can_edit and view.has_permission(request, Action.EDIT):
        path = path_for(request, "admin:edit", identity=view.identity, pk=identifier_of(obj))
    elif sent.get("save") == "another":
        path = path_for(request, "admin:create", identity=view.identity)
    else:
        path = home_url(request, view)
    is_bare = sent.get("save") == "another" or not may_list(request, view)
    query = "" if is_bare else str(request.url.remove_query_params([PARAMETER, DRAFT]).query)
    return RedirectResponse(path + (f"?{query}" if query else ""), HTTPStatus.SEE_OTHER)
