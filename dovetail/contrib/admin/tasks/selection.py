"""Find out which objects an action is to be done with: those that are ticked, or all that a list has."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import select
from starlette.datastructures import FormData
from starlette.requests import Request

from dovetail.contrib.admin.change_list.view import ChangeListView
from dovetail.contrib.admin.columns.identifiers import identifier_from, primary_keys
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.database.deletion.conditions import rows_with
from dovetail.database.drivers.sqlalchemy_private_statements import kept_as_it_stands
from dovetail.errors import BadRequestError
from dovetail.translation import formats
from dovetail.translation.texts import gettext

ALL = "select_across"  # the field of the form, as in Django, that selects all that the list has, on every page
AT_ONCE = 1000  # keys that are read before others have their turn


@dataclass(frozen=True)
class Selected:
    """The identifiers of the objects, in the order of their keys; `is_all` if the list was selected as a whole."""

    identifiers: Sequence[str]
    is_all: bool = False

    @property
    def fingerprint(self) -> str:
        """Return what changes as soon as other objects match."""
        return sha256("\0".join(self.identifiers).encode(errors="surrogatepass")).hexdigest()[:32]


async def read_selection(
    request: Request, view: ChangeListView, form: FormData, *, limit: int, for_update: bool
) -> Selected:
    """Return what a form, or a link, selects.

    All that a list has is what its filters and search leave at this moment; `for_update` locks it, so that nothing of
    it is gone before its turn. Raise BadRequestError for more than can be selected.
    """
    if form.get(ALL) == "1":
        return Selected(await _all_identifiers(request, view, limit, for_update=for_update), is_all=True)
    sent = form.getlist("pks") or request.query_params.getlist("pks")
    named = [request.path_params["pk"]] if "pk" in request.path_params else []
    found = named or list(dict.fromkeys(one for one in sent if isinstance(one, str) and one))
    most = max(view.list_max_show_all, *view.list_per_page_options)
    if len(found) > most:
        raise BadRequestError(gettext("Select %(most)s rows or fewer.") % {"most": most})
    return Selected(found)


async def matching_keys(request: Request, view: ChangeListView) -> AnySelect:
    """Return the statement that selects the keys of all rows that the list's filters and search leave."""
    keys = primary_keys(view.model)
    matching = (await view.matching(request)).order_by(None)
    return kept_as_it_stands(matching.with_only_columns(*keys, maintain_column_froms=True).correlate(None))


async def _all_identifiers(request: Request, view: ChangeListView, limit: int, *, for_update: bool) -> list[str]:
    keys = primary_keys(view.model)
    chosen = rows_with(keys, await matching_keys(request, view))
    statement = select(*keys).select_from(view.model).where(chosen).order_by(*keys).limit(limit + 1)
    if for_update:
        statement = statement.with_for_update(of=view.model)
    found: list[str] = []
    result = await request_context().session.stream(statement)
    async for rows in result.partitions(AT_ONCE):
        found += [identifier_from(row) for row in rows]
    if len(found) > limit:
        raise BadRequestError(
            gettext("More than %(limit)s match, which is more than can be done at once. Narrow the list first.")
            % {"limit": formats.number(limit)}
        )
    return found
