"""Types that store their values as text, such as a country or a time zone: shown and typed as they are stored."""

from dataclasses import dataclass

from sqlalchemy import Enum, String
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from dovetail.contrib.admin.columns.readers import UNFIT, bare
from dovetail.files.columns import FileField
from dovetail.translation.texts import gettext

DIALECT = DefaultDialect()
BIND, RESULT = "process_bind_param", "process_result_value"


@dataclass(frozen=True)
class StoredText:
    """Write the values of a type as the texts that it keeps, and read them of texts."""

    kind: TypeDecorator[object]
    length: int | None

    def write(self, value: object) -> str:
        """Return the text of a value; a text as it is, which some types keep in another form."""
        return value if isinstance(value, str) else str(self._kept(value))

    def read(self, text: str) -> object:
        """Return the value of a text. Raise ValueError for what the type could not keep, or not read again."""
        if self.length is not None and len(text) > self.length:
            raise ValueError(gettext("This is too long."))
        try:
            value = self._value(text)
            kept = self._kept(value)
            if not isinstance(value, str) and value is not None and kept == text:
                return value
        except Exception:  # noqa: BLE001, S110 - a type of others raises what it likes; it may keep texts in another form
            pass
        try:
            self._value(self._kept(text))
        except Exception:  # noqa: BLE001 - as above
            raise ValueError(str(UNFIT)) from None
        return text

    def _kept(self, value: object) -> object:
        return self.kind.process_bind_param(value, DIALECT) if _changes(self.kind, BIND) else value

    def _value(self, text: object) -> object:
        return self.kind.process_result_value(text, DIALECT) if _changes(self.kind, RESULT) else text


def stored_text(kind: TypeEngine[object]) -> StoredText | None:
    """Return how the values of a type are texts; None if it is none that changes them, or keeps something else."""
    if not isinstance(kind, TypeDecorator) or isinstance(kind, FileField):
        return None
    stored = bare(kind)
    if not isinstance(stored, String) or isinstance(stored, Enum) or not _changes(kind, BIND, RESULT):
        return None
    return StoredText(kind, stored.length)


def _changes(kind: TypeDecorator[object], *hooks: str) -> bool:
    return any(getattr(type(kind), hook) is not getattr(TypeDecorator, hook) for hook in hooks)
