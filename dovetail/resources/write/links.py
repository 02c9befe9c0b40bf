"""Fields that name rows of another table, as a post's `tags` are named: which rows they are, and the links to them.

    posts = Resource(..., links={"tags": tagging.find_tags})

    async def find_tags(session: AsyncSession, names: Collection[str]) -> Mapping[str, int]: ...

The function is asked once a request, for all names that stand in it, and gives the key of each; it may make what is
not there. The field is a list in the create and update schemas, and a many-to-many relation of the model.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import MISSING
from sqlalchemy import inspect, select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.errors import ConfigurationError
from dovetail.resources.sql.pairs import Pairs
from dovetail.resources.write.rows import link_columns

if TYPE_CHECKING:
    from dovetail.resources.resource import Resource

FindLinks: TypeAlias = Callable[[AsyncSession, Collection[Any]], Awaitable[Mapping[Any, Any]]]
Links: TypeAlias = Mapping[str, Mapping[Any, Any]]  # the key of each name, by field


async def find_links(resource: "Resource", session: AsyncSession, items: Sequence[Any]) -> Links:
    """The keys of what `items` name, all at once: two requests that make the same rows cannot wait for each other."""
    found: dict[str, Mapping[Any, Any]] = {}
    for field, find in resource.links.items():
        wanted = {name for item in items for name in _given(item, field) or ()}
        found[field] = await find(session, wanted) if wanted else {}
    return found


def keys_of(resource: "Resource", data: Any, found: Links) -> dict[str, list[Any]]:
    """The keys that `data` names, by field; without the fields that it does not set."""
    given = {field: _given(data, field) for field in resource.links}
    return {
        field: list(dict.fromkeys(found[field][name] for name in names))
        for field, names in given.items()
        if names is not None
    }


async def change_links(
    session: AsyncSession, model: type[Any], field: str, wanted: Mapping[Any, Sequence[Any]]
) -> set[Any]:
    """Let the rows of these keys, which are locked, lead to the rows that are wanted and to no others.

    The keys of those for which that changes anything.
    """
    own, other = link_columns(model, field)
    connection = await session.connection()
    found = (await connection.execute(select(own, other).where(own.in_(wanted)))).all()
    there = {(row[0], row[1]) for row in found}
    asked = {(key, one) for key, keys in wanted.items() for one in keys}
    gone, new = sorted(there - asked), sorted(asked - there)
    if gone:
        await connection.execute(*Pairs(own, other, gone).deleting(connection.dialect))
    if new:
        await connection.execute(*Pairs(own, other, new).inserting(connection.dialect))
    return {pair[0] for pair in (*gone, *new)}


def check_links(resource: "Resource") -> None:
    """Raise ConfigurationError for a field that is no many-to-many relation."""
    relations = inspect(resource.model).relationships
    for name in resource.links:
        if name not in relations or relations[name].secondary is None:
            raise ConfigurationError(
                f"{resource.singular}: links names {name!r}, which is not a many-to-many relation of "
                f"{resource.model.__name__}"
            )


def _given(data: Any, field: str) -> Collection[Any] | None:
    value = getattr(data, field, MISSING)
    return None if value is MISSING else value
