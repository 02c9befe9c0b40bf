"""The table of recorded changes: one line for each row that was changed, written in the transaction of the change."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.contrib.history.exact_numbers import ExactJSON
from dovetail.contrib.history.log_start import LOWEST
from dovetail.database.column_types import utcnow
from dovetail.database.models import Base, IdMixin
from dovetail.translation.texts import gettext
from dovetail.translation.words import choice_in_words, in_words

MAXIMUM_MODEL = 200  # characters; "blog.post"
MAXIMUM_VIA = 200
MAXIMUM_NAME = 150  # of the user
SNAPSHOTS = ("before", "after")  # the columns with the values of the fields


class ChangeAction(StrEnum):
    """The kinds of changes."""

    ADD = "add"
    CHANGE = "change"
    DELETE = "delete"


class ChangeSource(StrEnum):
    """The ways in which a change can be made; the column, and the field of the API, are named `door`."""

    REST = "rest"
    BULK = "bulk"  # many rows by one API request
    OFFICE = "back office"
    ACTION = "action"  # an action on the rows selected in a list, including their deletion
    COMMAND = "command"  # `manage.py createsuperuser`
    IMPORT = "import"  # a command that loads rows from elsewhere, such as `loaddata`
    CODE = "code"  # neither a request nor a command, such as a task of a plugin

    @property
    def label(self) -> str:
        """Return the display name: the value in words, except for the abbreviation REST."""
        return "REST" if self is ChangeSource.REST else in_words(self.value)


class LogStart(Base):
    """The name of the log, and up to where it was purged: one row, which tells readers of the feed what they missed.

    `log` is another random text once the log was emptied or renumbered. `purges` counts how often lines were purged,
    and (`transaction`, `change_id`) is the place of the last of them in the order of the feed.
    """

    __tablename__ = "history_log_start"
    __history__ = False
    __table_args__ = ({"info": {"is_movable": False}},)

    log: Mapped[str] = mapped_column(String(32), primary_key=True)
    purges: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    transaction: Mapped[int] = mapped_column(BigInteger, default=LOWEST, server_default=text(str(LOWEST)))
    change_id: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))


DELETED = text("action = 'delete'")
NEVER = text('"transaction" IS NULL')


class RecordedChange(IdMixin, Base):
    """A change of the object named by `model` and `object_key`, with the values of its fields before and after.

    `before` is empty for an added object and `after` for a deleted one; for a changed object both hold the written
    fields. `actor_id` is no foreign key, so that the line outlives the account. (`transaction`, `id`) is the order in
    which transactions began to write; see `feed.py`.
    """

    __tablename__ = "history_change"
    __history__ = False
    __table_args__ = (
        Index("ix_history_change_model_object_key_id", "model", "object_key", "id"),
        # Empty on SQLite, where ids and transaction numbers grow together, so that none is needed: `transactions.py`.
        Index("ix_history_change_transaction_id", "transaction", "id", sqlite_where=NEVER),
        # For the trash; a partial index, so that other lines need no entry in it.
        Index("ix_history_change_deleted_id", "id", sqlite_where=DELETED, postgresql_where=DELETED),
        # AUTOINCREMENT never reuses an id, so that a feed position stays valid after a purge. Ids and transaction
        # numbers are valid in this database only, so `dumpdata` leaves the table out; an archive can be moved.
        {"sqlite_autoincrement": True, "info": {"is_movable": False}},
    )

    created_at: Mapped[datetime] = mapped_column(server_default=utcnow())  # no index: searched by id
    transaction: Mapped[int] = mapped_column(BigInteger)  # equal for all lines of a transaction; 0 in old SQLite lines
    action: Mapped[ChangeAction]
    model: Mapped[str] = mapped_column(String(MAXIMUM_MODEL))
    object_key: Mapped[str] = mapped_column(Text)
    before: Mapped[Mapping[str, object]] = mapped_column(ExactJSON)
    after: Mapped[Mapping[str, object]] = mapped_column(ExactJSON)
    door: Mapped[ChangeSource]
    via: Mapped[str] = mapped_column(String(MAXIMUM_VIA), default="", server_default="")
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    actor_name: Mapped[str] = mapped_column(String(MAXIMUM_NAME), default="", server_default="")
    address: Mapped[str] = mapped_column(String(64), default="", server_default="")
    request_id: Mapped[str] = mapped_column(String(128), default="", server_default="")

    def __str__(self) -> str:
        return f"{gettext(choice_in_words(self.action))} {self.model} {self.object_key}"
