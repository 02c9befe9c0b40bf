"""What writing endpoints do with a row: find it and lock it, check the precondition, and the default services."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from sqlalchemy import delete, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession

from project.api.resources.etags import check_if_match
from project.api.resources.policy import not_found
from project.errors import ConfigurationError, PreconditionRequiredError

if TYPE_CHECKING:
    from project.api.resources.resource import Resource


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


async def create_item(resource: "Resource", session: AsyncSession, viewer: Any, data: Any) -> Any:
    """Make a row, if the policy allows it, and return it with its key. Raises what policy and service raise."""
    resource.policy.may_create(viewer, data)
    if resource.create_with is not None:
        item = await resource.create_with(session, viewer, data)
    else:
        item = resource.model(**data.model_dump())
        session.add(item)
    await session.flush()
    return item


async def update_item(
    resource: "Resource", session: AsyncSession, viewer: Any, item: Any, data: Any, *, if_match: str | None
) -> None:
    """Change a row, if the policy allows it, and write it. Raises what policy, precondition and service raise."""
    resource.policy.may_update(viewer, item, frozenset(data.model_fields_set))
    check_precondition(resource, item, if_match)
    if resource.update_with is not None:
        await resource.update_with(session, viewer, item, data)
    else:
        for name, value in data.model_dump(exclude_unset=not isinstance(data, resource.replace or ())).items():
            setattr(item, name, value)
    await session.flush()


async def delete_item(
    resource: "Resource", session: AsyncSession, viewer: Any, item: Any, if_match: str | None
) -> None:
    """Remove a row, if the policy allows it; the database removes what hangs on it."""
    resource.policy.may_delete(viewer, item)
    check_precondition(resource, item, if_match)
    if resource.delete_with is not None:
        await resource.delete_with(session, item)
    else:
        column = getattr(resource.model, resource.key)
        await session.execute(delete(resource.model).where(column == getattr(item, resource.key)))
    await session.flush()


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
            if name not in columns:
                raise ConfigurationError(
                    f"{schema.__name__}.{name} is not a column of {resource.model.__name__}; name a service that knows "  # type: ignore[union-attr]  # checked above
                    f"what to do with it (create_with, update_with), or use one of {', '.join(sorted(columns))}"
                )
