"""Coded system checks: they return data and never print (the idea is Django's django/core/checks/messages.py)."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from dovetail.settings import Settings

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]", "::1", "testserver"})
DAY = 86_400  # seconds


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


def warning(code: str, message: str, hint: str) -> CheckMessage:
    """A finding that somebody ought to look at: `warning("shop.W001", "It is odd.", "make it even")`."""
    return CheckMessage(id=code, level=Level.WARNING, message=message, hint=hint)


def error(code: str, message: str, hint: str) -> CheckMessage:
    """A finding with which nothing works as it should; `manage.py check` fails."""
    return CheckMessage(id=code, level=Level.ERROR, message=message, hint=hint)


def info(code: str, message: str, hint: str) -> CheckMessage:
    """A finding that may well be meant."""
    return CheckMessage(id=code, level=Level.INFO, message=message, hint=hint)


def is_local(host: str | None) -> bool:
    """Whether a host is this machine; no host and a path are a Unix socket."""
    return not host or host.lower() in LOCAL_HOSTS or host.startswith("/")


def check_settings(settings: Settings) -> Iterator[CheckMessage]:
    """What is doubtful about the settings on any machine."""
    if not settings.plugins:
        yield warning(
            "kernel.W001", "No plugin is enabled.", "name some in config/settings.py, e.g. 'dovetail.contrib.auth'"
        )
    if not settings.allowed_hosts:
        yield warning(
            "kernel.W002",
            "ALLOWED_HOSTS is empty, so every request is refused.",
            "name the hosts of this site, e.g. ALLOWED_HOSTS=www.example.com",
        )
