"""Check the settings of the database."""

from collections.abc import Iterator
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from dovetail.plugin import CheckMessage, error, warning
from dovetail.settings import Settings
from dovetail.validators import is_local

ENCRYPTED = frozenset({"require", "verify-ca", "verify-full", "true", "1"})
OWNERS = frozenset({"postgres", "root", "admin", "rdsadmin", "azuresu", "cloudsqlsuperuser"})
GUESSED = frozenset({"", "postgres", "password", "secret", "admin", "root", "changeme", "example", "test", "1234"})
LONGEST_WAIT = 30  # seconds for a connection; proxies give up after a minute
LONGEST_STATEMENT = 300  # seconds
USE_POSTGRESQL = "use PostgreSQL: DATABASE_URL=postgresql://user:password@host/name"


def check_database(settings: Settings) -> Iterator[CheckMessage]:
    """Every finding; the password is in none."""
    url = urlsplit(settings.database_url.get_secret_value())
    yield from _check_sqlite(url) if url.scheme.startswith("sqlite") else _check_postgresql(url)
    if settings.database_echo:
        yield warning("kernel.W022", "DATABASE_ECHO is on: every statement is logged.", "set DATABASE_ECHO=false")
    yield from _check_pool(settings)


def _check_sqlite(url: SplitResult) -> Iterator[CheckMessage]:
    if url.path.strip("/") in ("", ":memory:") or "mode=memory" in url.query:
        yield error(
            "kernel.E020",
            "DATABASE_URL names a database in memory: each process has another, and all is gone when it ends.",
            USE_POSTGRESQL,
        )
    else:
        yield warning(
            "kernel.W020",
            "DATABASE_URL names an SQLite file: one machine only, and one writer at a time, however many workers.",
            USE_POSTGRESQL,
        )


def _check_postgresql(url: SplitResult) -> Iterator[CheckMessage]:
    options = parse_qs(url.query)
    hosts = [url.hostname, *options.get("host", ())]
    modes = options.get("ssl") or options.get("sslmode") or [""]
    if not all(is_local(host) for host in hosts) and modes[-1].lower() not in ENCRYPTED:
        yield warning(
            "kernel.W021",
            "The connection to the database on another machine is not required to be encrypted.",
            "add ?ssl=verify-full, or at least ?ssl=require, to DATABASE_URL",
        )
    user, password = unquote(url.username or ""), unquote(url.password or "")
    if user in OWNERS:
        yield warning(
            "kernel.W026",
            f"The site connects to the database as {user}, who may do everything there.",
            "make a user that owns this database only",
        )
    if not all(is_local(host) for host in hosts) and password.lower() in {*GUESSED, user.lower()}:
        yield warning(
            "kernel.W025",
            "The password of the database can be guessed, or there is none.",
            "give its user a random one",
        )


def _check_pool(settings: Settings) -> Iterator[CheckMessage]:
    if not settings.database_pool_pre_ping:
        yield warning(
            "kernel.W023",
            "DATABASE_POOL_PRE_PING is off: after a restart of the database each pooled connection fails one request.",
            "set DATABASE_POOL_PRE_PING=true",
        )
    if settings.database_pool_timeout > LONGEST_WAIT:
        yield warning(
            "kernel.W027",
            f"DATABASE_POOL_TIMEOUT is {settings.database_pool_timeout:g} seconds: requests pile up where a quick 503 "
            "would let others pass.",
            f"set DATABASE_POOL_TIMEOUT to {LONGEST_WAIT} or less",
        )
    is_sqlite = settings.database_url.get_secret_value().startswith("sqlite")
    if settings.database_lock_timeout >= settings.database_pool_timeout and not is_sqlite:
        yield warning(
            "kernel.W059",
            f"DATABASE_LOCK_TIMEOUT is {settings.database_lock_timeout:g} seconds, and DATABASE_POOL_TIMEOUT is "
            f"{settings.database_pool_timeout:g}: a locked table keeps connections until those who wait give up.",
            "set DATABASE_LOCK_TIMEOUT below DATABASE_POOL_TIMEOUT",
        )
    if settings.database_command_timeout > LONGEST_STATEMENT:
        yield warning(
            "kernel.W028",
            f"DATABASE_COMMAND_TIMEOUT is {settings.database_command_timeout:g} seconds: a few slow statements hold "
            "every connection for that long.",
            f"set DATABASE_COMMAND_TIMEOUT to {LONGEST_STATEMENT} or less",
        )
    if settings.database_pool_recycle == -1:
        yield warning(
            "kernel.W029",
            "DATABASE_POOL_RECYCLE is -1: connections are never renewed, not even to follow a failover.",
            "set DATABASE_POOL_RECYCLE=1800",
        )
