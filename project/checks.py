"""Coded system checks: they return data and never print (the idea is Django's django/core/checks/messages.py)."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from urllib.parse import urlsplit

from project.settings import Settings

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]", "::1", "testserver"})
FEW_CHARACTERS = 10  # a random secret of 32 characters has about 25 different ones


class Level(IntEnum):
    """How bad it is; `manage.py check` fails from ERROR on."""

    INFO = 20
    WARNING = 30
    ERROR = 40


@dataclass(frozen=True, kw_only=True)
class CheckMessage:
    """One finding: a stable code (`kernel.W001`), what is wrong, and what to do about it."""

    id: str
    level: Level
    message: str
    hint: str = ""

    def __str__(self) -> str:
        hint = f" Hint: {self.hint}" if self.hint else ""
        return f"{self.level.name} ({self.id}) {self.message}{hint}"


def check_settings(settings: Settings) -> Iterator[CheckMessage]:
    """What is doubtful about the settings on any machine."""
    if not settings.plugins:
        yield _warning("001", "No plugin is enabled.", "name some in config/settings.py, e.g. 'project.contrib.auth'")
    if not settings.allowed_hosts:
        yield _warning(
            "002",
            "ALLOWED_HOSTS is empty, so every request is refused.",
            "name the hosts of this site, e.g. ALLOWED_HOSTS=www.example.com",
        )


def check_deployment(settings: Settings) -> Iterator[CheckMessage]:
    """What is doubtful about the settings of a site that strangers can reach."""
    if settings.environment != "production":
        yield _warning(
            "010",
            f"ENVIRONMENT is {settings.environment!r}, which shows mistakes in full.",
            "set ENVIRONMENT=production",
        )
    yield from _check_secret(settings)
    yield from _check_hosts(settings)
    yield from _check_database(settings)
    if settings.log_level == "DEBUG":
        yield _warning("016", "LOG_LEVEL is DEBUG, which logs every transaction.", "set LOG_LEVEL=INFO")


def _check_secret(settings: Settings) -> Iterator[CheckMessage]:
    if "secret_key" not in settings.model_fields_set:
        yield _warning(
            "011",
            "SECRET_KEY is the one this machine made for itself, so a second machine has another.",
            'set SECRET_KEY, e.g. from: python3 -c "import secrets; print(secrets.token_urlsafe(48))"',
        )
    elif len(set(settings.secret_key.get_secret_value())) < FEW_CHARACTERS:
        yield _warning(
            "012",
            "SECRET_KEY repeats a few characters and can be guessed.",
            'make one with: python3 -c "import secrets; print(secrets.token_urlsafe(48))"',
        )


def _check_hosts(settings: Settings) -> Iterator[CheckMessage]:
    if any(host in ("*", "*.*") for host in settings.allowed_hosts):
        yield _warning(
            "013",
            "ALLOWED_HOSTS admits every name, so links in e-mails can be made to point to somebody else's host.",
            "name the hosts of this site, e.g. ALLOWED_HOSTS=www.example.com",
        )
    elif set(settings.allowed_hosts) <= LOCAL_HOSTS:
        yield _warning(
            "014",
            "ALLOWED_HOSTS names this machine only, so requests from elsewhere are refused.",
            "name the hosts of this site, e.g. ALLOWED_HOSTS=www.example.com",
        )
    if "*" in settings.trusted_proxies:
        yield _warning(
            "015",
            "TRUSTED_PROXIES believes everybody, so any client can choose the address it is logged and limited under.",
            "name the address of the proxy, e.g. TRUSTED_PROXIES=10.0.0.5",
        )


def _check_database(settings: Settings) -> Iterator[CheckMessage]:
    url = urlsplit(settings.database_url.get_secret_value())
    if url.scheme.startswith("sqlite"):
        yield _warning(
            "020",
            "DATABASE_URL names an SQLite file: one machine only, and one writer at a time.",
            "use PostgreSQL: DATABASE_URL=postgresql://user:password@host/name",
        )
    elif not _is_local(url.hostname) and "ssl" not in url.query:
        yield _warning(
            "021",
            "The connection to the database on another machine is not required to be encrypted.",
            "add ?ssl=require, or better ?ssl=verify-full, to DATABASE_URL",
        )
    if settings.database_echo:
        yield _warning("022", "DATABASE_ECHO is on: every statement is logged.", "set DATABASE_ECHO=false")
    if not settings.database_pool_pre_ping:
        yield _warning(
            "023",
            "DATABASE_POOL_PRE_PING is off: after a restart of the database each pooled connection fails one request.",
            "set DATABASE_POOL_PRE_PING=true",
        )


def _is_local(host: str | None) -> bool:
    return host is None or host in LOCAL_HOSTS or host.startswith("/")


def _warning(number: str, message: str, hint: str) -> CheckMessage:
    return CheckMessage(id=f"kernel.W{number}", level=Level.WARNING, message=message, hint=hint)
