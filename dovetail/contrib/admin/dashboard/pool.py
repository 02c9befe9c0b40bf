"""The value of a widget about the process: the number of pool connections in use."""

from starlette.applications import Starlette

from dovetail.contrib.admin.widgets.kinds import Figure
from dovetail.database.pool.fair_pool import pool_statistics
from dovetail.database.unit_of_work import DATABASE
from dovetail.translation.texts import gettext_lazy


def connections_in_use(app: Starlette) -> str | None:
    """Return the numbers of connections in use and in all, as text; None without a pool."""
    found = pool_statistics(DATABASE.get(app).engine)
    if found is None:
        return None
    return f"{found.checked_out} / {found.size + found.max_overflow}"


POOL = Figure(
    title=gettext_lazy("Connections in use"),
    permission="admin.view_pool",
    value=connections_in_use,
    note=gettext_lazy("of this process"),
    seconds=1,
)
