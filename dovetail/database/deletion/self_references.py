"""Save and delete objects that refer to themselves: the ORM cannot bring their rows into an order.

A person may be their own boss. What the ORM knows of such a relation is written to its columns instead.
"""

from collections.abc import Iterator

from sqlalchemy import Column, inspect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import MANYTOONE, Mapper, RelationshipProperty


def refer_by_columns(obj: object) -> None:
    """Write the references of an object to itself to its columns, and forget the relations, to save it."""
    mapper: Mapper[object] = inspect(type(obj))
    for relation in _to_itself(mapper):
        if obj.__dict__.get(relation.key) is not obj:
            continue
        for own, other in relation.local_remote_pairs or ():
            setattr(obj, _name(mapper, own), getattr(obj, _name(mapper, other)))
        inspect(obj, raiseerr=True).session.expire(obj, [relation.key])


async def refer_no_more(session: AsyncSession, obj: object) -> None:
    """Set the references of an object to itself to NULL where they may be, to delete it."""
    mapper: Mapper[object] = inspect(type(obj))
    found = [relation for relation in _to_itself(mapper) if _refers(mapper, relation, obj)]
    if not found:
        return
    for relation in found:
        for own, _ in relation.local_remote_pairs or ():
            setattr(obj, _name(mapper, own), None)
    session.expire(obj, [relation.key for relation in mapper.relationships if relation.mapper is mapper])
    await session.flush()


def _to_itself(mapper: Mapper[object]) -> Iterator[RelationshipProperty[object]]:
    """Yield the relations to another row of the same table whose columns may be NULL."""
    for relation in mapper.relationships:
        own = [pair[0] for pair in relation.local_remote_pairs or ()]
        may_be_null = all(isinstance(one, Column) and one.nullable for one in own)
        if relation.direction is MANYTOONE and relation.mapper is mapper and may_be_null and not relation.viewonly:
            yield relation


def _refers(mapper: Mapper[object], relation: RelationshipProperty[object], obj: object) -> bool:
    pairs = relation.local_remote_pairs or ()
    return all(obj.__dict__.get(_name(mapper, own)) == obj.__dict__.get(_name(mapper, other)) for own, other in pairs)


def _name(mapper: Mapper[object], column: object) -> str:
    return str(mapper.get_property_by_column(column).key)  # type: ignore[arg-type]  # a Column, as `_to_itself` says
