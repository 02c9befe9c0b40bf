from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import MISSING, Field, field_validator

from dovetail.api.schemas import BodyId, Schema, UTCTime

Name = Annotated[str, Field(min_length=1, max_length=50)]
Price = Annotated[Decimal, Field(ge=0, max_digits=10, decimal_places=2)]
Stock = Annotated[int, Field(ge=0, le=2**31 - 1)]


class VendorRead(Schema):
    id: int
    name: str
    phone: str


class LabelRead(Schema):
    id: int
    name: str


class LabelWrite(Schema):
    name: Name


class ProductRead(Schema):
    sku: str
    name: str
    price: Decimal
    stock: int
    cost: int
    is_listed: bool
    owner_id: int
    created_at: UTCTime
    updated_at: UTCTime
    vendor: VendorRead
    labels: list[LabelRead]


class ProductReplace(Schema):
    name: Name
    price: Price
    stock: Stock = 0
    is_listed: bool = True
    vendor_id: BodyId


class ProductCreate(ProductReplace):
    sku: Annotated[str, Field(min_length=1, max_length=60)]
    labels: list[Name] = Field(default_factory=list)


class ProductUpdate(Schema):
    name: Name | MISSING = MISSING
    price: Price | MISSING = MISSING
    stock: Stock | MISSING = MISSING
    is_listed: bool | MISSING = MISSING
    vendor_id: BodyId | MISSING = MISSING
    labels: list[Name] | MISSING = MISSING


class CrateRead(Schema):
    id: int
    content: str


class CrateWrite(Schema):
    content: Name


class NoteRead(Schema):
    """Only the ORM can read it."""

    id: int
    text: str
    shout: str
    created_at: UTCTime
    updated_at: UTCTime


class NoteWrite(Schema):
    text: Annotated[str, Field(max_length=200)]

    @field_validator("text")
    @classmethod
    def _calm(cls, text: str) -> str:
        if text.endswith("!"):
            raise ValueError("calm down")
        return text.strip()


class StampRead(Schema):
    code: UUID
    motif: str


class StampWrite(Schema):
    motif: Name
