"""The table of what was counted."""

from sqlalchemy import BigInteger, String, false
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.database.models import Base

LONGEST_KEY = 255


class Bucket(Base):
    """The requests that were counted under one key.

    `until` is the time from which on nothing is counted any more, in microseconds since 1970 by the database's clock:
    of a rate what the literature calls the theoretical arrival time. A row whose `until` has passed says nothing.
    """

    __tablename__ = "throttling_bucket"
    __history__ = False

    key: Mapped[str] = mapped_column(String(LONGEST_KEY), primary_key=True)
    until: Mapped[int] = mapped_column(BigInteger, index=True)
    span: Mapped[int] = mapped_column(BigInteger)  # microseconds of the rate's window
    hits: Mapped[int] = mapped_column(BigInteger, server_default="0")  # of a counter, see DatabaseStorage.incr
    refused: Mapped[bool] = mapped_column(server_default=false())  # what became of the last request
