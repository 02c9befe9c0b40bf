"""Pages of a list by `limit` and `offset`."""

from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import Request
from pydantic import Field
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from project.api.resources.query import repeated
from project.api.schemas import LARGEST_ID, Page, Schema, SchemaT


class PageQuery(Schema):
    """The parameters every list understands; a list's filters are the fields of a subclass.

    Ask for it with `Annotated[PostQuery, Query()]`: parameters it does not know are answered with 422.
    """

    limit: Annotated[int, Field(ge=1, le=100, description="How many a page holds.")] = 20
    offset: Annotated[int, Field(ge=0, le=LARGEST_ID, description="How many to pass over.")] = 0
    count: Annotated[bool, Field(description="Whether to answer the `total`, which costs a second query.")] = False


async def paginate(
    session: AsyncSession, statement: Select[Any], query: PageQuery, request: Request, schema: type[SchemaT]
) -> Page[SchemaT]:
    """One page of what `statement` selects, each row as a `schema`, with the URLs of its neighbours.

    `statement` selects one entity, in a total order, and loads what `schema` reads. Costs one statement (and those of
    its loaders), two if the total is asked for. Raises InvalidInputError for a parameter that comes twice.
    """
    _refuse_repeated(query, request)
    limited = statement.limit(query.limit + 1).offset(query.offset)  # one more tells whether there is a next page
    rows = (await session.scalars(limited)).all()
    has_next = len(rows) > query.limit
    return Page(
        items=[schema.model_validate(row) for row in rows[: query.limit]],
        total=await _count(session, statement) if query.count else None,
        next=_url(request, query.offset + query.limit) if has_next else None,
        previous=_url(request, max(0, query.offset - query.limit)) if query.offset else None,
    )


def _refuse_repeated(query: PageQuery, request: Request) -> None:
    # FastAPI takes the last of several without a word.
    names = [name for name, _ in request.query_params.multi_items()]
    twice = {name for name in names if names.count(name) > 1 and not isinstance(getattr(query, name, None), list)}
    if twice:
        raise repeated(twice)


async def _count(session: AsyncSession, statement: Select[Any]) -> int:
    everything = statement.order_by(None).subquery()
    return (await session.scalars(select(func.count()).select_from(everything))).one()


def _url(request: Request, offset: int) -> str:
    parameters = [(name, value) for name, value in request.query_params.multi_items() if name != "offset"]
    # Starlette's request.url leaves the path as the client's decoded text: a tag named "100%" would break the link.
    path = quote(request.scope["path"])
    return str(request.base_url.replace(path=path, query=urlencode([*parameters, ("offset", str(offset))])))
