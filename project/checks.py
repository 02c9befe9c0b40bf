"""Coded system checks: they return data and never print (the idea is Django's django/core/checks/messages.py)."""

from dataclasses import dataclass
from enum import IntEnum


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
