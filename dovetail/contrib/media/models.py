"""The table of what no row refers to any more."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.database.column_types import utcnow
from dovetail.database.models import Base
from dovetail.files.stored_file import LONGEST_KEY


class UnusedFile(Base):
    """A file that no row referred to when `purge-files` looked, and since when."""

    __tablename__ = "media_unused_file"
    __history__ = False

    key: Mapped[str] = mapped_column(String(LONGEST_KEY), primary_key=True)
    since: Mapped[datetime] = mapped_column(server_default=utcnow())
