"""Tables in a schema of PostgreSQL are made with it, compared, dumped, and go with it; SQLite refuses them."""

import json

import pytest

from tests.migrations.schema import definitions, execute, rows

STAFF = """
import sqlalchemy as sa
class Team(IdMixin, Base):
    __tablename__ = "shop_team"
    __table_args__ = {"schema": "Human Resources"}
    name: Mapped[str] = mapped_column(String(20), unique=True)
    level: Mapped[str] = mapped_column(sa.Enum("low", "high", name="level"), server_default="low")
class Person(IdMixin, Base):
    __tablename__ = "shop_person"
    __table_args__ = (sa.CheckConstraint("age > 0", name="age"), {"schema": "Human Resources"})
    name: Mapped[str] = mapped_column(String(20), index=True)
    age: Mapped[int]
    team_id: Mapped[int | None] = mapped_column(ForeignKey("Human Resources.shop_team.id", ondelete="CASCADE"))
class Badge(IdMixin, Base):
    __tablename__ = "shop_badge"
    person_id: Mapped[int] = mapped_column(ForeignKey("Human Resources.shop_person.id"))
"""
SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'Human%'"


@pytest.fixture
def staff(site):
    site.plugin("shop", STAFF)
    assert site.manage("makemigrations") == "shop: 0001_initial\n"
    site.manage("migrate")
    return site


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_a_schema_comes_before_its_first_table_and_goes_with_the_last(staff, engine):
    assert staff.manage("makemigrations", "--check") == "No changes detected.\n"
    assert await rows(engine, SCHEMAS) == [("Human Resources",)]

    staff.manage("migrate", "shop", "zero", "--yes")

    assert await rows(engine, SCHEMAS) == []
    staff.manage("migrate")
    assert staff.manage("makemigrations", "--check") == "No changes detected.\n"


@pytest.mark.parametrize("database_kind", ["postgresql"])
@pytest.mark.parametrize("found", ['CREATE SCHEMA "Human Resources"', ""])
async def test_a_schema_that_was_there_or_holds_something_else_stays(site, engine, found):
    if found:
        await execute(engine, found)
    site.plugin("shop", STAFF)
    site.manage("makemigrations")
    site.manage("migrate")
    if not found:
        await execute(engine, 'CREATE TABLE "Human Resources".other (id int)')

    site.manage("migrate", "shop", "zero", "--yes")

    assert await rows(engine, SCHEMAS) == [("Human Resources",)]


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_changes_of_tables_in_a_schema_are_seen_written_and_undone(staff, engine):
    before = await definitions(engine, "%shop%")
    changed = (
        STAFF.replace("age > 0", "age > 10")
        .replace('"low", "high"', '"low", "high", "higher"')
        .replace("    age: Mapped[int]\n", "    age: Mapped[int]\n    mail: Mapped[str | None]\n")
        .replace(', ondelete="CASCADE"', "")
        .replace("class Badge", "class Tag")
        .replace("shop_badge", "shop_tag")
    )
    staff.plugin("shop", changed)

    staff.manage("makemigrations", answers="y\n")
    staff.manage("migrate")

    assert staff.manage("makemigrations", "--check") == "No changes detected.\n"
    staff.manage("migrate", "shop", "0001")
    assert await definitions(engine, "%shop%") == before


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_a_table_in_a_schema_is_renamed_with_what_bears_its_name(staff, engine):
    renamed = STAFF.replace("shop_person", "shop_member").replace("class Person", "class Member")
    await execute(engine, """INSERT INTO "Human Resources".shop_person (name, age) VALUES ('ada', 36)""")
    staff.plugin("shop", renamed)

    staff.manage("makemigrations", answers="y\n")
    staff.manage("migrate")

    assert staff.manage("makemigrations", "--check") == "No changes detected.\n"
    assert await rows(engine, 'SELECT name FROM "Human Resources".shop_member') == [("ada",)]
    staff.manage("migrate", "shop", "0001")
    assert await rows(engine, 'SELECT name FROM "Human Resources".shop_person') == [("ada",)]


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_rows_in_a_schema_are_dumped_deleted_and_loaded(staff, engine, tmp_path):
    await execute(
        engine,
        """INSERT INTO "Human Resources".shop_team (name) VALUES ('core')""",
        """INSERT INTO "Human Resources".shop_person (name, age, team_id) VALUES ('ada', 36, 1)""",
    )
    dump = tmp_path / "dump.json"
    staff.manage("dumpdata", "--output", str(dump))
    assert "ada" in str(json.loads(dump.read_text()))

    staff.manage("flush", "--yes")
    assert await rows(engine, 'SELECT * FROM "Human Resources".shop_person') == []
    staff.manage("loaddata", str(dump))

    assert await rows(engine, 'SELECT name, age, team_id FROM "Human Resources".shop_person') == [("ada", 36, 1)]
    await execute(engine, """INSERT INTO "Human Resources".shop_team (name) VALUES ('next')""")


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("command", ["makemigrations", "check", "dumpdata"])
def test_sqlite_refuses_a_schema_in_one_line(site, command):
    site.plugin("shop", STAFF.partition("class Person")[0])

    done = site.run(command)

    assert done.returncode == 1
    assert done.stdout == (
        "manage.py: the table 'Human Resources.shop_team' lies in the schema 'Human Resources', and SQLite has none; "
        "use PostgreSQL, or take `schema` out\n"
    )
