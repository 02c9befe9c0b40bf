"""Validate the rows of a file by the form of the view: its fields, its validators and the user's permissions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from anyio.lowlevel import checkpoint
from starlette.datastructures import FormData
from starlette.requests import Request
from wtforms import Form

from dovetail.contrib.admin.changes import EmptyText, already_chosen
from dovetail.contrib.admin.columns.identifiers import identifier_of
from dovetail.contrib.admin.columns.readers import is_text
from dovetail.contrib.admin.editing.conditions import without_unmet
from dovetail.contrib.admin.forms.admin_form import fill_in, is_protected
from dovetail.contrib.admin.importing.cells import texts_of
from dovetail.contrib.admin.importing.duplicates import Duplicates
from dovetail.contrib.admin.importing.finding import Finder, Row
from dovetail.contrib.admin.importing.plan import Permitted, Plan
from dovetail.contrib.admin.importing.row_errors import RowErrors, no_choices
from dovetail.contrib.admin.importing.targets import Kind, Target
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.rules import rules_of
from dovetail.contrib.admin.sqladmin_private import FORM_NAMES, by_attribute
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.translation.shortening import shorten
from dovetail.translation.texts import gettext


@dataclass(frozen=True)
class Related:
    """The related objects that the cells of some rows refer to."""

    keys: Mapping[str, Mapping[str, str]]  # by target, and by the text in the file
    unknown: Mapping[str, frozenset[str]]  # by field, texts that are not keys of available choices


@dataclass(frozen=True)
class ValidRow:
    """A valid row: the values to write, to `obj` or to a new object (None)."""

    row: Row
    obj: object | None
    data: dict[str, object]


@dataclass(frozen=True, kw_only=True)
class Validation:
    """Validates rows by the form of a view, and adds their errors."""

    request: Request
    view: ModelAdmin
    plan: Plan
    permitted: Permitted
    finder: Finder
    errors: RowErrors
    duplicates: Duplicates
    _forms: dict[tuple[str, ...], type[Form]] = field(default_factory=dict)

    async def valid_rows(self, rows: Sequence[Row]) -> list[ValidRow]:
        """Return the rows that can be written."""
        related, existing = await self.finder.related(rows), await self.finder.existing(rows)
        unknown = await self.finder.unknown(rows)
        found = list(existing.values())
        await rules_of(self.request).load(request_context().session, self.view.model, ["change"], found)
        good: list[ValidRow] = []
        for row in rows:
            obj = existing.get(row.line)
            told = Related(related, unknown)
            if self.errors.has(row.line):  # the row is unknown, but its cells can be checked
                await self._check(row, None, told, is_whole=False)
            elif (
                await self._may_write(row, obj)
                and (one := await self._check(row, obj, told, is_whole=obj is None)) is not None
            ):
                good.append(one)
            await checkpoint()  # let other tasks run
        self.duplicates.tell_in_file(rows)
        await self.duplicates.tell_stored([row for row in rows if self.errors.has(row.line)], existing)
        return [one for one in good if not self.errors.has(one.row.line)]

    async def _may_write(self, row: Row, obj: object | None) -> bool:
        view, request = self.view, self.request
        if obj is None:
            if not self.permitted.add:
                self.errors.add(row.line, None, gettext("There is no such row yet, and you may not add any."))
            return self.permitted.add
        rules = rules_of(request)
        may_change = rules.allows(view.model, "change", obj) and await view.check_can_edit(request, obj)
        if not may_change:
            self.errors.add(row.line, None, rules.explain(view.model, "change"))
        return bool(may_change)

    async def _check(self, row: Row, obj: object | None, related: Related, *, is_whole: bool) -> ValidRow | None:
        """Return the values to write of a row, if it is valid; missing fields are errors only in a whole one."""
        form_class = await self._form_class(obj)
        sent = FormData(list(self._sent(row, obj, form_class(), related)))
        initial = {} if obj is None else await self.view.get_form_data_for_edit(obj)
        form, _ = fill_in(form_class, sent, initial, is_new=obj is None)
        counting = without_unmet(self.view.conditional_fields, form, sent)
        self._tell_of_unmet(row, sent, counting)
        for one in form:
            if not is_whole and one.short_name not in counting:  # it is not changed
                one.validators, one.process_errors = (), ()
                vars(one)["allow_blank"] = True
        if not form.validate():
            self._tell_of_errors(row, form)
        if self.errors.has(row.line):
            return None
        named = {name: value for name, value in by_attribute(form.data, self.view.model).items() if name in counting}
        named |= {name: EmptyText() for name in self._empty_texts(row) if _is_nothing(named.get(name))}
        return ValidRow(row, obj, named if obj is None else _changed(named, initial))

    def _empty_texts(self, row: Row) -> Iterator[str]:
        """Yield the text columns for which the file has an empty text, which differs from a missing value."""
        for place in row.texts:
            target = self.plan.columns[place]
            column = None if target is None else self.view.mapper.columns.get(target.field)
            if target is not None and row.cells[place] == "" and column is not None and is_text(column.type):
                yield target.field

    async def _form_class(self, obj: object | None) -> type[Form]:
        names = (str(obj is None), *self.view.edited(self.request, obj))
        if names not in self._forms:
            self._forms[names] = await self.view.permitted_form(self.request, obj)
        return self._forms[names]

    def _sent(self, row: Row, obj: object | None, form: Form, related: Related) -> Iterator[tuple[str, str]]:
        """Yield (field name, texts) as the form would submit them for the cells of a row."""
        for place, target in enumerate(self.plan.columns):
            cell = row.cells[place]
            if target is None or target.kind is Kind.KEY or cell is None:
                continue
            if obj is not None and self.plan.is_part_of_key(target):
                continue
            name = FORM_NAMES.get(target.field, target.field)
            if name not in form or is_protected(form[name]):
                self.errors.add(row.line, place, gettext("This cannot be changed in this row."))
                continue
            try:
                if target.kind is Kind.RELATED:
                    texts = self._keys(target, cell, related)
                else:
                    self._check_keys(target, cell, obj, related)
                    texts = texts_of(form[name], cell, is_text=place in row.texts)
            except ValueError as error:
                self.errors.add(row.line, place, str(error))
                continue
            yield from ((form[name].name, text) for text in texts)

    def _keys(self, target: Target, cell: str, related: Related) -> list[str]:
        found, texts = related.keys[target.name], self.finder.values(target, cell)
        for text in texts:
            if text not in found:
                raise ValueError(gettext("There is no “%(text)s” that you may choose.") % {"text": shorten(text)})
        return [found[text] for text in texts] or [""]

    def _check_keys(self, target: Target, cell: str, obj: object | None, related: Related) -> None:
        """Raise ValueError for keys that are not available choices, unless the object refers to them already."""
        unknown = related.unknown.get(target.field)
        missing = [text for text in self.finder.values(target, cell) if text in unknown] if unknown else []
        if missing and obj is not None:
            held = set(map(identifier_of, already_chosen(obj, target.field, missing)))
            missing = [text for text in missing if text not in held]
        if missing:
            raise ValueError(no_choices(missing))

    def _tell_of_unmet(self, row: Row, sent: FormData, counting: FormData) -> None:
        for name, value in sent.multi_items():
            if name not in counting and value:
                other = self.view.label(self.view.conditional_fields[name][0])
                told = gettext("This is only written where “%(name)s” has another value.") % {"name": other}
                self.errors.add(row.line, self._place(name), told)

    def _tell_of_errors(self, row: Row, form: Form) -> None:
        for one in form:
            place = self._place(one.short_name)
            for error in one.errors:
                self.errors.add(row.line, place, str(error) if place is not None else f"{one.label.text}: {error}")
        for error in form.form_errors:
            self.errors.add(row.line, None, str(error))

    def _place(self, name: str) -> int | None:
        return self.errors.place_of(name)


def _changed(data: dict[str, object], initial: Mapping[str, object]) -> dict[str, object]:
    """Return the values that differ from the stored ones."""
    return {name: value for name, value in data.items() if not _is_same(value, initial.get(FORM_NAMES.get(name, name)))}


def _is_same(value: object, stored: object) -> bool:
    if isinstance(stored, list | set | tuple) and all(hasattr(one, "__mapper__") for one in stored):
        chosen = value if isinstance(value, list) else []
        return set(map(str, chosen)) == {identifier_of(one) for one in stored}
    if hasattr(stored, "__mapper__"):
        return value is not None and str(value) == identifier_of(stored)
    if isinstance(value, EmptyText):
        return stored == ""
    return value == stored or (_is_nothing(value) and _is_nothing(stored))


def _is_nothing(value: object) -> bool:
    return value is None or value == ""
