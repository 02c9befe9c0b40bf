"""Rows that the ORM has loaded, serialized by pydantic: what a read does where its schema needs Python.

Expression fields take one more statement for each model that has some.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import orjson
from sqlalchemy import inspect, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapper
from sqlalchemy.sql.base import ExecutableOption

from dovetail.resources.schemas.sources import Build
from dovetail.resources.sql.nested_select import Expressions
from dovetail.resources.sql.nodes import Expression, Node, Relation, View

Computed: TypeAlias = Mapping[Build, Mapping[object, object]]  # by function, then by the primary key of a row


async def load_what_was_reset(
    session: AsyncSession, node: Node, items: Sequence[object], options: Sequence[ExecutableOption]
) -> None:
    """Load what is missing of `items`, if rows of one table lead to each other, as replies to what they reply to.

    A row that is read anew, as all rows are, has what is loaded of it where it was met last: of an item of the page to
    which another item leads, that is less than the answer shows. This reads nothing anew, and only adds.
    """
    if not items or not _leads_back(node, ()):
        return
    columns = inspect(node.model).primary_key
    keys = [inspect(item, raiseerr=True).identity for item in items]
    place = columns[0].in_([key[0] for key in keys]) if len(columns) == 1 else tuple_(*columns).in_(keys)
    await session.execute(select(node.model).where(place).options(*options))


async def expression_values(
    session: AsyncSession, node: Node, items: Sequence[object], expressions: Expressions
) -> Computed:
    """Return the values of all expression fields of `items` and of the objects nested in them."""
    found: dict[Build, dict[object, object]] = {build: {} for build in node.expressions()}
    wanted: dict[type[object], tuple[dict[Build, None], dict[tuple[object, ...], None]]] = {}
    for model, build, keys in _wanted(node, items):
        builds, known = wanted.setdefault(model, ({}, {}))
        builds[build] = None
        known |= keys
    for model, (builds, known) in wanted.items():
        columns = inspect(model).primary_key
        asked = [expressions[build] for build in builds]
        statement = select(*columns, *asked).select_from(model)
        is_one = len(columns) == 1
        place = columns[0].in_([key[0] for key in known]) if is_one else tuple_(*columns).in_(list(known))
        for row in await session.execute(statement.where(place)):
            for build, value in zip(builds, row[len(columns) :], strict=True):
                found[build][tuple(row[: len(columns)])] = value
    return found


def dumped(item: object, node: Node, include: dict[str, Any], computed: Computed) -> orjson.Fragment:
    """Return the JSON of an object, validated and serialized by the schema of `node`; `include` as `Node.include`."""
    view = View(item, node, computed)
    validated = node.schema.model_validate(view, from_attributes=True, by_name=True, by_alias=False)
    return orjson.Fragment(validated.model_dump_json(include=include, by_alias=True))


def _wanted(
    node: Node, items: Sequence[object]
) -> Iterator[tuple[type[object], Build, dict[tuple[object, ...], None]]]:
    keys = {inspect(item, raiseerr=True).identity: None for item in items}
    for part in node.parts:
        if not keys:
            return
        if isinstance(part, Expression):
            yield node.model, part.build, keys
        elif isinstance(part, Relation) and not part.is_flat:
            values = [getattr(item, part.key) for item in items]
            below = (
                [one for value in values for one in value]
                if part.is_list
                else [one for one in values if one is not None]
            )
            yield from _wanted(part.node, below)


def _leads_back(node: Node, above: tuple[Mapper[object], ...]) -> bool:
    """Return True if a nested object may be of the same table as one that it is nested in."""
    own = inspect(node.model).base_mapper
    parts = (part for part in node.parts if isinstance(part, Relation))
    return own in above or any(_leads_back(part.node, (*above, own)) for part in parts)
