"""The probes of load balancers and orchestrators."""

from typing import Literal, Protocol

from fastapi import APIRouter, Request
from pydantic import BaseModel

from dovetail.api.front.endpoint import with_fast_path
from dovetail.api.front.fast_path import FastJSONResponse
from dovetail.state import StateKey

router = APIRouter(prefix="/health", tags=["health"])


class Readiness(Protocol):
    """Knows whether the site can do its work (dovetail.migrations.readiness)."""

    async def check(self) -> None:
        """Raise UnavailableError, with what is the matter, if it cannot."""


READINESS = StateKey[Readiness]("readiness")


class Health(BaseModel):
    """All is well; otherwise the answer is a problem."""

    status: Literal["ok"] = "ok"


ALIVE = Health().model_dump_json().encode()


async def _answer_live(_request: Request) -> FastJSONResponse:
    return FastJSONResponse(ALIVE)


@router.get("/live")
@with_fast_path(_answer_live)
async def get_liveness() -> Health:
    """Say that the process runs; the database is not asked."""
    return Health()


@router.get("/ready")
async def get_readiness(request: Request) -> Health:
    """Say that requests can be served: the database answers within two seconds, takes changes and has
    every migration and table.

    Otherwise the answer says which of them is not so. It may be a second old.
    """
    await READINESS.get(request.app).check()
    return Health()
