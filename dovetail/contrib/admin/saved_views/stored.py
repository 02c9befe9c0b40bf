"""Read and write saved views: filters, order and columns of a list, under a name or as the current layout.

The row without a name is the user's own layout of the list; all others can be chosen above the list.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import Select, bindparam, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from dovetail.contrib.admin.columns.chosen import NARROWEST, WIDEST, ChosenColumns
from dovetail.contrib.admin.lists.filtering import ALL
from dovetail.contrib.admin.lists.where import PARAMETER as WHERE
from dovetail.contrib.admin.lists.where_text import Condition, NestedFilterError, conditions_in, parse
from dovetail.contrib.admin.models import SavedView
from dovetail.contrib.auth.models import User
from dovetail.database.bulk import NO_SYNCHRONIZATION
from dovetail.errors import BadRequestError, NotFoundError
from dovetail.translation import formats
from dovetail.translation.texts import gettext

PARAMETER = "view"
PLAIN = "all"  # the value of the parameter for the list without a saved view
MOST = 50  # own views of one list, and as many shared ones
LONGEST_QUERY = 2_000
LEFT_OUT = frozenset({"page", PARAMETER, "kept", "_facets", "pks"})


async def views_of(session: AsyncSession, user: User, list_name: str) -> Sequence[tuple[SavedView, str]]:
    """Return the saved views of a list that a user may choose, each with its owner's name: own ones first."""
    rows = await session.execute(_views(), {"user": user.id, "list": list_name})
    return [(row[0], row[1]) for row in rows]


@cache  # cached, since building the statement takes as long as executing it
def _views() -> Select[SavedView, str]:
    own = SavedView.user_id == bindparam("user")
    return (
        select(SavedView, User.username)
        .join(User, User.id == SavedView.user_id)
        .where(SavedView.list_name == bindparam("list"), or_(own, SavedView.is_shared))
        .order_by(own.desc(), SavedView.name, SavedView.id)
        .limit(2 * MOST + 1)
    )


async def own_view(session: AsyncSession, user: User, list_name: str, key: int | None) -> SavedView:
    """Return a saved view of the user. Raise NotFoundError if they have no such view."""
    mine = select(SavedView).where(SavedView.id == key, SavedView.user_id == user.id, SavedView.list_name == list_name)
    found = None if key is None else await session.scalar(mine.with_for_update())
    if found is None:
        raise NotFoundError
    return found


async def layout_of(session: AsyncSession, user: User, list_name: str) -> SavedView:
    """Return the user's layout of a list; create it if it does not exist, safe under concurrency."""
    mine = select(SavedView).where(SavedView.user_id == user.id, SavedView.list_name == list_name, SavedView.name == "")
    found = await session.scalar(mine.with_for_update())
    if found is not None:
        return found
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = insert(SavedView).values(user_id=user.id, list_name=list_name, name="", query="", columns=[])
    await session.execute(row.on_conflict_do_nothing())
    return (await session.scalars(mine.with_for_update())).one()


async def make_room(session: AsyncSession, user: User, list_name: str) -> None:
    """Raise BadRequestError if the user has the maximum number of saved views of a list."""
    mine = select(SavedView.id).where(SavedView.user_id == user.id, SavedView.list_name == list_name)
    mine = mine.where(SavedView.name != "")  # the layout of the list
    if len((await session.scalars(mine.limit(MOST))).all()) >= MOST:
        raise BadRequestError(
            gettext("You have %(most)s views of this list, which is as many as are kept. Delete one first.")
            % {"most": MOST}
        )


async def make_default(session: AsyncSession, one: SavedView) -> None:
    """Make a view the default of its user."""
    others = update(SavedView).where(SavedView.user_id == one.user_id, SavedView.list_name == one.list_name)
    await session.execute(others.values(is_default=False), execution_options=NO_SYNCHRONIZATION)
    one.is_default = True


async def forget(session: AsyncSession, one: SavedView) -> None:
    """Delete a view."""
    await session.execute(delete(SavedView).where(SavedView.id == one.id), execution_options=NO_SYNCHRONIZATION)


def query_to_keep(request: Request) -> str:
    """Return the part of a query string to store. Raise BadRequestError if it is too long."""
    query = urlencode([(key, value) for key, value in request.query_params.multi_items() if key not in LEFT_OUT])
    if len(query) > LONGEST_QUERY:
        raise BadRequestError(
            gettext("The address has %(count)s characters; of a view, %(longest_query)s are kept.")
            % {"count": formats.number(len(query)), "longest_query": formats.number(LONGEST_QUERY)}
        )
    return query


def address_of(one: SavedView) -> str:
    """Return the query string of a saved view."""
    return f"?{one.query}{'&' if one.query else ''}{PARAMETER}={one.id}"


def filtered_by(one: SavedView) -> set[str]:
    """Return the query parameters by which a saved view filters, also within a nested filter."""
    given = [(name, value) for name, value in parse_qsl(one.query) if value not in ALL]
    nested = (part.name for name, text in given if name == WHERE for part in _conditions(text))
    return {name for name, _ in given}.union(nested)


def columns_of(one: SavedView, identity: str) -> ChosenColumns | None:
    """Return the columns of a saved view; None if it has none."""
    pairs = [(str(name), width) for name, width in one.columns]
    if not pairs:
        return None
    widths = {name: width for name, width in pairs if isinstance(width, int)}
    return ChosenColumns(identity=identity, names=[name for name, _ in pairs], widths=widths)


def columns_to_keep(chosen: Sequence[str], widths: Mapping[str, int | None]) -> list[list[object]]:
    """Return columns for storing; invalid widths are removed."""
    kept = {name: width for name, width in widths.items() if width is not None and NARROWEST <= width <= WIDEST}
    return [[name, kept.get(name)] for name in chosen]


def _conditions(text: str) -> Sequence[Condition]:
    try:
        return list(conditions_in(parse(text)))
    except NestedFilterError:  # which the list refuses
        return ()
