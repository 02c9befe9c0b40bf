"""What writing endpoints do with a row: find it and lock it, check the precondition, and the default services."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from sqlalchemy import inspect, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.errors import ConfigurationError, PreconditionRequiredError
from dovetail.resources.policy import not_found
from dovetail.resources.read.reads import Batch
from dovetail.resources.scope import Scope
from dovetail.resources.write.delete import delete_rows
from dovetail.resources.write.etags import check_if_match
from dovetail.resources.write.insert_statements import NewRow
from dovetail.resources.write.links import Links, find_links, keys_of
from dovetail.resources.write.update import Change, write_changes
from dovetail.resources.write.validation import check_members

if TYPE_CHECKING:
    from dovetail.resources.resource import Resource


@dataclass(frozen=True)
class Asked:
    """A change that a client asks for, of a row that is locked."""

    item: Any
    data: Any
    if_match: str | None


async def lock_items(resource: "Resource", session: AsyncSession, viewer: Any, keys: Iterable[Any]) -> dict[Any, Any]:
    """The rows with these keys that the viewer may know of, by key; no other writer changes them before we are done.

    They are locked in the order of their keys, so that no two writers wait for each other.
    """
    column = getattr(resource.model, resource.key)
    statement = select(resource.model).where(resource.policy.rows(viewer), column.in_(list(keys))).order_by(column)
    # On PostgreSQL this is FOR NO KEY UPDATE, which lets others refer to the row; SQLite's writers take turns anyway.
    statement = statement.with_for_update(key_share=True, of=resource.model).execution_options(populate_existing=True)
    return {getattr(item, resource.key): item for item in await session.scalars(statement)}


async def lock_item(resource: "Resource", session: AsyncSession, viewer: Any, key: Any) -> Any:
    """One such row. Raises NotFoundError."""
    found = await lock_items(resource, session, viewer, [key])
    if key not in found:
        raise not_found(resource.singular, key)
    return found[key]


def check_precondition(resource: "Resource", item: Any, if_match: str | None) -> None:
    """Raise StaleWriteError if the row is not what the client saw, PreconditionRequiredError if it has to say."""
    if if_match is not None:
        check_if_match(if_match, [getattr(item, key) for key in resource.reader.version])
    elif resource.requires_if_match:
        raise PreconditionRequiredError


async def create_and_read(resource: "Resource", session: AsyncSession, viewer: Any, data: Any) -> tuple[Any, Batch]:
    """Make a row, if the policy allows it; its key, and the row as the viewer may see it.

    Raises what policy and services raise.
    """
    scope = written_scope(resource, viewer)
    made = await _made(resource, session, viewer, data)
    links = keys_of(resource, data, await find_links(resource, session, [data]))
    if isinstance(made, Mapping):
        done = await resource.inserter.insert_and_read(session, NewRow(made, links), scope)
        if done is not None:
            return done
    key = await _insert(resource, session, made, links)
    return key, await resource.written_reader.read(session, resource.key_request((key,)), scope)


async def create_items(
    resource: "Resource", session: AsyncSession, viewer: Any, items: Sequence[Any], found: Links | None = None
) -> list[Any]:
    """Make rows, if the policy allows it, in as few statements as it can be; their keys.

    `found` is what `find_links` found, if it was asked before. Raises what policy and services raise.
    """
    made = [await _made(resource, session, viewer, data) for data in items]
    links = await _links(resource, session, items, found)
    if all(isinstance(one, Mapping) for one in made):
        return await resource.inserter.insert_many(session, [NewRow(*pair) for pair in zip(made, links, strict=True)])
    return [await _insert(resource, session, *pair) for pair in zip(made, links, strict=True)]


async def update_items(
    resource: "Resource", session: AsyncSession, viewer: Any, asked: Sequence[Asked], found: Links | None = None
) -> None:
    """Change rows, if the policy allows it, in as few statements as it can be.

    `found` is what `find_links` found, if it was asked before. Raises what policy, precondition and services raise.
    """
    for one in asked:
        resource.policy.may_update(viewer, one.item, frozenset(one.data.model_fields_set))
        check_precondition(resource, one.item, one.if_match)
    links = await _links(resource, session, [one.data for one in asked], found)
    changes = [Change(one.item, _values(resource, one.data), keys) for one, keys in zip(asked, links, strict=True)]
    if resource.update_with is not None:
        for one in asked:
            await resource.update_with(session, viewer, one.item, one.data)
        await session.flush()
    for change in changes:
        check_members(resource.model, change.values)
    await write_changes(session, resource.model, changes)


async def delete_items(resource: "Resource", session: AsyncSession, viewer: Any, items: Sequence[Any]) -> None:
    """Remove rows, if the policy allows it; the database removes what hangs on them."""
    for item in items:
        resource.policy.may_delete(viewer, item)
    if resource.delete_with is not None:
        for item in items:
            await resource.delete_with(session, item)
        await session.flush()
        return
    await delete_rows(session, resource.model, items)


def written_scope(resource: "Resource", viewer: Any) -> Scope:
    """What a viewer may see of rows they just wrote, whatever the policy says of the rows."""
    return Scope(true(), resource.policy.related(viewer), resource.policy.hidden(viewer))


async def _links(
    resource: "Resource", session: AsyncSession, items: Sequence[Any], found: Links | None
) -> list[dict[str, list[Any]]]:
    known = await find_links(resource, session, items) if found is None else found
    return [keys_of(resource, data, known) for data in items]


def _values(resource: "Resource", data: Any) -> dict[str, Any]:
    """What a change sets, if no service does it."""
    if resource.update_with is not None:
        return {}
    everything = isinstance(data, resource.replace or ())
    found: dict[str, Any] = data.model_dump(exclude_unset=not everything, exclude=set(resource.links))
    return found


async def _made(resource: "Resource", session: AsyncSession, viewer: Any, data: Any) -> Any:
    """An object, or the values of one."""
    resource.policy.may_create(viewer, data)
    if resource.create_with is not None:
        made = await resource.create_with(session, viewer, data)
    else:
        made = data.model_dump(exclude=set(resource.links))
    if isinstance(made, Mapping):
        check_members(resource.model, made)
    return made


async def _insert(resource: "Resource", session: AsyncSession, made: Any, links: Mapping[str, Any]) -> Any:
    if isinstance(made, Mapping):
        return await resource.inserter.insert(session, NewRow(made, links))
    session.add(made)
    await session.flush()
    key = getattr(made, resource.key)
    await resource.inserter.link(session, key, links)
    return key


def check_schemas(resource: "Resource") -> None:
    """Raise ConfigurationError for a field that the default services would not know where to write."""
    services: Sequence[tuple[type[BaseModel] | None, Any]] = (
        (resource.create, resource.create_with),
        (resource.update, resource.update_with),
        (resource.replace, resource.update_with),
    )
    columns = inspect(resource.model).column_attrs.keys()
    for schema, service in services:
        for name in schema.model_fields if schema is not None and service is None else ():
            if name not in columns and name not in resource.links:
                raise ConfigurationError(
                    f"{schema.__name__}.{name} is not a column of {resource.model.__name__}; name a service that knows "  # type: ignore[union-attr]  # checked above
                    f"what to do with it (create_with, update_with), or use one of {', '.join(sorted(columns))}"
                )
