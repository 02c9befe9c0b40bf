"""Keys of every shape; the rows have a `value` beside them, a text."""

import enum
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Identity, Integer, LargeBinary, Numeric, SmallInteger, String, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.database.models import Base, IdMixin
from tests.zoo.animal import NOTHING, Animal, Json, Tour, ZooBase, mapped
from tests.zoo.texts import FIRST, SECOND

GROUP = "Keys"
Refused = Mapping[Tour, str]
ODD = (" spaced ", "%", "%2F", "1", "a b", "a#b", "a%2Fb", "a&b=c", "a+b", "a;b", "a?b", "aüb", "日本")


class Valued:
    value: Mapped[str] = mapped_column(String(20), default="")


class Plain(IdMixin, Valued, ZooBase):
    __tablename__ = "zoo_key_int"


class Small(Valued, ZooBase):
    __tablename__ = "zoo_key_small"
    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)


class Counted(Valued, ZooBase):
    __tablename__ = "zoo_key_identity"
    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), Identity(always=True), primary_key=True
    )


class Word(Valued, ZooBase):
    __tablename__ = "zoo_key_str"
    id: Mapped[str] = mapped_column(String(20), primary_key=True)


class Token(Valued, ZooBase):
    __tablename__ = "zoo_key_uuid"
    id: Mapped[UUID] = mapped_column(primary_key=True)


class TokenMade(Valued, ZooBase):
    __tablename__ = "zoo_key_uuid_made"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)


class TokenText(Valued, ZooBase):
    __tablename__ = "zoo_key_uuid_text"
    id: Mapped[str] = mapped_column(Uuid(as_uuid=False), primary_key=True)


class Day(Valued, ZooBase):
    __tablename__ = "zoo_key_date"
    id: Mapped[date] = mapped_column(primary_key=True)


class Moment(Valued, ZooBase):
    __tablename__ = "zoo_key_moment"
    id: Mapped[datetime] = mapped_column(primary_key=True)


class Price(Valued, ZooBase):
    __tablename__ = "zoo_key_decimal"
    id: Mapped[Decimal] = mapped_column(Numeric(6, 2), primary_key=True)


class Suit(enum.Enum):
    CLUBS = "clubs"
    HEARTS = "hearts"


class Card(Valued, ZooBase):
    __tablename__ = "zoo_key_enum"
    id: Mapped[Suit] = mapped_column(primary_key=True)


class Switch(Valued, ZooBase):
    __tablename__ = "zoo_key_bool"
    id: Mapped[bool] = mapped_column(primary_key=True)


class Digest(Valued, ZooBase):
    __tablename__ = "zoo_key_bytes"
    id: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)


class Seat(Valued, ZooBase):
    __tablename__ = "zoo_key_composite"
    row: Mapped[str] = mapped_column(String(20), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class RenamedKey(Valued, ZooBase):
    __tablename__ = "zoo_key_renamed"
    code: Mapped[str] = mapped_column("The Code", String(20), primary_key=True)


def _keyed(
    model: type[Base], says: str, *keys: Json, wrong: tuple[Json, ...] = (), refused: Refused = NOTHING
) -> Animal:
    found, wrong_found = tuple({"id": key} for key in keys), tuple({"id": key} for key in wrong)
    return mapped(model, says, GROUP, "a", "b", keys=found, wrong_keys=wrong_found, refused=refused)


SEATS = ({"row": "a", "number": 1}, {"row": "a", "number": 2}, {"row": "a;b c", "number": -1})
NO_SEATS = ({"row": "a/b", "number": 1}, {"row": "a", "number": "a"}, {"row": "a"})
UUIDS = (FIRST, SECOND)
ANIMALS = (
    mapped(Plain, "IdMixin: BigInteger, counted up", GROUP, "a", "b"),
    mapped(Counted, "Identity(always=True)", GROUP, "a", "b"),
    _keyed(Small, "SmallInteger, autoincrement=False", 1, 7, 2**15 - 1, wrong=(2**15, "a", None, 1.5)),
    _keyed(Word, "String(20)", *ODD, wrong=(1, None, "x" * 21, "a\0b", "a/b", "..", "", "bulk")),
    _keyed(Token, "Uuid", *UUIDS, wrong=("1", None, 1)),
    mapped(TokenMade, "Uuid, default=uuid4", GROUP, "a", "b"),
    _keyed(TokenText, "Uuid(as_uuid=False)", *UUIDS, wrong=("1", None, 1)),
    _keyed(Day, "Date", "0001-01-01", "2024-02-29", "9999-12-31", wrong=("2024-02-30", None, "a")),
    _keyed(Moment, "UTCDateTime", "2024-02-29T00:30:00Z", "2024-02-29T00:30:00.000001Z", wrong=("a", None)),
    _keyed(Price, "Numeric(6, 2)", "0.50", "9999.99", wrong=("1.234", "a", None)),
    _keyed(Card, "Enum(Suit)", "clubs", "hearts", wrong=("a", None)),
    _keyed(Switch, "Boolean", False, True, wrong=("a", None)),
    _keyed(Digest, "LargeBinary", "AA==", refused={"rest": "its values have no order"}),
    mapped(Seat, "two columns", GROUP, "a", "b", keys=SEATS, wrong_keys=NO_SEATS),
    mapped(RenamedKey, 'code = mapped_column("The Code")', GROUP, "a", "b", keys=({"code": "a"}, {"code": "a%b"})),
)
