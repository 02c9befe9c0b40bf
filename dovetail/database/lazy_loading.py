"""Refuse lazy loads, which cannot run under asyncio, with an error that names the relation and the option to add."""

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import ORMExecuteState

from dovetail.database.drivers.sqlalchemy_private import may_block
from dovetail.database.pool.writer_queue import QueueingSession
from dovetail.errors import DovetailError


class LazyLoadError(DovetailError):
    """An attribute was read that the query had not loaded."""


def refuse_lazy_loads(sessions: async_sessionmaker[AsyncSession]) -> None:
    """Make sessions of `sessions` raise LazyLoadError for a lazy load outside `run_sync` and `awaitable_attrs`."""

    class CheckedSession(QueueingSession):
        """A class for this application alone, so that the listener concerns no other."""

    sessions.configure(sync_session_class=CheckedSession)
    event.listen(CheckedSession, "do_orm_execute", _check)


def _check(state: ORMExecuteState) -> None:
    if not state.is_select or state.lazy_loaded_from is None or may_block():
        return
    mapper = state.lazy_loaded_from.mapper
    path = state.loader_strategy_path
    name = str(getattr(path[1], "key", "relation")) if path is not None and len(path) > 1 else "relation"
    entity = mapper.class_.__name__
    raise LazyLoadError(
        f"{entity}.{name} was read but not loaded. Add .options(selectinload({entity}.{name})) to the query "
        f"(joinedload for a many-to-one), or await {entity.lower()}.awaitable_attrs.{name}."
    )
