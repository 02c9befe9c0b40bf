"""Types that store their values as texts, such as countries or time zones, which are shown and typed as stored."""

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
    """Converts the values of a type to the texts that it stores, and back."""

    kind: TypeDecorator[object]
    length: int | None

    def write(self, value: object) -> str:
        """Return the text of a value; a text is returned unchanged, since some types store it in another form."""
        return value if isinstance(value, str) else str(self._kept(value))

    def read(self, text: str) -> object:
        """Return the value of a text. Raise ValueError if the type cannot store it, or could not read it again."""
        if self.length is not None and len(text) > self.length:
            raise ValueError(gettext("This is too long."))
        try:
            value = self._value(text)
            kept = self._kept(value)
            if not isinstance(value, str) and value is not None and kept == text:
                return value
        except Exception:  # noqa: BLE001, S110 - types of other libraries may raise anything, and may store texts in another form
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
    """Return the conversion of a type's values from and to texts; None if it stores them unchanged, or not as texts."""
    if not isinstance(kind, TypeDecorator) or isinstance(kind, FileField):
        return None
    stored = bare(kind)
    if not isinstance(stored, String) or isinstance(stored, Enum) or not _changes(kind, BIND, RESULT):
        return None
    return StoredText(kind, stored.length)


def _changes(kind: TypeDecorator[object], *hooks: str) -> bool:
    return any(getattr(type(kind), hook) is not getattr(TypeDecorator, hook) for hook in hooks)
