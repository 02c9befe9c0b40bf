"""What load balancers and orchestrators ask."""

import asyncio
from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from project.api.quick import QuickResponse
from project.database.session import Database
from project.errors import UnavailableError

READY_TIMEOUT = 2.0  # seconds

router = APIRouter(prefix="/health", tags=["health"])


class Health(BaseModel):
    """All is well; otherwise the answer is a problem."""

    status: Literal["ok"] = "ok"


ALIVE = Health().model_dump_json().encode()


@router.get("/live")
async def get_liveness() -> Health:
    """Say that the process runs; the database is not asked."""
    return Health()


async def _live_quickly(_request: Request) -> QuickResponse:
    return QuickResponse(ALIVE)


get_liveness.quick = _live_quickly  # type: ignore[attr-defined]  # QuickMiddleware looks for it


@router.get("/ready")
async def get_readiness(request: Request) -> Health:
    """Say that requests can be served: the database answers within two seconds.

    It is asked on a connection of its own: a busy pool is no reason to send this process's load to the others.
    """
    database: Database = request.app.state.database
    try:
        async with asyncio.timeout(READY_TIMEOUT), database.outside_the_pool() as session:
            await session.execute(select(1))
    except (SQLAlchemyError, TimeoutError) as error:
        raise UnavailableError("The database does not answer.") from error
    return Health()
