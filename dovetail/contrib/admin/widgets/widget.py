"""Declare widgets: what the first page of a back office shows at a glance, as plugins bring it at `admin.dashboard`.

    extensions={"admin.dashboard": lazy("plugins.shop.dashboard:WAITING", "plugins.shop.dashboard:ORDERS")}

    WAITING = Figure(title="Orders to send", models=(Order,), where=Order.sent_at.is_(None), query={"sent": "no"})
    ORDERS = Chart(title="Orders a day", models=(Order,), per_day=Order.created_at)
    LATEST = Listing(
        title="Latest orders",
        models=(Order,),
        statement=select(Order.id.label("key"), Order.number.label("text")).order_by(Order.id.desc()),
    )

Each runs at most one statement on columns of `models`, limited to the rows that the user may view and to which they may
do `rule`. Users who may view no rows, or not read a column, do not see the widget; nor do those without `permission`,
if it is given. Results are cached for `seconds`, and shared by users for whom the policies yield the same statement.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapper
from starlette.requests import Request

from dovetail.contrib.admin.sqladmin_private import AnySelect

STAFF = "staff"  # a permission that everybody has who gets in: of what is their own, whatever the policies say
Row: TypeAlias = Sequence[object]
Values: TypeAlias = Mapping[str, object]
Statement: TypeAlias = AnySelect | Callable[[Request], AnySelect]


@dataclass(frozen=True, kw_only=True)
class Widget:
    """A part of the first page; one of a kind of its own has a `template`, which finds what `values` returns."""

    title: str
    template: str
    statement: Statement | None = None
    permission: str | None = None  # "shop.view_order", or STAFF; None: that of the views of `models`
    models: Sequence[type[object]] = ()  # that the statement reads
    rule: str = "view"  # of the policy of the first of them
    seconds: float = 60  # that the rows are kept
    timeout: float = 2  # seconds that the statement may take
    limit: int = 10  # rows
    is_small: ClassVar[bool] = False

    def select(self, request: Request) -> AnySelect | None:
        """Return what is asked, without policies and limits; None if it is no matter of the database."""
        return self.statement(request) if callable(self.statement) else self.statement

    def bounded(self, statement: AnySelect) -> AnySelect:
        """Return a statement that reads no more than is shown."""
        return statement.limit(self.limit)

    async def completed(self, request: Request, session: AsyncSession, rows: Sequence[Row]) -> Sequence[Row]:  # noqa: ARG002 - for those who override it
        """Return the rows with what further statements find; asked of a widget alone that is kept for no `seconds`."""
        return rows

    def values(self, request: Request, rows: Sequence[Row]) -> Values | None:  # noqa: ARG002 - for those who override it
        """Return what the template shows of the rows to the user of a request; None: the widget is left out."""
        return {"rows": rows}


def tables_of(models: Sequence[type[object]]) -> Iterator[object]:
    """Yield the tables that a statement may read which reads these models: theirs, and those between them."""
    for model in models:
        mapper: Mapper[object] = inspect(model)
        yield from mapper.tables
        yield from (one.secondary for one in mapper.relationships if one.secondary is not None)
