"""Load the rows of an inline for one or several objects: by one statement, and a COUNT if there are more."""

from collections.abc import Sequence

from sqlalchemy import func

from dovetail.contrib.admin.columns.columns import TITLE
from dovetail.contrib.admin.columns.identifiers import have_identifiers
from dovetail.contrib.admin.inlines.formset_base import FormSetBase
from dovetail.contrib.admin.inlines.sent import KEY, text_of
from dovetail.contrib.admin.lists.deferred_columns import columns_of_named
from dovetail.contrib.admin.lists.ordering import order
from dovetail.contrib.admin.lists.relations import loading
from dovetail.contrib.admin.permissions import rights_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.sqladmin_private import AnySelect


async def load_rows(formsets: Sequence[FormSetBase], room: int) -> list[list[object]]:
    """Return the rows of each formset of one inline: those that were submitted, or the first ones stored.

    `room` is the maximum number of rows of all formsets together.
    """
    inline = formsets[0].inline
    loaded, most = [one for one in formsets if _is_loaded(one)], min(room, inline.max_shown * len(formsets))
    statement = _statement(loaded, most + 1) if loaded else None
    rows = [] if statement is None else await inline.run_query(statement)
    found: dict[object, list[object]] = {}
    for row in rows if formsets[0].data is not None else rows[:most]:
        found.setdefault(inline.link_to_parent.key_of(row), []).append(row)
    several = [found.get(_key(one), []) if one in loaded else [] for one in formsets]
    is_cut = len(rows) > most or any(len(one) > inline.max_shown for one in several)
    counts = await _count(loaded) if loaded and _is_counted(loaded, is_cut=is_cut) else None
    for formset, its_rows in zip(formsets, several, strict=True):
        formset.stored_count = len(its_rows) if counts is None else counts.get(_key(formset), 0)
    return several if formsets[0].data is not None else [one[: inline.max_shown] for one in several]


def _is_loaded(formset: FormSetBase) -> bool:
    if (
        formset.instance is None
        or formset.save_as_new
        or not formset.inline.may_view(formset.request, formset.instance)
    ):
        return False
    return formset.data is None or formset.is_sent


def _key(formset: FormSetBase) -> object:
    return None if formset.instance is None else formset.inline.link_to_parent.key_of_parent(formset.instance)


def _statement(formsets: Sequence[FormSetBase], most: int) -> AnySelect | None:
    """Return the SELECT of the rows of these objects; None if no stored row was submitted."""
    inline, request, data = formsets[0].inline, formsets[0].request, formsets[0].data
    parent = formsets[0].instance
    rows = _of_parents(formsets)
    names = [*inline.edited(request, parent), *inline.form_readonly(request, parent), TITLE]
    columns = [inline.mapper.get_property_by_column(one).key for one in inline.link_to_parent.all_columns]
    paths = [*inline.paths(names), *columns]
    named = columns_of_named(request)
    rows = rows.options(*loading(inline.model, paths, rights_of(request), named=named, whole=data is not None))
    if data is None:
        return order(rows, inline.model, inline.default_sort(request), rights_of(request)).limit(most)
    keys = [text_of(row, f"{one.prefix}-{number}", KEY) for one in formsets for number, row in data.rows(one.prefix)]
    if not any(keys):
        return None
    rows = rows.where(have_identifiers(inline.model, filter(None, keys))).order_by(*inline.pk_columns)
    return rows if request.method != "POST" else rows.with_for_update(of=inline.model)


def _of_parents(formsets: Sequence[FormSetBase]) -> AnySelect:
    inline = formsets[0].inline
    parents = [one.instance for one in formsets if one.instance is not None]
    return inline.permitted_rows(formsets[0].request).where(inline.link_to_parent.condition(parents))


def _is_counted(formsets: Sequence[FormSetBase], *, is_cut: bool) -> bool:
    if formsets[0].data is None:
        return is_cut
    return any(one.min_num is not None or one.max_num is not None for one in formsets)


async def _count(formsets: Sequence[FormSetBase]) -> dict[object, int]:
    columns = formsets[0].inline.link_to_parent.columns
    rows = _of_parents(formsets).with_only_columns(*columns, func.count()).order_by(None).group_by(*columns)
    found = await request_context().session.execute(rows)
    return {tuple(row[:-1]): row[-1] if isinstance(row[-1], int) else 0 for row in found}
