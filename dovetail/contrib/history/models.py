"""The table of changes: one line for each row that was changed, in the transaction of the change."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.database.column_types import utcnow
from dovetail.database.models import Base, IdMixin
from dovetail.translation.texts import gettext
from dovetail.translation.words import choice_in_words, in_words

MAXIMUM_MODEL = 200  # characters; "blog.post"
MAXIMUM_VIA = 200
MAXIMUM_NAME = 150  # of who did it


class ChangeAction(StrEnum):
    """The kinds of changes."""

    ADD = "add"
    CHANGE = "change"
    DELETE = "delete"


class ChangeDoor(StrEnum):
    """The ways by which a change came."""

    REST = "rest"
    BULK = "bulk"  # many rows by one request of the API
    OFFICE = "back office"
    ACTION = "action"  # of a list of the back office, deleting what was selected included
    COMMAND = "command"  # `manage.py createsuperuser`
    IMPORT = "import"  # a command that brings rows from elsewhere, `loaddata` say
    CODE = "code"  # neither a request nor a command: a task of a plugin

    @property
    def label(self) -> str:
        """Return the name for people: that of the value in words, but for what is an abbreviation here alone."""
        return "REST" if self is ChangeDoor.REST else in_words(self.value)


DELETED = text("action = 'delete'")
NEVER = text('"transaction" IS NULL')


class RecordedChange(IdMixin, Base):
    """A change of the object that `model` and `object_key` name, with the values of its fields before and after.

    What was added has no `before` and what was deleted no `after`; of a change both hold what was written. `actor_id`
    refers to no row: the line outlives the account. (`transaction`, `id`) is the order in which transactions began to
    write; see `feed.py`.
    """

    __tablename__ = "history_change"
    __history__ = False
    __table_args__ = (
        Index("ix_history_change_model_object_key_id", "model", "object_key", "id"),
        # On SQLite, where the numbers of transactions and of lines grow together, it stays empty: `transactions.py`.
        Index("ix_history_change_transaction_id", "transaction", "id", sqlite_where=NEVER),
        # For the trash; what is not deleted costs it nothing.
        Index("ix_history_change_deleted_id", "id", sqlite_where=DELETED, postgresql_where=DELETED),
        # Numbers are never given twice, so that a reader's position stays one when lines are purged. They, and those of
        # transactions, are of this database: an archive is what goes elsewhere.
        {"sqlite_autoincrement": True, "info": {"is_movable": False}},
    )

    created_at: Mapped[datetime] = mapped_column(server_default=utcnow())  # found by the number: `old_lines.py`
    transaction: Mapped[int] = mapped_column(BigInteger)  # the same in all lines of one; 0 in old ones of SQLite
    action: Mapped[ChangeAction]
    model: Mapped[str] = mapped_column(String(MAXIMUM_MODEL))
    object_key: Mapped[str] = mapped_column(Text)
    before: Mapped[dict[str, object]] = mapped_column(JSON)
    after: Mapped[dict[str, object]] = mapped_column(JSON)
    door: Mapped[ChangeDoor]
    via: Mapped[str] = mapped_column(String(MAXIMUM_VIA), default="", server_default="")
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    actor_name: Mapped[str] = mapped_column(String(MAXIMUM_NAME), default="", server_default="")
    address: Mapped[str] = mapped_column(String(64), default="", server_default="")
    request_id: Mapped[str] = mapped_column(String(128), default="", server_default="")

    def __str__(self) -> str:
        return f"{gettext(choice_in_words(self.action))} {self.model} {self.object_key}"
