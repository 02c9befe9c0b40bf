"""Read the selection of an action: the checked objects, or all rows of the list."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData
from starlette.requests import Request

from dovetail.contrib.admin.actions.task import Task, TaskFailedError
from dovetail.contrib.admin.change_list.view import ChangeListView
from dovetail.contrib.admin.columns.identifiers import primary_keys
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.database.deletion.conditions import rows_with
from dovetail.database.drivers.sqlalchemy_private_statements import as_plain_subquery, narrows_one_table
from dovetail.errors import BadRequestError
from dovetail.resources.query.keys import key_from, key_text
from dovetail.translation import formats
from dovetail.translation.texts import gettext, ngettext

ALL = "select_across"  # the form field, as in Django, that selects all rows of the list on every page
AT_ONCE = 1000  # keys that are read before other tasks run


@dataclass(frozen=True)
class Selected:
    """The identifiers of the objects, in the order of their keys; `is_all` if all rows of the list were selected.

    For all rows, `keys` are those read from the database, of locked rows if the task is about to run.
    """

    identifiers: Sequence[str]
    is_all: bool = False
    keys: Sequence[Hashable] = ()

    def part(self, start: int, size: int) -> "Selected":
        """Return the objects from position `start` on, up to a number."""
        part = slice(start, start + size)
        return replace(self, identifiers=self.identifiers[part], keys=self.keys[part])

    @property
    def fingerprint(self) -> str:
        """Return a fingerprint of the selection, which changes when other objects match."""
        return sha256("\0".join(self.identifiers).encode(errors="surrogatepass")).hexdigest()[:32]


async def read_selection(request: Request, task: Task, form: FormData, *, limit: int, for_update: bool) -> Selected:
    """Return the selection of a form or a link.

    All that a list has is what its filters and search leave at this moment; `for_update` locks it, so that nothing of
    it is gone before its turn. Raise BadRequestError for more than can be selected, and TaskFailedError for more than
    the task takes, of which no more are read and locked than show it.
    """
    view, taken = task.view, task.kind.max_objects
    if form.get(ALL) == "1":
        return await _read_all(request, task, limit, for_update=for_update)
    sent = form.getlist("pks") or request.query_params.getlist("pks")
    named = [request.path_params["pk"]] if "pk" in request.path_params else []
    found = named or list(dict.fromkeys(one for one in sent if isinstance(one, str) and one))
    most = max(view.list_max_show_all, *view.list_per_page_options)
    if len(found) > most:
        raise BadRequestError(gettext("Select %(most)s rows or fewer.") % {"most": most})
    if taken is not None and len(found) > taken:
        raise _too_many(task, taken)
    return Selected(found)


async def matching_keys(request: Request, view: ChangeListView) -> AnySelect:
    """Return the SELECT of the keys of all rows that match the list's filters and search."""
    keys = primary_keys(view.model)
    matching = (await view.matching(request)).order_by(None)
    return as_plain_subquery(matching.with_only_columns(*keys, maintain_column_froms=True).correlate(None))


async def _read_all(request: Request, task: Task, limit: int, *, for_update: bool) -> Selected:
    view, taken = task.view, task.kind.max_objects
    limit = limit if taken is None else min(limit, taken)
    statement = (await _all_keys(request, view)).order_by(*primary_keys(view.model)).limit(limit + 1)
    if for_update:
        statement = statement.with_for_update(of=view.model)
    keys = await _read_keys(request_context().session, statement)
    if len(keys) > limit:
        if limit == taken:
            raise _too_many(task, taken)
        raise BadRequestError(
            gettext("More than %(limit)s match, which is more than can be done at once. Narrow the list first.")
            % {"limit": formats.number(limit)}
        )
    return Selected([key_text(key) for key in keys], is_all=True, keys=keys)


def _too_many(task: Task, taken: int) -> TaskFailedError:
    message = ngettext(
        "“%(label)s” takes %(count)s object at a time. Select no more.",
        "“%(label)s” takes %(count)s objects at a time. Select no more.",
        taken,
    )
    return TaskFailedError(message % {"label": task.label, "count": formats.number(taken)})


async def _read_keys(session: AsyncSession, statement: AnySelect) -> list[Hashable]:
    await session.flush()
    keys: list[Hashable] = []
    async with (await session.connection()).stream(statement) as result:
        if len(result.keys()) == 1:
            async for values in result.scalars().partitions(AT_ONCE):
                keys += values
        else:
            async for rows in result.partitions(AT_ONCE):
                keys += map(key_from, rows)
    return keys


async def _all_keys(request: Request, view: ChangeListView) -> AnySelect:
    """Return the SELECT of the distinct keys of the rows of a list."""
    matching, keys = (await view.matching(request)).order_by(None), primary_keys(view.model)
    if view.mapper.polymorphic_on is None and narrows_one_table(matching):
        return matching.with_only_columns(*keys, maintain_column_froms=True)
    return select(*keys).select_from(view.model).where(rows_with(keys, await matching_keys(request, view)))
