"""Models of stored forms, drafts and imports, and of users' preferences and saved views."""

from datetime import UTC, datetime

from sqlalchemy import JSON, ColumnElement, ForeignKey, String, Text, UniqueConstraint, false, true
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.database.column_types import utcnow
from dovetail.database.models import Base, IdMixin


class KeptForm(IdMixin, Base):
    """A form submitted after its session had ended: kept encrypted for an hour, until the user has logged in.

    The encryption key is derived from the site's SECRET_KEY and a token. The token is in the URL to return to; the
    database has only its SHA-256. So neither the database nor the URL alone reveals the form.
    """

    __tablename__ = "admin_kept_form"
    __history__ = False

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"), index=True)
    path: Mapped[str] = mapped_column(String(2000))
    sealed: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(server_default=utcnow())
    expires_at: Mapped[datetime] = mapped_column(index=True)


class FormDraft(IdMixin, Base):
    """A draft of a user's form of an object, or of a new one: encrypted, and kept until saved, for a week at most.

    The encryption key is derived from the site's SECRET_KEY, so that the database alone does not reveal the text.
    """

    __tablename__ = "admin_form_draft"
    __history__ = False
    __table_args__ = (UniqueConstraint("user_id", "view", "object_key"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"))
    view: Mapped[str] = mapped_column(String(200))
    object_key: Mapped[str] = mapped_column(String(500))  # empty for a new object
    sealed: Mapped[str] = mapped_column(Text)
    saved_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Preference(Base):
    """A user's preferences for the back office, which apply in every browser they log in with."""

    __tablename__ = "admin_preference"
    __history__ = False

    user_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"), primary_key=True)
    theme: Mapped[str] = mapped_column(String(10), default="system", server_default="system")
    shortcuts: Mapped[bool] = mapped_column(default=True, server_default=true())  # of single keys
    language: Mapped[str] = mapped_column(String(20), default="", server_default="")  # empty: that of the browser
    zone: Mapped[str] = mapped_column(String(60), default="", server_default="")  # empty: not chosen yet


class SavedView(IdMixin, Base):
    """The filters, the order and the columns of a list, saved by a user under a name.

    The row with an empty name is the user's own layout of the list. `columns` are pairs of a name and a width in
    pixels or null; an empty list means the columns of `list_display`.
    """

    __tablename__ = "admin_saved_view"
    __table_args__ = (UniqueConstraint("user_id", "list_name", "name"),)
    __history__ = False

    user_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"))
    list_name: Mapped[str] = mapped_column(String(200), index=True)  # the site and the identity of the view
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[str] = mapped_column(String(2000))
    columns: Mapped[list[list[object]]] = mapped_column(JSON)
    is_shared: Mapped[bool] = mapped_column(default=False, server_default=false())
    is_default: Mapped[bool] = mapped_column(default=False, server_default=false())


class ImportedTable(IdMixin, Base):
    """The table of a file that a user is about to import: encrypted, and kept for an hour at most.

    The encryption key is derived from the site's SECRET_KEY, so that the database alone does not reveal the contents.
    """

    __tablename__ = "admin_imported_table"
    __history__ = False

    user_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"), index=True)
    view: Mapped[str] = mapped_column(String(200))
    head: Mapped[str] = mapped_column(Text)  # its first rows
    rest: Mapped[str] = mapped_column(Text)  # all of it
    expires_at: Mapped[datetime] = mapped_column(index=True)


def is_over() -> ColumnElement[bool]:
    """Return the condition on expired rows."""
    return KeptForm.expires_at <= datetime.now(UTC)


DRAFTS_EXPIRED = ("form draft", FormDraft, lambda _context: FormDraft.expires_at <= datetime.now(UTC))
TABLES_EXPIRED = ("imported table", ImportedTable, lambda _context: ImportedTable.expires_at <= datetime.now(UTC))
EXPIRED = ("kept form", KeptForm, lambda _context: is_over())  # for `manage.py purge-expired`
