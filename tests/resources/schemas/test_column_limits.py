"""Fields of schemas that are written by hand have the limits of the columns they are written to."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated

import pytest
from pydantic import MISSING, Field, ValidationError
from sqlalchemy import ARRAY, DateTime, Interval, MetaData, Numeric, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.api.schemas import Schema
from dovetail.database.models import Base, IdMixin
from dovetail.resources.policy import Open
from dovetail.resources.resource import Resource
from dovetail.resources.schemas.column_limits import within_columns


class Crate(IdMixin, Base):
    __tablename__ = "crate"
    metadata = MetaData()

    label: Mapped[str] = mapped_column(String(40))
    layers: Mapped[int] = mapped_column(SmallInteger)
    price: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    opens_at: Mapped[datetime | None] = mapped_column(DateTime())
    lasts: Mapped[timedelta | None] = mapped_column(Interval)
    codes: Mapped[list[str]] = mapped_column(ARRAY(String(3)), default=list)


class CrateRead(Schema):
    id: int
    label: str


class CrateCreate(Schema):
    """Says less than the columns do."""

    label: Annotated[str, Field(min_length=1, description="On its lid.", examples=["Saws"])]
    layers: Annotated[int, Field(ge=0)] = 1
    price: Decimal | None = None
    sent_at: datetime | None = None
    opens_at: datetime | None = None
    lasts: timedelta | MISSING = MISSING
    codes: list[str] | MISSING = MISSING


class NarrowCreate(Schema):
    """Says more."""

    label: Annotated[str, Field(max_length=10)]
    layers: Annotated[int, Field(gt=0, lt=10)] = 1


NAIVE, MOMENT = datetime(2026, 1, 2), datetime(2026, 1, 2, tzinfo=UTC)  # noqa: DTZ001 - one of each kind


@pytest.mark.parametrize(
    ("field", "fits", "too_much"),
    [
        ("label", "x" * 40, "x" * 41),
        ("layers", 32767, 32768),
        ("price", Decimal("9999999999.99"), Decimal("10000000000.00")),
        ("price", Decimal("0.25"), Decimal("0.255")),
        ("sent_at", MOMENT, NAIVE),
        ("opens_at", NAIVE, MOMENT),
        ("lasts", timedelta(days=1), timedelta.max),
        ("codes", ["abc", "d"], ["abc", "defg"]),
    ],
)
def test_a_field_takes_what_its_column_holds_and_names_itself_where_a_value_is_more(field, fits, too_much):
    resource = Resource(model=Crate, read=CrateRead, create=CrateCreate, policy=Open())
    given = {"label": "x", field: fits}
    assert getattr(resource.create(**given), field) == fits
    with pytest.raises(ValidationError) as found:
        resource.create(**given | {field: too_much})
    assert {error["loc"][0] for error in found.value.errors()} == {field}


def test_what_a_field_says_itself_stays_and_the_document_says_the_limit():
    made = within_columns(CrateCreate, Crate)
    assert (made.__name__, made.__doc__, issubclass(made, CrateCreate)) == ("CrateCreate", CrateCreate.__doc__, True)
    described = made.model_json_schema()["properties"]
    assert described["label"].items() >= {"minLength": 1, "maxLength": 40, "description": "On its lid."}.items()
    assert described["layers"].items() >= {"minimum": 0, "maximum": 32767, "default": 1}.items()
    with pytest.raises(ValidationError):
        made(label="", layers=1)
    with pytest.raises(ValidationError):
        made(label="x", layers=-1)


def test_a_schema_that_is_as_narrow_as_its_columns_stays_the_very_same():
    assert within_columns(NarrowCreate, Crate) is NarrowCreate
    assert within_columns(made := within_columns(CrateCreate, Crate), Crate) is made
