"""A column of another type keeps what it holds, or the migration says what it cannot convert and changes nothing."""

from collections.abc import Sequence

import pytest

from tests.migrations.schema import execute, rows
from tests.migrations.sites import Site

ITEM = """
import sqlalchemy as sa
class Item(IdMixin, Base):
    __tablename__ = "shop_item"
    value: Mapped[object] = mapped_column({}, nullable=True)
"""
# The old type and the new one, values as SQL, what they become as text, and what cannot be converted.
CONVERSIONS = {
    "text to int": ("sa.Text", "sa.Integer", ["' 12 '", "'-3'", "NULL"], ["12", "-3", None], "'1x'"),
    "text to numeric": ("sa.Text", "sa.Numeric(5, 2)", ["'1.50'", "'-3'"], ["1.50", "-3.00"], "'a'"),
    "text to boolean": ("sa.String(9)", "sa.Boolean", ["'yes'", "'F'", "NULL"], ["true", "false", None], "'maybe'"),
    "text to date": ("sa.Text", "sa.Date", ["'2026-01-31'"], ["2026-01-31"], "'soon'"),
    "text to moment": ("sa.Text", "sa.DateTime", ["'2026-01-31 10:00'"], ["2026-01-31 10:00:00"], "'soon'"),
    "text to time": ("sa.Text", "sa.Time", ["'10:30'"], ["10:30:00"], "'noon'"),
    "text to uuid": (
        "sa.Text",
        "sa.Uuid",
        ["'D9B2D63D-A233-4123-847A-7090A5D1B1C6'"],
        ["d9b2d63d-a233-4123-847a-7090a5d1b1c6"],
        "'d9b2'",
    ),
    "text to json": ("sa.Text", "sa.JSON", ["'[1, 2]'"], ["[1, 2]"], "'{'"),
    "int to text": ("sa.Integer", "sa.String(9)", ["12", "NULL"], ["12", None], None),
    "int to boolean": ("sa.Integer", "sa.Boolean", ["0", "2"], ["false", "true"], None),
    "boolean to int": ("sa.Boolean", "sa.Integer", ["true", "false"], ["1", "0"], None),
    "boolean to text": ("sa.Boolean", "sa.Text", ["true", "NULL"], ["true", None], None),
    "float to int": ("sa.Float", "sa.Integer", ["2.4"], ["2"], None),
    "date to moment": ("sa.Date", "sa.DateTime", ["'2026-01-31'"], ["2026-01-31 00:00:00"], None),
    "moment to date": ("sa.DateTime", "sa.Date", ["'2026-01-31 10:00:00.000000'"], ["2026-01-31"], None),
    "date to int": ("sa.Date", "sa.Integer", [], [], "'2026-01-31'"),
}


def as_on_postgresql(value: object, new: str) -> str | None:
    """What SQLite keeps of a value, in PostgreSQL's words."""
    text = None if value is None else str(value)
    if text is not None and new == "sa.Boolean":
        return {"0": "false", "1": "true"}[text]
    if text is not None and new.startswith("sa.Numeric"):
        return f"{float(text):.2f}"
    if text is not None and new == "sa.Uuid":
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
    return text.removesuffix(".000000") if text is not None else None


async def insert(engine, values: Sequence[str]) -> None:
    await execute(engine, *(f"INSERT INTO shop_item (value) VALUES ({value})" for value in values))


async def stored(engine, new: str) -> list[str | None]:
    if engine.dialect.name == "postgresql":
        return [value for (value,) in await rows(engine, "SELECT value::text FROM shop_item ORDER BY id")]
    return [as_on_postgresql(value, new) for (value,) in await rows(engine, "SELECT value FROM shop_item ORDER BY id")]


def retyped(site: Site, old: str, new: str) -> None:
    site.plugin("shop", ITEM.format(old))
    site.manage("makemigrations")
    site.manage("migrate")
    site.plugin("shop", ITEM.format(new))


@pytest.mark.parametrize("case", CONVERSIONS)
async def test_values_are_converted_or_nothing_is_changed(site, engine, case):
    old, new, values, expected, bad = CONVERSIONS[case]
    retyped(site, old, new)
    site.manage("makemigrations", "--noinput")
    if bad is not None:
        await insert(engine, [bad])
        done = site.run("migrate")
        assert done.returncode == 1
        assert done.stdout.count("manage.py: ") == 1
        assert "Nothing" in done.stdout or "correct them first" in done.stdout
        await execute(engine, "DELETE FROM shop_item")
    if not expected:  # PostgreSQL knows no cast, whatever there is
        return
    await insert(engine, values)

    site.manage("migrate")

    assert await stored(engine, new) == expected
    assert site.manage("makemigrations", "--check") == "No changes detected.\n"
    site.manage("migrate", "shop", "0001")
    assert len(await rows(engine, "SELECT value FROM shop_item")) == len(values)


async def test_the_expression_for_postgresql_is_asked_for_and_written(site, engine):
    retyped(site, "sa.Text, server_default='1'", "sa.Integer, server_default='2'")
    await insert(engine, ["'3'"])

    said = site.manage("makemigrations", answers="value::integer + 1\n")
    site.manage("migrate")

    assert "The expression (USING) [value::INTEGER]: " in said
    assert 'postgresql_using="value::integer + 1"' in site.source("shop", "0002")
    await execute(engine, "INSERT INTO shop_item (id) VALUES (9)")
    added = 1 if engine.dialect.name == "postgresql" else 0
    assert await rows(engine, "SELECT value FROM shop_item ORDER BY id") == [(3 + added,), (2,)]
    assert site.manage("makemigrations", "--check") == "No changes detected.\n"
    site.manage("migrate", "shop", "0001")


async def test_without_input_postgresqls_cast_is_written_and_said(site):
    retyped(site, "sa.Text, server_default='1'", "sa.Integer, server_default='1'")

    said = site.manage("makemigrations", "--noinput")

    assert "shop_item.value becomes INTEGER, of what it holds by the cast value::INTEGER" in said
    site.manage("migrate")
    assert site.manage("makemigrations", "--check") == "No changes detected.\n"


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_a_number_becomes_an_identity_and_a_plain_number_again(site, engine):
    site.plugin("shop", ITEM.format("sa.Integer").replace("True", "False"))
    site.manage("makemigrations")
    site.manage("migrate")
    await insert(engine, ["3"])
    site.plugin("shop", ITEM.format("sa.Integer, sa.Identity(start=5)").replace("True", "False"))

    assert site.manage("makemigrations") == "shop: 0002_alter_item_value\n"
    site.manage("migrate")

    await execute(engine, "INSERT INTO shop_item (id) VALUES (9)")
    assert await rows(engine, "SELECT value FROM shop_item ORDER BY id") == [(3,), (5,)]
    assert site.manage("makemigrations", "--check") == "No changes detected.\n"
    site.manage("migrate", "shop", "0001")
    assert await rows(engine, "SELECT attidentity = '' FROM pg_attribute WHERE attname = 'value'") == [(True,)]
