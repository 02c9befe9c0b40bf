"""Build the row forms of a formset: from stored rows, from submitted data, and empty ones for new rows."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace

from starlette.datastructures import FormData
from starlette.requests import Request

from dovetail.contrib.admin.columns.identifiers import identifier_of
from dovetail.contrib.admin.forms.admin_form import AdminForm, fill_in, without_demands
from dovetail.contrib.admin.forms.layout import names_in
from dovetail.contrib.admin.inlines.formset_base import FormSetBase
from dovetail.contrib.admin.inlines.row_form import GONE, STALE, RowForm, row_version
from dovetail.contrib.admin.inlines.sent import DELETE, KEY, VERSION, Sent, text_of
from dovetail.contrib.admin.inlines.shown_fields import ReadonlyField, mark_stored, shown_field
from dovetail.contrib.admin.lists.relations import is_hidden
from dovetail.contrib.admin.sqladmin_private import FORM_NAMES
from dovetail.errors import BadRequestError
from dovetail.translation.texts import gettext, gettext_lazy, in_sentence

LOST = gettext_lazy("Somebody else deleted {}, which you had changed. Nobody may add it anew.")


class RowBuilder:
    """Builds the rows of one formset."""

    def __init__(self, formset: FormSetBase, request: Request, *, is_writable: bool = True) -> None:
        self._formset, self._request, self._is_writable = formset, request, is_writable
        self._inline, self._parent = formset.inline, formset.instance
        self.may_add = is_writable and self._inline.may_add(request, self._parent)
        self._layout = names_in(self._inline.form_layout(request, self._parent))
        self._readonly = self._inline.form_readonly(request, self._parent)
        self._edited = self._inline.shown(request, self._inline.edited(request, self._parent))

    async def rows(self, stored: Sequence[object]) -> AsyncIterator[RowForm]:
        """Yield the rows of the submitted form, or else those `stored` and empty ones for new rows."""
        formset = self._formset
        if formset.data is None or not (formset.is_sent or self._parent is None):
            for number, obj in enumerate(stored):
                yield await self._stored(f"{formset.prefix}-{number}", obj)
            for number in range(len(stored), len(stored) + self._blank_count(len(stored))):
                yield self.blank(str(number), self._initial(number - len(stored)))
            return
        objects = {identifier_of(obj): obj for obj in stored}
        self._refuse_repeated(formset.data)
        for number, sent in formset.data.rows(formset.prefix):
            row = await self._sent(f"{formset.prefix}-{number}", sent, objects)
            if row is not None:
                yield row

    def blank(self, number: str, initial: Mapping[str, object]) -> RowForm:
        """Return an empty row, in which a new one can be entered."""
        prefix = f"{self._formset.prefix}-{number}"
        form = self._formset.form(prefix=f"{prefix}-")
        if initial:
            form = self._formset.form(data={**form.data, **initial}, prefix=f"{prefix}-")
        return RowForm(model=self._inline.model, prefix=prefix, form=form, initial=form.data)

    def _refuse_repeated(self, data: Sent) -> None:
        """Raise BadRequestError if a stored row was submitted more than once, which no page of the back office does."""
        prefix = self._formset.prefix
        keys = [key for number, sent in data.rows(prefix) if (key := text_of(sent, f"{prefix}-{number}", KEY))]
        if len(keys) > len(set(keys)):
            what = in_sentence(self._inline.singular)
            raise BadRequestError(
                gettext("The form that was sent has a %(what)s twice, so nothing was saved.") % {"what": what}
            )

    async def _stored(self, prefix: str, obj: object) -> RowForm:
        request, inline, parent = self._request, self._inline, self._parent
        can_change = self._is_writable and inline.may_change(request, parent, obj)
        initial = inline.row_data(request, parent, obj)
        form = self._formset.form(data=initial, prefix=f"{prefix}-") if can_change else AdminForm(prefix=f"{prefix}-")
        unseen = [name for name in self._edited if name in inline.mapper.relationships and is_hidden(obj, name)]
        return RowForm(
            model=inline.model,
            prefix=prefix,
            form=without_demands(form, unseen) if can_change else form,
            initial=initial,
            obj=obj,
            key=identifier_of(obj),
            version=row_version(initial, identifier_of(obj)),
            title=inline.short_title_of(obj),
            link=inline.link_to(request, obj) if inline.show_change_link else None,
            readonly=await self._shown(obj, can_change=can_change),
            can_change=can_change,
            can_delete=self._is_writable and inline.may_delete(request, parent, obj),
            unseen=unseen,
        )

    async def _shown(self, obj: object, *, can_change: bool) -> dict[str, ReadonlyField]:
        names = [name for name in self._layout if name in self._readonly] if can_change else self._layout
        return {name: await shown_field(self._inline, self._request, obj, name) for name in names}

    async def _sent(self, prefix: str, sent: FormData, objects: Mapping[str, object]) -> RowForm | None:
        key = "" if self._formset.save_as_new else text_of(sent, prefix, KEY)
        is_marked = text_of(sent, prefix, DELETE) not in {"", "false"}
        if key in objects:
            return await self._filled_in(await self._stored(prefix, objects[key]), sent, is_marked=is_marked)
        if not self.may_add or (key and is_marked):
            if key and not is_marked:
                self._formset.errors.append(LOST.format(in_sentence(self._inline.singular)))
            return None
        return self._new(prefix, sent, key, is_marked=is_marked)

    async def _filled_in(self, row: RowForm, sent: FormData, *, is_marked: bool) -> RowForm:
        row.is_marked, row.sent_version = is_marked and row.can_delete, text_of(sent, row.prefix, VERSION)
        if not row.can_change:
            return row
        begun = row.form
        form, row.sent = fill_in(self._formset.form, sent, dict(row.initial), is_new=False, prefix=f"{row.prefix}-")
        row.form = without_demands(form, row.unseen)
        if row.version is not None and row.version.is_of(row.sent_version):
            return row
        if row.is_untouched() and not row.is_marked:
            row.begin_again(begun)
        elif row.changes() or row.is_marked:
            row.is_outdated, row.problems = True, [STALE]
            assert row.obj is not None  # noqa: S101 - it is stored
            await mark_stored(self._request, self._inline, row.obj, row.form, without_demands(begun, row.unseen))
        return row

    def _new(self, prefix: str, sent: FormData, key: str, *, is_marked: bool) -> RowForm | None:
        form, counting = fill_in(self._formset.form, sent, {}, is_new=True, prefix=f"{prefix}-")
        number = prefix.rpartition("-")[2]
        formset = self._formset
        stored = 0 if formset.data is None else formset.data.stored(formset.prefix)
        row = self.blank(number, self._initial(int(number) - stored))
        is_required = int(number) < (formset.min_num or 0)
        row = replace(row, form=form, sent=counting, is_marked=is_marked, is_required=is_required)
        if not key:
            return row
        names = {FORM_NAMES.get(name, name) for name in self._edited}
        if row_version({name: form.data.get(name) for name in names}, key).is_of(text_of(sent, prefix, VERSION)):
            return None  # it was not changed in this form, so its deletion is no conflict
        return replace(row, is_outdated=True, problems=[GONE])

    def _initial(self, number: int) -> Mapping[str, object]:
        """Return the initial values of a new row: the first ones have those of `get_formset_kwargs`."""
        given = self._formset.initial
        return given[number] if 0 <= number < len(given) else {}

    def _blank_count(self, stored: int) -> int:
        formset = self._formset
        if not self.may_add:
            return 0
        have = max(stored, formset.stored_count)
        wanted = max(have, formset.min_num or 0) + formset.extra
        wanted = wanted if formset.max_num is None else min(wanted, formset.max_num)
        return max(wanted - have, 0)
