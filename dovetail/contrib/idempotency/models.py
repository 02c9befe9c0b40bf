"""The table of stored responses, by `Idempotency-Key`."""

from datetime import datetime

from sqlalchemy import JSON, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.database.column_types import utcnow
from dovetail.database.models import Base, IdMixin


class IdempotentAnswer(IdMixin, Base):
    """The response to a request. `status` is null until its transaction commits, so no other transaction sees null."""

    __tablename__ = "idempotency_answer"
    __history__ = False
    __table_args__ = (UniqueConstraint("owner", "key"),)

    owner: Mapped[str] = mapped_column(String(64))  # who sent the request
    key: Mapped[str] = mapped_column(String(255))
    fingerprint: Mapped[str] = mapped_column(String(64), default="")
    status: Mapped[int | None]
    headers: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    body: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    created_at: Mapped[datetime] = mapped_column(server_default=utcnow(), index=True)
