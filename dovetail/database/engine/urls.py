"""The URL of the database, read and checked."""

from sqlalchemy import URL, make_url

from dovetail.errors import ConfigurationError
from dovetail.settings import Settings

# Allowed query parameters of a PostgreSQL URL: the arguments of asyncpg.connect() that can be given as text.
PARAMETERS = frozenset(
    {"host", "port", "ssl", "passfile", "target_session_attrs", "krbsrvname", "gsslib", "prepared_statement_cache_size"}
)


def database_url(settings: Settings) -> URL:
    """Return the URL of the database; a relative SQLite path is below `base_dir`, and `sslmode` is read as `ssl`.

    Raise ConfigurationError if it cannot be parsed or has a parameter that the driver does not know; the message does
    not quote the URL, which may contain a password.
    """
    try:
        url = make_url(settings.database_url.get_secret_value())
        url.get_dialect()().create_connect_args(url)  # reads the port, and numbers after the ?
    except Exception:  # noqa: BLE001 - SQLAlchemy raises several kinds, all of which quote the URL
        raise ConfigurationError(
            "DATABASE_URL: cannot be read; expected postgresql://user:password@host:5432/name or sqlite:///path"
        ) from None
    if url.get_backend_name() == "postgresql":
        return _with_known_parameters(url)
    if not is_memory(url):
        url = url.set(database=str((settings.base_dir / str(url.database)).resolve()))
    return url


def is_memory(url: URL) -> bool:
    """Return True if the URL names an in-memory SQLite database."""
    return url.get_backend_name() == "sqlite" and (
        url.database in (None, "", ":memory:") or url.query.get("mode") == "memory"
    )


def _with_known_parameters(url: URL) -> URL:
    query = dict(url.query)
    if "sslmode" in query:  # the name in libpq, and so with every database provider
        query.setdefault("ssl", query.pop("sslmode"))
    if not PARAMETERS.issuperset(query):
        raise ConfigurationError(
            "DATABASE_URL: one of the parameters after the ? is unknown; expected some of sslmode, "
            f"{', '.join(sorted(PARAMETERS))}"
        )
    return url.set(query=query)
