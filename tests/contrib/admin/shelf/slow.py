"""A view of stamps on which the database works for a minute, whatever is asked of it."""

from collections.abc import Sequence
from typing import Any, ClassVar

from sqlalchemy import Boolean, Select, func, select, update
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from starlette.requests import Request

from dovetail.contrib.admin.views import ModelAdmin, action
from tests.contrib.admin.shelf.models import Stamp


class slowly(FunctionElement[bool]):  # noqa: N801 - it is used as a function
    """True, after a minute."""

    type = Boolean()
    inherit_cache = True


@compiles(slowly, "postgresql")
def _sleep(_element: slowly, _compiler: Any, **_kwargs: Any) -> str:
    return "(SELECT count(*) > 0 FROM (SELECT pg_sleep(60)) AS slept)"


@compiles(slowly, "sqlite")
def _count(_element: slowly, _compiler: Any, **_kwargs: Any) -> str:
    numbers = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1000000000)"
    return f"({numbers} SELECT count(*) > 0 FROM n)"


class SlowStampAdmin(ModelAdmin, model=Stamp):
    """What is called slowly takes a minute; actions do so to rows that were found at once."""

    identity = "slow-stamp"
    list_display = ("motif",)
    search_fields = ("motif",)
    fields = ("motif",)
    autocomplete_fields: ClassVar[dict[str, Any]] = {}

    def rows(self, request: Request) -> Select[Any]:
        return select(Stamp) if "/action/" in request.url.path else select(Stamp).where(slowly())

    @action("stamp", "Stamp")
    async def stamp(self, request: Request, stamps: Sequence[Stamp]) -> str:
        session = self.session
        await session.execute(update(Stamp).values(motif="stamped"))
        await session.execute(update(Stamp).values(motif=func.upper(Stamp.motif)).where(slowly()))
        return "Stamped."
