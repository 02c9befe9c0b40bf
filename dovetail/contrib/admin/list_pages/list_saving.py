"""Save the edited cells of a list: all rows of the page in one transaction, or none, with the errors."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus

from sqladmin.flash import Flash
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dovetail.contrib.admin.columns.attributes import name_of
from dovetail.contrib.admin.columns.identifiers import identifier_of
from dovetail.contrib.admin.entry.access import allow
from dovetail.contrib.admin.entry.kept_forms import FoundForm, forget_form
from dovetail.contrib.admin.forms.admin_form import refuse_files
from dovetail.contrib.admin.list_editing.cells import ListCells, values_of
from dovetail.contrib.admin.list_editing.edited_row import EditedRow, edited_texts, prefix_of, typed_cells, typed_row
from dovetail.contrib.admin.list_pages.list_page import Unsaved, show_page
from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.rules import rules_of
from dovetail.contrib.admin.saved_views.head import load_views
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.sqladmin_private import by_attribute
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.contrib.admin.web.error_messages import ErrorMessage, message_for
from dovetail.contrib.admin.web.rendering import path_for
from dovetail.contrib.admin.web.responses import is_refusal
from dovetail.database.deletion.loaded_objects import keeping_loaded
from dovetail.errors import BadRequestError
from dovetail.translation import formats
from dovetail.translation.texts import gettext, gettext_lazy, in_sentence, ngettext

PK = re.compile(r"row-(\d{1,6})-pk")
CORRECT = gettext_lazy("Nothing was saved. Correct what is marked below.")
STALE = gettext_lazy(
    "Somebody else changed some of these rows while you were editing, so nothing was saved yet. Their values stand "
    "beside yours; saving again puts yours in their place."
)
KEPT = gettext_lazy("This is what you had typed. Nothing was saved yet; look at it and save.")
GONE = gettext_lazy(
    "Some of the rows that you changed are not there any more, so nothing was saved yet. Saving again saves the others."
)


@dataclass(frozen=True, kw_only=True)
class _Sent:
    """The submitted form: the rows of the page, and the edited ones."""

    numbers: Mapping[str, int]  # the numbers of the rows on the page, by identifier
    typed: Mapping[str, frozenset[str]]  # names of edited cells, by the identifier of the row
    form: FormData


async def save_list(site: SiteContext, request: Request, view: ModelAdmin) -> Response:
    """Save the edited rows of a page, or show the page again with the errors at their cells."""
    await load_views(request, view)  # the columns of the page
    cells = ListCells(request, view, await view.get_changelist_form(request))
    allow(bool(cells.names))
    sent = _read(view, cells, await request.form())
    if not sent.typed:
        Flash.info(request, gettext("Nothing was changed."))
        return _back(request, view)
    unsaved = await _unsaved(request, view, cells, sent)
    rows = unsaved.rows
    formset = view.get_changelist_formset(request)(request, view, list(rows.values()))
    is_valid = await formset.is_valid()
    if unsaved.error:
        return await _again(site, request, view, replace(unsaved, status=409))
    if not is_valid:
        return await _again(site, request, view, replace(unsaved, error=" ".join(map(str, (CORRECT, *formset.errors)))))
    told = await _save(view, request, list(rows.values()))
    if told is not None:
        error = gettext("Nothing was saved. %(message)s") % {"message": told.message}
        return await _again(site, request, view, replace(unsaved, error=error, status=told.status))
    return _after_saving(request, view, len(rows))


async def show_typed(site: SiteContext, request: Request, view: ModelAdmin, kept: FoundForm) -> Response:
    """Return the page with the cells of a form that was submitted after its session had ended."""
    await load_views(request, view)
    cells = ListCells(request, view, await view.get_changelist_form(request))
    sent = _read(view, cells, kept.form)
    if not sent.typed:
        return await show_page(site, request, view)
    unsaved = await _unsaved(request, view, cells, sent)
    return await _again(site, request, view, replace(unsaved, error=unsaved.error or str(KEPT), status=HTTPStatus.OK))


async def _unsaved(request: Request, view: ModelAdmin, cells: ListCells, sent: _Sent) -> Unsaved:
    """Return the edited rows as they were submitted, beside what is stored; `error` tells of changes by others."""
    found = await _load(view, request, list(sent.typed))
    await rules_of(request).load(request_context().session, view.model, ["change"], found)
    rows = {identifier_of(obj): await _typed(view, cells, sent, obj) for obj in found}
    rows = {key: row for key, row in rows.items() if row.touched or row.errors}
    lost = _lost(cells, sent, {identifier_of(obj) for obj in found})
    is_stale = any(row.changed_since for row in rows.values())
    error = str(GONE) if lost else str(STALE) if is_stale else ""
    return Unsaved(numbers=sent.numbers, rows=rows, error=error, lost=lost)


def _read(view: ModelAdmin, cells: ListCells, form: FormData) -> _Sent:
    refuse_files(form)
    found = sorted((int(name[1]), str(form[name[0]])) for name in map(PK.fullmatch, form) if name)
    numbers = {key: number for number, key in found if key}
    most = max(view.list_max_show_all, *view.list_per_page_options)
    if len(numbers) > most:
        raise BadRequestError(gettext("A page that is edited has %(most)s rows at most.") % {"most": most})
    form_class = cells.form_class(cells.names)
    typed = {key: names for key, number in numbers.items() if (names := typed_cells(form_class, number, form))}
    return _Sent(numbers=numbers, typed=typed, form=form)


async def _typed(view: ModelAdmin, cells: ListCells, sent: _Sent, obj: object) -> EditedRow:
    """Return the form of an edited row, with errors for cells that the user may not edit."""
    key, names = identifier_of(obj), await cells.names_of(obj)
    stored = (await cells.stored([obj], sent.numbers)).get(key)
    if stored is None:
        refused = EditedRow(number=sent.numbers[key], pk=key, form=cells.form_class([])(), shown={}, obj=obj)
        refused.errors.append(rules_of(cells.request).explain(view.model, "change"))
        return refused
    return typed_row(stored, cells.form_class(names), sent.form, values_of(obj, names))


def _lost(cells: ListCells, sent: _Sent, found: set[str]) -> list[str]:
    """Return the edited values of deleted rows, so that they can be read and copied."""
    form_class = cells.form_class(cells.names)
    gone = {
        key: edited_texts(form_class(sent.form, prefix=prefix_of(sent.numbers[key])), names)
        for key, names in sent.typed.items()
        if key not in found
    }
    return [f"{cells.view.name} {key}: {', '.join(texts)}" for key, texts in gone.items()]


async def _again(site: SiteContext, request: Request, view: ModelAdmin, unsaved: Unsaved) -> Response:
    request_context().session.expunge_all()  # loaded again with the options of the list
    return await show_page(site, request, view, unsaved)


async def _save(view: ModelAdmin, request: Request, rows: Sequence[EditedRow]) -> ErrorMessage | None:
    """Save the rows; return the error message if that fails, with errors at their cells."""
    told = await _try(view, request, rows)
    if told is not None and len(rows) > 1:
        await _find_failing_rows(view, request, rows)
    elif told is not None:
        _mark(rows[0], told)
    return told


async def _try(view: ModelAdmin, request: Request, rows: Sequence[EditedRow]) -> ErrorMessage | None:
    session, context = request_context().session, request_context()
    changed = [(row.obj, by_attribute(row.data(), view.model)) for row in rows]
    try:
        async with keeping_loaded(session, user_of(request)), session.begin_nested() as saving:
            await view.change_objects(request, changed)
            await session.flush()
            await rules_of(request).check(session, view.model, "change", [row.obj for row in rows])
            await forget_form(session, request, user_of(request))
            if any(map(is_refusal, context.responses)):
                await saving.rollback()
    except Exception as error:
        context.after_commit.tasks.clear()
        told = message_for(error, view)
        if told.is_ours:
            raise
        return told
    return None


async def _load(view: ModelAdmin, request: Request, keys: Sequence[str]) -> Sequence[object]:
    """Return the rows of these keys, locked if they are about to be saved."""
    late = [name for name in map(name_of, view.list_editable) if _is_late(view, name)]
    found = await view.get_objects(keys, for_update=request.method == "POST", relations=late)
    return [one for one in found if identifier_of(one) in keys]  # only canonical identifiers: `1`, not `01`


def _is_late(view: ModelAdmin, name: str) -> bool:
    """Return whether an attribute is not loaded with its row: a relation, or a deferred column."""
    columns = view.mapper.column_attrs
    return name in view.mapper.relationships or (name in columns and columns[name].deferred)


async def _find_failing_rows(view: ModelAdmin, request: Request, rows: Sequence[EditedRow]) -> None:
    """Find the rows that cannot be saved, by saving one after the other, and roll back."""
    session = request_context().session
    session.expunge_all()
    fresh = {identifier_of(obj): obj for obj in await _load(view, request, [row.pk for row in rows])}
    async with session.begin_nested() as trying:
        for row in rows:
            told = await _try(view, request, [replace(row, obj=fresh[row.pk])])
            if told is not None:
                _mark(row, told)
        await trying.rollback()


def _mark(row: EditedRow, told: ErrorMessage) -> None:
    marked = [row.mark(error.pointer.strip("/"), error.detail) for error in told.errors]
    if not any(marked):
        row.errors.append(told.message)


def _after_saving(request: Request, view: ModelAdmin, count: int) -> Response:
    if responses := request_context().responses:
        return responses[-1]
    rows = f"{formats.number(count)} {in_sentence(view.name if count == 1 else view.name_plural)}"
    Flash.success(request, ngettext("%(rows)s was saved.", "%(rows)s were saved.", count) % {"rows": rows})
    return _back(request, view)


def _back(request: Request, view: ModelAdmin) -> Response:
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(path_for(request, "admin:list", identity=view.identity) + query, HTTPStatus.SEE_OTHER)
