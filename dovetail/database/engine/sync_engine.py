"""A synchronous engine for commands on SQLite, where asyncio would cost a thread switch per statement."""

from pathlib import Path

from sqlalchemy import Engine, NullPool, create_engine

from dovetail.database.engine.moments import use_portable_datetimes
from dovetail.database.engine.portable_values import use_portable_types
from dovetail.database.engine.reflected_types import reflect_all_types
from dovetail.database.engine.sqlite_transactions import use_real_transactions
from dovetail.database.engine.urls import database_url
from dovetail.settings import Settings

SQLITE_BUSY_TIMEOUT = 5.0  # seconds a writer waits for another writer


def create_sync_engine(settings: Settings) -> Engine:
    """Make an engine for the SQLite file of `settings` that behaves as the application's own does."""
    url = database_url(settings).set(drivername="sqlite")
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        poolclass=NullPool,
        echo=settings.database_echo,
        hide_parameters=True,
        connect_args={"timeout": SQLITE_BUSY_TIMEOUT},
    )
    use_real_transactions(engine)
    use_portable_datetimes(engine)
    use_portable_types(engine)
    reflect_all_types(engine)
    return engine
