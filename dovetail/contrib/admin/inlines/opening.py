"""Open the inlines of a form: load their rows, one statement for each inline, and fill in what was sent."""

import asyncio
from collections.abc import Iterable, Sequence
from time import perf_counter

from starlette.datastructures import FormData
from starlette.requests import Request
from wtforms import Field

from dovetail.contrib.admin.inlines.formset import InlineFormSet
from dovetail.contrib.admin.inlines.inline import ParentView
from dovetail.contrib.admin.inlines.row_builder import RowBuilder
from dovetail.contrib.admin.inlines.row_loader import load_rows
from dovetail.contrib.admin.inlines.sent import Sent
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.rules import rules_of

NUMBER, NUMBER_WITHIN = "__prefix__", "__nested__"  # what stands for the number of a row that the browser will add
MOST_FIELDS = 900  # that rows may have in a form: `dovetail.middleware` takes forms of 1000
MOST_OF_ROW, MOST_OF_FIELD = 3, 2  # what is sent of a row itself, and of a field that says also that it is empty
TURN = 0.005  # seconds of work, after which others have their turn


async def open_formsets(
    view: ParentView, request: Request, obj: object | None, sent: FormData | None, *, save_as_new: bool = False
) -> list[InlineFormSet]:
    """Return the inlines of a form, with the rows of `obj`, or with what was `sent` of them."""
    opening = Opening(request, None if sent is None else Sent(sent), save_as_new=save_as_new)
    formsets = await opening.begin(view, obj)
    for formset in formsets:
        await opening.fill([formset], NUMBER)
        inner: dict[object, list[InlineFormSet]] = {}
        if not has_inlines(formset.inline):
            continue
        for row in [*formset.rows, *filter(None, [formset.empty_row])]:
            formset.parts[row.prefix] = await opening.begin(formset.inline, row.obj, f"{row.prefix}-")
            for part in formset.parts[row.prefix]:
                inner.setdefault(part.inline, []).append(part)
        for group in inner.values():
            await opening.fill(group, NUMBER_WITHIN)
    return formsets


def has_inlines(view: object) -> bool:
    """Return whether a view may have inlines."""
    return isinstance(view, ParentView) and (bool(view.inlines) or type(view).get_inlines is not ParentView.get_inlines)


def with_parts(formsets: Iterable[InlineFormSet]) -> list[InlineFormSet]:
    """Return formsets with those of their rows, as far as the rows are there once the form is saved."""
    return [one for formset in formsets for one in (formset, *formset.all_parts())]


def are_valid(formsets: Iterable[InlineFormSet]) -> bool:
    """Return whether all rows can be saved; say beside what is wrong that it is."""
    return not [one for one in with_parts(formsets) if not one.is_valid()]


def all_fields(formsets: Iterable[InlineFormSet]) -> list[Field]:
    """Return the fields of all rows."""
    return [field for formset in with_parts(formsets) for row in formset.rows for field in row.form]


class Opening:
    """Opens the inlines of one form."""

    def __init__(self, request: Request, data: Sent | None, *, save_as_new: bool) -> None:
        self._request, self._data, self._save_as_new = request, data, save_as_new
        self._since = perf_counter()
        self._room = MOST_FIELDS

    async def begin(self, view: object, obj: object | None, prefix: str = "") -> list[InlineFormSet]:
        """Return the formsets of a view for an object, without rows."""
        assert isinstance(view, ParentView)  # noqa: S101 - each inline is one, too
        found = []
        async for made, inline in view.get_formsets_with_inlines(self._request, obj):
            name = prefix + inline.prefix()
            kwargs = {"request": self._request, "data": self._data, "save_as_new": self._save_as_new}
            found.append(made(**kwargs, **view.get_formset_kwargs(self._request, obj, inline, name)))  # type: ignore[arg-type]  # an author's hook
        return found

    async def fill(self, formsets: Sequence[InlineFormSet], number: str) -> None:
        """Give formsets of one inline their rows; `number` stands for that of a row that the browser will add."""
        inline, rules = formsets[0].inline, rules_of(self._request)
        fields = MOST_OF_ROW + len(inline.edited(self._request, formsets[0].instance)) * MOST_OF_FIELD
        stored = await load_rows(formsets, max(self._room // fields, 1))
        rows = [row for several in stored for row in several]
        self._room -= len(rows) * fields
        await rules.load(request_context().session, inline.model, ["change", "delete"], rows)
        for formset, found in zip(formsets, stored, strict=True):
            builder = RowBuilder(formset, self._request)
            async for row in builder.rows(found):
                formset.rows.append(row)
                await self._give_way()
            formset.empty_row = builder.blank(number, {}) if builder.may_add and formset.max_num != 0 else None

    async def _give_way(self) -> None:
        if perf_counter() - self._since > TURN:
            await asyncio.sleep(0)
            self._since = perf_counter()
