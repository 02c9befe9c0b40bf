"""Entity tags: what of a row they stand on, and which of a client's tags match."""

from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest
from sqlalchemy import Integer, MetaData
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin, TimestampMixin
from dovetail.errors import StaleWriteError
from dovetail.resources.read.etags import check_if_match, etag, is_known, version, version_attributes

NOON, LATER = datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=UTC)


class EtagBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Stamped(IdMixin, TimestampMixin, EtagBase):
    __tablename__ = "etag_stamped"

    name: Mapped[str]


class Numbered(IdMixin, TimestampMixin, EtagBase):
    __tablename__ = "etag_numbered"

    edition = mapped_column(Integer)
    __mapper_args__ = {"version_id_col": edition}  # noqa: RUF012 - SQLAlchemy's way


class Plain(EtagBase):
    __tablename__ = "etag_plain"

    left: Mapped[int] = mapped_column(primary_key=True)
    right: Mapped[int] = mapped_column("the_right", primary_key=True)
    name: Mapped[str]


def test_a_version_stands_on_the_key_and_what_every_write_changes():
    assert version_attributes(Stamped) == ["id", "updated_at"]
    assert version_attributes(Numbered) == ["id", "edition"]
    assert sorted(version_attributes(Plain)) == ["left", "name", "right"]


def test_a_version_differs_with_any_value_and_its_type():
    rows = [(1, NOON), (2, NOON), (1, LATER), (1, None), ("1", NOON), (1,), (1, NOON, 1), (11,), (1, 1), (True, NOON)]
    versions = {version(row) for row in rows}
    assert len(versions) == len(rows)
    assert all(len(one) == 16 for one in versions)
    assert version((1, NOON)) == version([1, NOON]) == "8fa259d70b342c26"


def test_a_value_that_no_encoding_can_write_has_a_version():
    class Odd:
        def __repr__(self):
            return "\ud800"

    assert version((Odd(),)) != version(("x",))


def test_a_tag_holds_the_version_and_a_digest_of_row_and_answer():
    tag = etag((1, NOON), b"{}")
    own, _, whole = tag.strip('"').partition("-")
    assert tag == f'"{own}-{whole}"'
    assert own == version((1, NOON))
    assert len(whole) == 16
    assert etag((1, NOON), b"{ }") != tag
    assert etag((2, NOON), b"{}").partition("-")[2] != whole


def test_a_client_knows_an_answer_by_its_whole_tag_weak_or_strong():
    tag = etag((1, NOON), b"{}")
    for header in (tag, f"W/{tag}", f'"a", {tag}', f'W/"a",W/{tag} ', "*", '"a", *'):
        assert is_known(tag, header), header
    for header in ("", '"a"', tag.strip('"'), f'"{version((1, NOON))}"', etag((1, NOON), b"[]"), f"w/{tag}"):
        assert not is_known(tag, header), header


def test_a_writer_is_stale_unless_a_tag_is_of_this_version():
    current, body = (1, NOON), etag((1, NOON), b"{}")
    for header in (body, etag(current, b"other fields"), f'"a", {body}', f'{body}, "a"', "*", '"a", *'):
        check_if_match(header, current)
    for header in ("", '"a"', etag((1, LATER), b"{}"), f"W/{body}", body.partition("-")[2], '"-"', f"X{body}"):
        with pytest.raises(StaleWriteError):
            check_if_match(header, current)


@pytest.mark.parametrize(
    "moment",
    [
        NOON,
        LATER,
        LATER.replace(microsecond=120_000),
        LATER.replace(year=7),
        LATER.replace(tzinfo=None),
        LATER.astimezone(timezone(timedelta(hours=-3, minutes=-30, seconds=-5))),
    ],
)
def test_a_moment_is_written_as_databases_write_it(moment):
    text = f"1\0{moment.isoformat('T', 'microseconds')}"
    assert version((1, moment)) == sha256(text.encode()).hexdigest()[:16]
