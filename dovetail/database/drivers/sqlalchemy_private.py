"""Every private or undocumented part of SQLAlchemy that Dovetail uses, one function or class each.

Those of statements and types are in sqlalchemy_private_statements.py, all others here. SQLAlchemy is pinned to one
minor version; tests with the same names in tests/database/drivers fail when one of these parts changes.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from time import monotonic, time
from typing import Any, TypeVar, cast
from weakref import ref

from greenlet import getcurrent
from sqlalchemy import (
    AsyncAdaptedQueuePool,
    Connection,
    Dialect,
    Engine,
    exc,
)
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.event.attr import _EmptyListener
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import Mapper, Session, decl_base
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.orm.mapper import _event_on_init
from sqlalchemy.orm.state import InstanceState
from sqlalchemy.pool import ConnectionPoolEntry, ManagesConnection, Pool, PoolProxiedConnection
from sqlalchemy.pool.base import _ConnectionFairy
from sqlalchemy.util import await_only, greenlet_spawn, queue

from dovetail.state import InfoKey

T = TypeVar("T")
RETURNED_AT = InfoKey[float]("returned_at")
Ping = Callable[[object], bool]

run_in_greenlet = greenlet_spawn  # runs a function that may block, such as SQLAlchemy's, within an event loop
wait_in_greenlet = await_only  # waits for a coroutine in such a function
PoolQueue = queue.QueueCommon  # the base class of a pool's queue of idle connections
QueueEmpty = queue.Empty
QueueFull = queue.Full
AsyncpgError = AsyncAdapt_asyncpg_dbapi.Error  # the base class of the errors that the dialect wraps asyncpg's in


class QueuePool(AsyncAdaptedQueuePool):
    """SQLAlchemy's pool, with public names for the private parts that a subclass needs.

    `queue_class` is the class of the queue of idle connections. RETURNED_AT, in a connection's info, is the time of its
    last return by the monotonic clock.
    """

    queue_class: type[PoolQueue[Any]] = AsyncAdaptedQueuePool._queue_class  # noqa: SLF001 - there is no public name for it

    def __init_subclass__(cls) -> None:
        cls._queue_class = cls.queue_class

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.idle: Any = self._pool  # a queue_class with the idle connections
        self.max_overflow, self.recycle, self.pre_ping = self._max_overflow, self._recycle, self._pre_ping

    def is_exhausted(self) -> bool:
        """Return True if a caller would have to wait for a connection now."""
        return bool(self.idle.empty()) and self._overflow >= self._max_overflow

    def is_usable_as_it_lies(self, record: ConnectionPoolEntry) -> bool:
        """Return True if SQLAlchemy would hand out this connection without renewing it or calling listeners."""
        entry: Any = record
        return not (
            self.dispatch.checkout
            or self.dispatch.reset
            or self.dispatch.checkin
            or entry._is_hard_or_soft_invalidated()  # noqa: SLF001 - what SQLAlchemy itself asks
            or 0 <= self._recycle < time() - entry.starttime
        )

    async def give_back(self, taken: ManagesConnection) -> None:
        """Return a connection without an open transaction, taken from `idle` or by `connect`, to the pool.

        It is closed if the queue of idle connections is full, as after a burst that used the overflow.
        """
        is_full = self.idle.full()
        if isinstance(taken, ConnectionPoolEntry) and not is_full:
            taken.info[RETURNED_AT] = monotonic()
            self.idle.put(taken, False)  # noqa: FBT003 - SQLAlchemy's signature; as `_do_return_conn` does in a few calls more
            return
        put = self._do_return_conn if isinstance(taken, ConnectionPoolEntry) else close_unused
        if is_full:
            await run_in_greenlet(put, taken)  # closing waits
        else:
            put(taken)  # type: ignore[arg-type]  # of one kind or the other, as `put` is

    def needs_no_ping(self, record: ConnectionPoolEntry) -> bool:  # noqa: ARG002 - for subclasses
        """Return True if a connection is handed out without a ping, although the pool is set to ping."""
        return False

    def _do_get(self) -> ConnectionPoolEntry:
        record = super()._do_get()
        if self.needs_no_ping(record):
            cast("Any", record).fresh = True  # SQLAlchemy pings what is not fresh
        return record

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        record.info[RETURNED_AT] = monotonic()
        super()._do_return_conn(record)


def close_unused(connection: ManagesConnection) -> None:
    """Return a connection to its pool without a ROLLBACK; it must have no open transaction."""
    proxied: Any = connection
    if proxied.is_valid:  # not thrown away
        proxied._checkin(transaction_was_reset=True)  # noqa: SLF001 - what SQLAlchemy's Connection.close() calls


def invalidate_older(pool: Pool, managed: ManagesConnection) -> None:
    """Make `pool` replace all connections as old as `managed` or older when they are next taken."""
    record: Any = getattr(managed, "_connection_record", managed)
    if pool._invalidate_time < record.starttime:  # noqa: SLF001 - as SQLAlchemy itself does
        pool._invalidate_time = time()  # noqa: SLF001 - see above


def set_ping(engine: Engine, ping: Ping) -> None:
    """Make the pool of `engine` use `ping`, called with the adapted connection, to test whether a connection works."""
    engine.dialect.do_ping = ping  # type: ignore[method-assign,assignment]  # no event comes before a ping


def statement_listeners(engine: Engine) -> Collection[Callable[..., object]]:
    """Return the listeners of `before_cursor_execute` on `engine`."""
    listeners: Collection[Callable[..., object]] = engine.dispatch.before_cursor_execute
    return listeners


def connection_on(engine: Engine, managed: ManagesConnection) -> Connection:
    """Return a Connection, without a transaction, on a pooled connection."""
    return Connection(engine, connection=cast("Any", managed))


def proxy_of(pool: Pool, managed: ManagesConnection) -> PoolProxiedConnection:
    """Return the proxy that a Connection needs, for a connection from the idle queue or from `pool.connect`."""
    if not isinstance(managed, ConnectionPoolEntry):
        return cast("PoolProxiedConnection", managed)
    record: Any = managed
    # As _ConnectionRecord.checkout() does.
    proxied = _ConnectionFairy(pool, record.dbapi_connection, record, echo=False)
    record.fairy_ref, proxied._counter = ref(proxied), 1  # noqa: SLF001 - see above
    return proxied


def has_begun(managed: ManagesConnection) -> bool:
    """Return True if a connection has an asyncpg transaction, begun by its adapter or by `begin_transaction`."""
    return getattr(managed.dbapi_connection, "_transaction", None) is not None


async def begin_transaction(managed: ManagesConnection) -> None:
    """Begin the asyncpg transaction that the adapter would begin before its first statement. Raise asyncpg's errors."""
    await cast("Any", managed.dbapi_connection)._start_transaction()  # noqa: SLF001 - there is no public name for it


async def commit_transaction(managed: ManagesConnection) -> None:
    """Commit that transaction, as the adapter's `commit` does in a greenlet. Raise asyncpg's errors."""
    await _end(managed, "commit")


async def rollback_transaction(managed: ManagesConnection) -> None:
    """Roll that transaction back. Raise asyncpg's errors."""
    await _end(managed, "rollback")


def raise_as_dbapi_error(adapter: object, error: Exception) -> None:
    """Raise the dialect's DBAPI error for a driver's error; return if the dialect has none for it."""
    cast("Any", adapter)._handle_exception(error)  # noqa: SLF001 - how the dialect turns driver errors into DBAPI errors


def as_sqlalchemy_error(sql: str, error: Exception, dialect: Dialect, *, is_lost: bool) -> Exception:
    """Return the error that an engine raises for a DBAPI error, such as `exc.IntegrityError`, without parameters."""
    kind: Any = exc.DBAPIError
    found: Exception = kind.instance(
        sql,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=is_lost,
        dialect=dialect,
    )
    return found


def may_block() -> bool:
    """Return True if the code runs in a greenlet of `greenlet_spawn`, where SQLAlchemy can wait for coroutines."""
    return hasattr(getcurrent(), "__sqlalchemy_greenlet_provider__")


class LateSession(AsyncSession):
    """A session as `sessions` makes it, whose SQLAlchemy part is created on first use.

    Most writes by compiled statements never use it. `info` and the session class are available from the start.
    """

    info: dict[object, object] = {}  # noqa: RUF012 - replaces the property, which would create SQLAlchemy's part

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self._options = sessions.kw
        self.info = dict(sessions.kw.get("info") or {})
        self.sync_session_class = sessions.kw.get("sync_session_class", Session)

    def __getattr__(self, name: str) -> object:
        """Create SQLAlchemy's part, which has all other attributes."""
        if is_made(self):
            raise AttributeError(name)
        AsyncSession.__init__(self, **self._options)
        self.sync_session.__dict__["info"] = self.info
        return getattr(self, name)


def is_made(session: AsyncSession) -> bool:
    """Return True if SQLAlchemy's part of a session has been created; this does not create it."""
    return "sync_session" in session.__dict__


def has_connected(session: AsyncSession) -> bool:
    """Return True if the session has run a statement; adding an object alone does not connect."""
    if not is_made(session):
        return False
    transaction = session.sync_session.get_transaction()
    return transaction is not None and bool(transaction._connections)  # noqa: SLF001 - there is no public name for it


def has_changes(session: AsyncSession) -> bool:
    """Return True if a flush may have something to write; cheaper than `new`, `dirty` and `deleted`."""
    return is_made(session) and not session.sync_session._is_clean()  # noqa: SLF001 - what Session.flush() asks


def mark_written(session: AsyncSession, items: Iterable[object]) -> None:
    """Mark objects of a session as unmodified: their current values have been written to their rows."""
    found = [(instance_state(item), vars(item)) for item in items]
    InstanceState._commit_all_states(found, session.sync_session.identity_map)  # noqa: SLF001 - as after a flush


def add_loaded(session: Session, item: object, identity: Any) -> None:
    """Attach an object to `session` as the ORM attaches loaded ones; `session.add` would begin a transaction."""
    state = instance_state(item)
    state.key, state.session_id = identity, session.hash_key
    session.identity_map._add_unpresent(state, identity)  # noqa: SLF001 - see above


def set_identity(item: object, identity: Any) -> None:
    """Make an object detached: loaded, but in no session, so that reading an unloaded attribute raises."""
    instance_state(item).key = identity


def has_own_init(mapper: Mapper[object]) -> bool:
    """Return True if a mapped class has an `__init__` other than SQLAlchemy's, its own or an inherited one."""
    return own_init(mapper) is not decl_base._declarative_constructor  # noqa: SLF001 - there is no public name for it


def own_init(mapper: Mapper[object]) -> Callable[..., None]:
    """Return the `__init__` of a mapped class as it was written, without SQLAlchemy's wrappers."""
    found = mapper.class_manager.original_init
    while (inner := getattr(found, "_sa_original_init", None)) is not None:
        found = inner
    return cast("Callable[..., None]", found)


async def _end(managed: ManagesConnection, how: str) -> None:
    adapter = cast("Any", managed.dbapi_connection)
    await adapter._call_and_discard(getattr(adapter._transaction, how))  # noqa: SLF001 - see above


class ListenerCheck:
    """Tells, at almost no cost, whether certain events have listeners, which may be added at any time.

    `places` are event targets, such as a mapper, each with the name of an event; `sessions` are session classes with
    the name of an event. `made` is a mapper whose `init` event is included; SQLAlchemy's own listener does not count.
    """

    def __init__(
        self,
        places: Sequence[tuple[object, str]],
        sessions: Sequence[tuple[type[Session], str]],
        made: Mapper[object] | None = None,
    ) -> None:
        self._targets = [getattr(target, "dispatch") for target, _ in places]  # noqa: B009 - types know of no dispatch
        self._events = [event for _, event in places]
        quiet = self._listeners()
        self._of_classes = [*[one.parent_listeners for one in quiet], *[_of_class(*one) for one in sessions]]
        self._quiet = quiet if all(type(one) is _EmptyListener for one in quiet) else None
        self._made = None if made is None else made.class_manager.dispatch
        makers = () if self._made is None else self._made.init
        self._own = sum(one is _event_on_init for one in makers)

    def has_listeners(self) -> bool:
        """Return True if one of the events has a listener."""
        found = self._listeners()
        if any(self._of_classes) or (found != self._quiet and any(found)):  # with listeners, `dispatch` has new objects
            return True
        makers = None if self._made is None else self._made.init
        return makers is not None and len(makers.listeners) + len(makers.parent_listeners) > self._own

    def _listeners(self) -> "list[_EmptyListener[Mapper[object]]]":
        return list(map(getattr, self._targets, self._events))


def _of_class(session_class: type[Session], event: str) -> Collection[object]:
    """Return the collection of a session class's listeners, to which later ones are added as well."""
    level = getattr(session_class.dispatch, event)
    if session_class not in level._clslevel:  # noqa: SLF001 - there is no public name for it
        level.update_subclass(session_class)
    return cast("Collection[object]", level._clslevel[session_class])  # noqa: SLF001 - see above
