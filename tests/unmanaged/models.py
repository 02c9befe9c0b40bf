"""A table of another program, a view of it and a table of the site that refers to both; in metadata of their own."""

from sqlalchemy import Connection, ForeignKey, MetaData, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin, is_managed


class TillBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Sale(TillBase):
    __tablename__ = "SALES"
    __table_args__ = {"info": {"plugin": "unmanaged", "managed": False}}  # noqa: RUF012 - SQLAlchemy's own way

    number: Mapped[int] = mapped_column("NR", primary_key=True, autoincrement=False)
    article: Mapped[str] = mapped_column("ART", String(20))
    amount: Mapped[int] = mapped_column("QTY")


class Total(TillBase):
    __tablename__ = "unmanaged_total"
    __table_args__ = {"info": {"managed": False, "read_only": True}}  # noqa: RUF012 - as above

    article: Mapped[str] = mapped_column(String(20), primary_key=True)
    amount: Mapped[int]
    best_number: Mapped[int] = mapped_column(ForeignKey(Sale.number))
    best: Mapped[Sale] = relationship()


class Note(IdMixin, TillBase):
    __tablename__ = "unmanaged_note"

    text: Mapped[str] = mapped_column(String(50))
    sale_number: Mapped[int | None] = mapped_column(ForeignKey(Sale.number, ondelete="CASCADE"))


VIEW = """
CREATE VIEW unmanaged_total AS SELECT "ART" AS article, sum("QTY") AS amount, max("NR") AS best_number
FROM "SALES" GROUP BY "ART"
"""


def make(connection: Connection) -> None:
    """Make the table and the view as another program would, and the site's own table."""
    connection.execute(
        text('CREATE TABLE "SALES" ("NR" INTEGER PRIMARY KEY, "ART" VARCHAR(20) NOT NULL, "QTY" INTEGER NOT NULL)')
    )
    connection.execute(text(VIEW))
    TillBase.metadata.create_all(connection, [one for one in TillBase.metadata.sorted_tables if is_managed(one)])
    connection.execute(text("INSERT INTO \"SALES\" VALUES (1, 'tea', 2), (2, 'tea', 3), (3, 'milk', 1)"))
    connection.execute(text("INSERT INTO unmanaged_note (id, text, sale_number) VALUES (1, 'paid', 1)"))
