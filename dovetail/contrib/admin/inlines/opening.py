"""Create the formsets of a form: load their rows, by one statement for each inline, and apply the submitted data."""

import asyncio
from collections.abc import Iterable, Sequence
from time import perf_counter

from starlette.datastructures import FormData
from starlette.requests import Request
from wtforms import Field, Form

from dovetail.contrib.admin.columns.identifiers import identifier_of
from dovetail.contrib.admin.inlines.formset import InlineFormSet
from dovetail.contrib.admin.inlines.inline import ParentView
from dovetail.contrib.admin.inlines.options import InlineBase
from dovetail.contrib.admin.inlines.row_builder import RowBuilder
from dovetail.contrib.admin.inlines.row_loader import load_rows
from dovetail.contrib.admin.inlines.sent import Sent
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.rules import rules_of

NUMBER, NUMBER_WITHIN = "__prefix__", "__nested__"  # placeholders for the numbers of rows that the browser adds
MOST_FIELDS = 900  # fields of all rows in a form: `dovetail.middleware` accepts forms with 1000
MOST_OF_ROW, MOST_OF_FIELD = 3, 2  # values that a form submits for a row itself, and for a field
TURN = 0.005  # seconds of work, after which other tasks run


async def open_formsets(
    view: ParentView,
    request: Request,
    obj: object | None,
    sent: FormData | None = None,
    *,
    save_as_new: bool = False,
    is_writable: bool = True,
) -> list[InlineFormSet]:
    """Return the formsets of a form with the rows of `obj`, or with the submitted data `sent`.

    With `is_writable=False`, for pages that are not forms, rows are shown as texts.
    """
    data = None if sent is None else Sent(sent)
    opening = Opening(request, data, save_as_new=save_as_new, is_writable=is_writable)
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
    """Return the formsets together with the nested ones of rows that remain after saving."""
    return [one for formset in formsets for one in (formset, *formset.all_parts())]


def are_valid(formsets: Iterable[InlineFormSet]) -> bool:
    """Return whether all rows can be saved; add error messages to those that cannot."""
    return not [one for one in with_parts(formsets) if not one.is_valid()]


def all_fields(formsets: Iterable[InlineFormSet]) -> list[Field]:
    """Return the fields of all rows."""
    return [field for formset in with_parts(formsets) for row in formset.rows for field in row.form]


async def forms_to_show(formsets: Iterable[InlineFormSet]) -> list[Form]:
    """Return the forms of all rows; load the objects that fields refer to by key, one statement for each relation."""
    found = [part for one in formsets for part in (one, *(part for parts in one.parts.values() for part in parts))]
    for inline in dict.fromkeys(one.inline for one in found):
        rows = [row for one in found if one.inline is inline for row in one.rows if row.sent is not None]
        await _load_chosen(inline, [field for row in rows for field in row.form if hasattr(field, "loader")])
    return [row.form for one in found for row in (*one.rows, *filter(None, [one.empty_row]))]


async def _load_chosen(inline: InlineBase, fields: Sequence[Field]) -> None:
    request = request_context().request
    for name in dict.fromkeys(field.short_name for field in fields):
        sent = {field: keys for field in fields if field.short_name == name and (keys := _keys(field))}
        wanted = sorted({key for keys in sent.values() for key in keys})
        objects = await inline.get_related(request, name, wanted) if wanted else ()
        by_key = {identifier_of(one): one for one in objects}
        for field, keys in sent.items():
            chosen = [by_key[key] for key in keys if key in by_key]
            field.data = chosen if isinstance(field.data, list) else next(iter(chosen), None)


def _keys(field: Field) -> list[str]:
    several = field.data if isinstance(field.data, list) else [field.data]
    return several if several and all(isinstance(one, str) for one in several) else []


class Opening:
    """Creates the formsets of one form."""

    def __init__(self, request: Request, data: Sent | None, *, save_as_new: bool, is_writable: bool) -> None:
        self._is_writable = is_writable
        self._request, self._data, self._save_as_new = request, data, save_as_new
        self._since = perf_counter()
        self._room = MOST_FIELDS

    async def begin(self, view: object, obj: object | None, prefix: str = "") -> list[InlineFormSet]:
        """Return the formsets of a view for an object, without rows."""
        assert isinstance(view, ParentView)  # noqa: S101 - inlines are ParentViews, too
        found = []
        async for made, inline in view.get_formsets_with_inlines(self._request, obj):
            name = prefix + inline.prefix()
            kwargs = {"request": self._request, "data": self._data, "save_as_new": self._save_as_new}
            found.append(made(**kwargs, **view.get_formset_kwargs(self._request, obj, inline, name)))  # type: ignore[arg-type]  # an author's hook
        return found

    async def fill(self, formsets: Sequence[InlineFormSet], number: str) -> None:
        """Add the rows to formsets of one inline; `number` is the placeholder for the number of a row that is added."""
        inline, rules = formsets[0].inline, rules_of(self._request)
        fields = MOST_OF_ROW + len(inline.edited(self._request, formsets[0].instance)) * MOST_OF_FIELD
        stored = await load_rows(formsets, max(self._room // fields, 1))
        rows = [row for several in stored for row in several]
        self._room -= len(rows) * fields
        await rules.load(request_context().session, inline.model, ["change", "delete"], rows)
        for formset, found in zip(formsets, stored, strict=True):
            builder = RowBuilder(formset, self._request, is_writable=self._is_writable)
            async for row in builder.rows(found):
                formset.rows.append(row)
                await self._give_way()
            formset.empty_row = builder.blank(number, {}) if builder.may_add and formset.max_num != 0 else None

    async def _give_way(self) -> None:
        if perf_counter() - self._since > TURN:
            await asyncio.sleep(0)
            self._since = perf_counter()
