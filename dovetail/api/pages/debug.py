"""Show an operator why the site is slow."""

import os

from fastapi import APIRouter, Request
from pydantic import BaseModel

from dovetail.api.principal import StaffDep
from dovetail.database.pool.fair_pool import pool_statistics
from dovetail.database.pool.statistics import PoolStatistics
from dovetail.database.unit_of_work import DATABASE
from dovetail.errors import NotFoundError

router = APIRouter(prefix="/debug", tags=["debug"])


class PoolReport(BaseModel):
    """The connection pool of one process; each worker has its own."""

    process: int
    database: str
    pool: PoolStatistics


@router.get("/pool", responses={401: {}, 403: {}, 404: {}})
async def get_pool(request: Request, _staff: StaffDep) -> PoolReport:
    """Show the connection pool of the process that answers; it works while the pool is exhausted."""
    database = DATABASE.get(request.app)
    statistics = pool_statistics(database.engine)
    if statistics is None:
        raise NotFoundError("A database in memory has one connection and no pool.")
    return PoolReport(process=os.getpid(), database=database.engine.dialect.name, pool=statistics)
