"""The table of counted requests."""

from sqlalchemy import BigInteger, String, false
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.database.models import Base

LONGEST_KEY = 255


class Bucket(Base):
    """The requests counted under one key.

    `until` is what GCRA calls the theoretical arrival time: when the counted requests no longer weigh on the limit, in
    microseconds since 1970 by the database's clock. A row whose `until` has passed has no effect.
    """

    __tablename__ = "throttling_bucket"
    __history__ = False

    key: Mapped[str] = mapped_column(String(LONGEST_KEY), primary_key=True)
    until: Mapped[int] = mapped_column(BigInteger, index=True)
    span: Mapped[int] = mapped_column(BigInteger)  # microseconds of the rate's window
    hits: Mapped[int] = mapped_column(BigInteger, server_default="0")  # of fixed windows, see DatabaseStorage.incr
    refused: Mapped[bool] = mapped_column(server_default=false())  # whether the last request was refused
