"""Types that a site writes itself, that sqlalchemy-utils brings, and that have no table of their own."""

import sqlalchemy as sa
from sqlalchemy import Dialect, event
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType
from sqlalchemy_utils import (
    ChoiceType,
    CountryType,
    EmailType,
    IPAddressType,
    JSONType,
    ScalarListType,
    TimezoneType,
    UUIDType,
)
from sqlalchemy_utils.aggregates import manager

from tests.zoo.animal import Animal, Answered, of_type
from tests.zoo.texts import FIRST, SECOND

# The package listens to each flush of each session from when it is imported, so that rows are written by the ORM. No
# animal is an aggregate, for which it does so, and other tests of this process count statements.
event.remove(Session, "after_flush", manager.construct_aggregate_queries)

GROUP = "Types of others"


class Lowered(TypeDecorator[str]):
    """A text that is stored in small letters, and read as it is stored."""

    impl = sa.String(9)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else value.lower()


class Words(TypeDecorator[tuple[str, ...]]):
    """What only a plugin knows how to read."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:
        return None if value is None else " ".join(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...] | None:
        return None if value is None else tuple(value.split(" "))


class Point(UserDefinedType[str]):
    """A type of which nothing is known but its name."""

    cache_ok = True

    def get_col_spec(self, **_options: object) -> str:
        return "TEXT"


TEXTS_ONLY = (1, True, [], {}, "a\0b")
ANY_TEXT = {"rest": "it stores any text, and cannot read one that is no "}
NO_SCHEMA = {"rest": "no schema can be made of its type"}


def _of_others(name: str, kind: TypeEngine[object], *right: object, **options: object) -> Animal:
    return of_type(name, kind, *right, group=GROUP, **options)  # type: ignore[arg-type]  # as of_type has them


ANIMALS = (
    _of_others("lowered", Lowered(), Answered("AB", "ab"), "b", wrong=(*TEXTS_ONLY, "1234567890")),
    _of_others("words", Words(), is_compared=False, refused=NO_SCHEMA, says="a TypeDecorator that says no python_type"),
    _of_others("point", Point(), is_compared=False, refused=NO_SCHEMA, says="a UserDefinedType without python_type"),
    _of_others("email_type", EmailType(), Answered("Ada@example.org", "ada@example.org"), "b@c", wrong=TEXTS_ONLY),
    _of_others("uuid_type", UUIDType(), FIRST, SECOND, wrong=("1", "", 7)),
    _of_others("uuid_type_text", UUIDType(binary=False), FIRST, SECOND, wrong=("1", "", 7)),
    _of_others("json_type", JSONType(), is_compared=False, refused=NO_SCHEMA),
    _of_others("scalar_list_type", ScalarListType(), is_compared=False, refused=NO_SCHEMA),
    _of_others("ip_address_type", IPAddressType(), is_compared=False, refused=ANY_TEXT),
    _of_others("timezone_type", TimezoneType(backend="zoneinfo"), is_compared=False, refused=NO_SCHEMA),
    _of_others("country_type", CountryType(), is_compared=False, refused=NO_SCHEMA),
    _of_others("choice_type", ChoiceType([("a", "A"), ("b", "B")]), is_compared=False, refused=ANY_TEXT),
)
