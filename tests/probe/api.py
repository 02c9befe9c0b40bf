"""Endpoints as a plugin author writes them who knows FastAPI and nothing of hostile input."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Form, HTTPException, Path
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse
from pydantic import BaseModel, Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.database.session import SessionDep, StreamSessionsDep
from tests.probe.models import Item

router = APIRouter()


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


class ItemIn(BaseModel):
    name: str
    size: int = 0
    price: float = 0.0
    due: datetime | None = None
    parent_id: int | None = None
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None
    numbers: list[int] = []


def read(item: Item) -> dict[str, Any]:
    return {key: getattr(item, key) for key in ("id", "name", "size", "price", "due", "parent_id", "created_at")}


@router.post("/items", status_code=201)
async def create_item(data: ItemIn, session: SessionDep) -> dict[str, Any]:
    item = Item(**data.model_dump(exclude={"pet", "numbers"}))
    session.add(item)
    await session.flush()
    return read(item)


@router.get("/items/{item_id}")
async def get_item(item_id: int, session: SessionDep) -> dict[str, Any]:
    item = await session.get(Item, item_id)
    if item is None:
        raise HTTPException(404)
    return read(item)


@router.get("/items")
async def find_items(session: SessionDep, name: str = "", size: int = 0) -> list[dict[str, Any]]:
    found = await session.scalars(select(Item).where(Item.name == name, Item.size >= size))
    return [read(item) for item in found]


@router.post("/items/{item_id}/increment")
async def increment_item(item_id: int, session: SessionDep) -> int:
    item = await session.get(Item, item_id, with_for_update=True)
    assert item is not None
    item.size += 1
    return item.size


@router.post("/echo")
async def echo(data: Annotated[Any, Body()]) -> Any:
    return data


@router.post("/forms")
async def create_item_by_form(name: Annotated[str, Form()], session: SessionDep) -> dict[str, Any]:
    session.add(item := Item(name=name))
    await session.flush()
    return read(item)


async def get_first(session: SessionDep) -> AsyncSession:
    return session


async def get_second(session: SessionDep) -> AsyncSession:
    return session


@router.get("/same-session")
async def compare_sessions(
    first: Annotated[AsyncSession, Depends(get_first)],
    second: Annotated[AsyncSession, Depends(get_second)],
    session: SessionDep,
) -> bool:
    return first is second is session


@router.post("/stream")
async def stream_from_closed_session(session: SessionDep) -> StreamingResponse:
    async def lines():
        yield "begun\n"
        yield str(await session.scalar(select(Item.id)))

    return StreamingResponse(lines())


@router.get("/ticks", response_class=EventSourceResponse)
async def stream_ticks(sessions: StreamSessionsDep) -> AsyncIterator[int]:
    while True:
        async with sessions() as session:
            found = await session.scalar(select(func.count()).select_from(Item))
        yield found or 0
        await asyncio.sleep(0.05)


@router.get("/held-ticks")
async def stream_ticks_with_a_connection_in_hand(sessions: StreamSessionsDep) -> StreamingResponse:
    async def ticks() -> AsyncIterator[str]:
        async with sessions() as session:
            while True:
                count = await session.scalar(select(func.count()).select_from(Item))
                yield f"data: {count}\n:{'more than a slow client takes' * 40_000}\n\n"

    return StreamingResponse(ticks(), media_type="text/event-stream")


@router.post("/lines")
async def stream_written_lines(sessions: StreamSessionsDep, count: int) -> StreamingResponse:
    async def lines() -> AsyncIterator[str]:
        for number in range(count):
            async with sessions() as session:
                session.add(Item(name=f"line {number}"))
            yield f"{number}\n"
        async with sessions() as session:
            session.add(Item(name="never to be seen"))
            await session.flush()
            raise RuntimeError("in the middle of it")

    return StreamingResponse(lines())


@router.get("/reflect/{text}")
async def reflect(text: Annotated[str, Path()]) -> str:
    return text
