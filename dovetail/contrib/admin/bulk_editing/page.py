"""Change chosen fields of many objects at once: those selected in a list, or all objects of the list.

It is an action with a form: it asks for confirmation and then runs in batches in one transaction.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from functools import partial

from sqladmin.authorization import Action
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Mapper
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from dovetail.contrib.admin.actions.task import Task, TaskFailedError, TaskKind
from dovetail.contrib.admin.bulk_editing.fields import bulk_fields, bulk_form, writable
from dovetail.contrib.admin.bulk_editing.form import with_boxes
from dovetail.contrib.admin.columns.identifiers import have_identifiers, identifier_of, primary_keys
from dovetail.contrib.admin.entry.access import allow, open_view
from dovetail.contrib.admin.forms.assets import assets_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.rules import rules_of
from dovetail.contrib.admin.signatures.fingerprints import Fingerprint, fingerprint
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.sqladmin_private import by_attribute
from dovetail.contrib.admin.tasks.acting import run_task
from dovetail.contrib.admin.tasks.batches import counted
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.contrib.admin.writing.selected_rows import SelectedRows
from dovetail.errors import PermissionDeniedError
from dovetail.resources.query.keys import write_key
from dovetail.translation.texts import gettext, gettext_lazy, ngettext

VERSION = "version"  # form field: a key, and the fingerprint of its object when the page was rendered
MARK = re.compile(r"([0-9a-f]{32}):(.*)", re.DOTALL)
LABEL = gettext_lazy("Edit")
TEMPLATE = "sqladmin/bulk_edit.html"


async def edit_selected(site: SiteContext, request: Request) -> Response:
    """Change the selected objects, after showing the form."""
    view = open_view(site, request, Action.EDIT)
    allow(bool(bulk_fields(view, request)))
    return await run_task(site, request, await _task(request, view))


async def _task(request: Request, view: ModelAdmin) -> Task:
    conflicts: set[str] = set()  # identifiers of what others changed, once the user is told of it

    async def apply(selected: SelectedRows, data: Mapping[str, object]) -> str:
        rows = await selected.objects()
        named = by_attribute(data, view.model)
        await _check(request, view, rows, named, conflicts)
        await view.change_objects(request, [(row, dict(named)) for row in rows])
        said = ngettext("%(objects)s was changed.", "%(objects)s were changed.", len(rows))
        return said % {"objects": counted(task, len(rows))}

    kind = TaskKind(
        form=with_boxes(await bulk_form(view, request)),
        done=gettext("{} were changed."),
        template=TEMPLATE,
        context=partial(_context, request, view, conflicts),
    )
    task = Task(view=view, action=Action.EDIT, label=str(LABEL), apply=apply, kind=kind)
    return task


async def _context(
    request: Request, view: ModelAdmin, conflicts: Collection[str], rows: Sequence[object], sent: FormData
) -> Mapping[str, object]:
    """Return what the page says besides: fingerprints of the objects that it names, and what its widgets load.

    A page that comes again keeps the fingerprints that it had, but of those conflicts that it tells of.
    """
    assets = assets_of([(await bulk_form(view, request))()])
    named = {identifier_of(row): row for row in rows}
    found = await _marks(request, view, list(named))
    shown = _sent_marks(sent)
    marks = {key: str(mark) if key in conflicts else shown.get(key, str(mark)) for key, mark in found.items()}
    links = {key: view.link_to(request, row) for key, row in named.items() if key in conflicts}
    return {"form_assets": assets, "versions": marks, "conflicts": links}


def _sent_marks(form: FormData) -> Mapping[str, str]:
    sent = form.getlist(VERSION)
    return {found[2]: found[1] for one in sent if isinstance(one, str) and (found := MARK.fullmatch(one))}


async def _check(
    request: Request, view: ModelAdmin, rows: Sequence[object], named: Mapping[str, object], conflicts: set[str]
) -> None:
    """Raise TaskFailedError if others changed some of the rows, which are noted as conflicts.

    Raise PermissionDeniedError if a field of one is not to be changed.
    """
    shown = _sent_marks(await request.form())
    marks = await _marks(request, view, [key for row in rows if (key := identifier_of(row)) in shown])
    conflicts |= {key for key, mark in marks.items() if not mark.is_of(shown[key])}
    if conflicts:
        raise TaskFailedError(
            gettext("Somebody else changed what is marked below meanwhile. Look at it before you send this again.")
        )
    for row in rows:
        if not await view.check_can_edit(request, row):
            raise PermissionDeniedError(rules_of(request).explain(view.model, "change"))
        for name in set(named) - set(writable(view, request, row)):
            raise PermissionDeniedError(gettext("“%(name)s” cannot be changed here.") % {"name": view.label(name)})


async def _marks(request: Request, view: ModelAdmin, keys: Sequence[str]) -> Mapping[str, Fingerprint]:
    """Return fingerprints of the objects' values in the editable fields, by identifier."""
    if not keys:
        return {}
    own, mapper = primary_keys(view.model), view.mapper
    columns = [column for name in bulk_fields(view, request) for column in _columns(mapper, name)]
    statement = select(*own, *columns).select_from(view.model).where(have_identifiers(view.model, keys))
    rows = await request_context().session.execute(statement)
    named = ((write_key(row[: len(own)]), row[len(own) :]) for row in rows)
    return {key: fingerprint(key, *values) for key, values in named}


def _columns(mapper: Mapper[object], name: str) -> Collection[ColumnElement[object]]:
    return mapper.relationships[name].local_columns if name in mapper.relationships else [mapper.columns[name]]
