"""Declare widgets of the index page of a back office: plugins list them at the extension point `admin.dashboard`.

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

STAFF = "staff"  # instead of a permission: all users of the back office, for data that needs no policy
Row: TypeAlias = Sequence[object]
Values: TypeAlias = Mapping[str, object]
Statement: TypeAlias = AnySelect | Callable[[Request], AnySelect]


@dataclass(frozen=True, kw_only=True)
class Widget:
    """A widget of the index page; a subclass has a `template`, which gets the result of `values`."""

    title: str
    template: str
    statement: Statement | None = None
    permission: str | None = None  # "shop.view_order", or STAFF; None: that of the views of `models`
    models: Sequence[type[object]] = ()  # the models that the statement reads
    rule: str = "view"  # a rule of the policy of the first model
    seconds: float = 60  # for which the rows are cached
    timeout: float = 2  # maximum seconds of the statement
    limit: int = 10  # rows
    is_small: ClassVar[bool] = False

    def select(self, request: Request) -> AnySelect | None:
        """Return the statement without policies and limits; None if the widget has none."""
        return self.statement(request) if callable(self.statement) else self.statement

    def bounded(self, statement: AnySelect) -> AnySelect:
        """Return a statement limited to the rows that are shown."""
        return statement.limit(self.limit)

    async def completed(self, request: Request, session: AsyncSession, rows: Sequence[Row]) -> Sequence[Row]:  # noqa: ARG002 - for subclasses that override it
        """Return the rows with the results of further statements; called only for a widget with `seconds` of 0."""
        return rows

    def values(self, request: Request, rows: Sequence[Row]) -> Values | None:  # noqa: ARG002 - for subclasses that override it
        """Return the context of the template for the rows and the user of a request; None to hide the widget."""
        return {"rows": rows}


def tables_of(models: Sequence[type[object]]) -> Iterator[object]:
    """Yield the tables that a statement on these models may read: their own, and secondary tables between them."""
    for model in models:
        mapper: Mapper[object] = inspect(model)
        yield from mapper.tables
        yield from (one.secondary for one in mapper.relationships if one.secondary is not None)
