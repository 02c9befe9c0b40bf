"""Endpoints that fail, each in its own way."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any, Self

from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from sqlalchemy import text

from dovetail.database.session import SessionDep
from dovetail.errors import ConflictError, FieldError, InvalidInputError, NotFoundError
from tests.probe.models import Item

router = APIRouter(prefix="/mistakes")


@dataclass(frozen=True)
class SlowWrite:
    """How far a request is that writes slowly, and whether it may go on."""

    has_written: asyncio.Event
    may_end: asyncio.Event

    @classmethod
    def of(cls, app: FastAPI) -> Self:
        """The next one of an application."""
        app.state.slow_write = made = cls(asyncio.Event(), asyncio.Event())
        return made


SECRET = "hunter2-is-the-secret"


@router.get("/dovetail-error")
async def raise_dovetail_error() -> None:
    raise InvalidInputError("The colours clash.", errors=[FieldError(pointer="/colour", detail="too loud")])


@router.get("/not-found")
async def raise_not_found() -> None:
    raise NotFoundError


@router.get("/http-exception/{status}")
async def raise_http_exception(status: int) -> None:
    raise HTTPException(status, headers={"X-Reason": "because"})


@router.get("/http-exception-from-os-error/{number}")
async def raise_http_exception_from_os_error(number: int) -> None:
    raise HTTPException(404) from OSError(number, "of a file of a plugin")


@router.get("/http-exception-with-data")
async def raise_http_exception_with_data() -> None:
    raise HTTPException(409, detail={"code": "TAKEN"})


@router.get("/bug")
async def raise_bug() -> None:
    logging.getLogger("dovetail.probe").warning("about to fail")
    raise RuntimeError(f"could not log in with {SECRET}")


@router.get("/task-group")
async def raise_in_task_group() -> None:
    async def fail() -> None:
        raise ConflictError("Both want the same.")

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(fail())


@router.get("/file")
async def raise_os_error() -> None:
    raise FileNotFoundError(f"/etc/{SECRET}")


@router.get("/other-service")
async def raise_connection_error() -> None:
    raise ConnectionRefusedError(111, f"some other service at {SECRET}")


@router.get("/sql")
async def run_bad_sql(session: SessionDep) -> None:
    await session.execute(text(f"SELECT '{SECRET}' FROM no_such_table"))


@router.get("/lazy-load/{item_id}")
async def load_lazily(item_id: int, session: SessionDep) -> str:
    item = await session.get(Item, item_id)
    assert item is not None
    return item.parent.name if item.parent else ""


@router.post("/write-then-raise/{kind}")
async def write_then_raise(kind: str, session: SessionDep) -> None:
    session.add(Item(name="never to be seen"))
    await session.flush()
    raise {"http": HTTPException(400), "dovetail": ConflictError(), "bug": RuntimeError(SECRET)}[kind]


@router.post("/write-then-return-error")
async def write_then_return_error(session: SessionDep) -> JSONResponse:
    session.add(Item(name="committed all the same"))
    return JSONResponse({}, 400)


@router.post("/write-slowly")
async def write_slowly(session: SessionDep, request: Request) -> dict[str, Any]:
    session.add(Item(name="written slowly"))
    await session.flush()
    slow: SlowWrite = request.app.state.slow_write
    slow.has_written.set()
    await slow.may_end.wait()
    return {}


@router.post("/stale/{item_id}")
async def write_stale(item_id: int, session: SessionDep) -> None:
    item = await session.get(Item, item_id)
    assert item is not None
    await session.execute(text("UPDATE probe_item SET version = version + 1"))
    item.size += 1
    await session.flush()
