"""`manage.py inspectdb` writes a plugin over tables that are there, and `migrate --fake-initial` takes them over."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from dovetail.testing.databases import TestDatabases
from tests.migrations.sites import REPOSITORY, Site
from tests.outside import run_async, settings_for
from tests.running import python

CHINOOK = Path(__file__).with_name("chinook.sql").read_text()
ON_POSTGRESQL = {"NVARCHAR": "VARCHAR", "DATETIME": "TIMESTAMP"}
TABLES = (
    "Artist",
    "Album",
    "Employee",
    "Customer",
    "Genre",
    "Invoice",
    "MediaType",
    "Track",
    "InvoiceLine",
    "Playlist",
)
KERNEL = ["dovetail.contrib.throttling", "dovetail.contrib.auth", "dovetail.contrib.admin"]

TESTS = '''
"""REST and the back office over the tables, on both databases."""


async def test_rows_are_made_listed_changed_and_deleted_by_rest(make_user, client_for):
    client = await client_for(await make_user(username="boss", is_superuser=True))
    artist = (await client.post("/api/chinook/artists", json=KEY_1 | {"name": "Apocalyptica"})).json()
    made = await client.post("/api/chinook/albums", json=KEY_2 | {"title": "Plays Metallica", "artist_id": 1})
    assert (artist["artist_id"], made.status_code) == (1, 201), made.text
    key = made.json()["album_id"]
    assert (await client.patch(f"/api/chinook/albums/{key}", json={"title": "Cult"})).json()["title"] == "Cult"
    assert [one["title"] for one in (await client.get("/api/chinook/albums")).json()["items"]] == ["Cult"]
    assert (await client.delete("/api/chinook/artists/1")).status_code == 409
    assert (await client.delete(f"/api/chinook/albums/{key}")).status_code == 204


async def test_nobody_else_reads_them(client):
    assert (await client.get("/api/chinook/albums")).status_code == 401


async def test_rows_are_listed_edited_and_deleted_in_the_back_office(make_user, client_for, back_office_for):
    boss = await make_user(username="boss", is_superuser=True)
    client, office = await client_for(boss), await back_office_for(boss)
    for table in TABLES:
        assert (await office.get(f"/chinook/{table.lower()}/")).status_code == 200, table
    artist = await client.post("/api/chinook/artists", json=KEY_1 | {"name": "Apocalyptica"})
    assert artist.status_code == 201, artist.text
    assert "Apocalyptica" in (await office.get("/chinook/artist/")).text
    assert ">Chinook<" in (await office.get("/chinook/artist/")).text
    await office.submit("/chinook/album/add/", KEY_2 | {"title": "Cult", "artist": "1"})
    (album,) = (await client.get("/api/chinook/albums")).json()["items"]
    assert (album["title"], album["artist_id"]) == ("Cult", 1)
    await office.submit(f"/chinook/album/{album['album_id']}/delete/", {})
    await office.submit("/chinook/artist/1/change/", {"name": "Accept"})
    assert (await client.get("/api/chinook/artists/1")).json()["name"] == "Accept"
    await office.submit("/chinook/artist/1/delete/", {})
    assert (await client.get("/api/chinook/artists/1")).status_code == 404
'''


async def make(engine, script: str) -> None:
    async with engine.begin() as connection:
        await run_script(connection, script)


async def run_script(connection: AsyncConnection | AsyncSession, script: str) -> None:
    for statement in script.split(";\n"):
        if statement.strip():
            await connection.execute(text(statement))


def adopt(site: Site, plugin: str, *arguments: str) -> str:
    """Write the plugin, enable it, and take its tables for what its first migration makes."""
    said = site.manage("inspectdb", plugin, *arguments)
    site.plugins.append(f"plugins.{plugin}")
    site.manage("migrate")
    site.manage("makemigrations", plugin)
    assert f"Recording {plugin}_0001_initial, whose tables are there" in site.manage("migrate", "--fake-initial")
    assert site.manage("makemigrations", "--check") == "No changes detected.\n"
    return said


async def test_chinook_becomes_a_plugin_with_rest_and_a_back_office(site, engine, database_kind):
    schema = CHINOOK
    for name, other in ON_POSTGRESQL.items() if database_kind == "postgresql" else ():
        schema = schema.replace(name, other)
    await make(engine, schema)
    site.plugins += KERNEL
    said = adopt(site, "chinook")
    assert "Wrote the plugin 'chinook' to plugins/chinook/." in said
    models = (site.folder / "plugins/chinook/models.py").read_text()
    assert all(f"class {name}(Base):" in models for name in TABLES)
    assert 'playlist_track = Table(\n    "PlaylistTrack"' in models
    assert 'artist: Mapped["Artist"] = relationship("Artist", back_populates="albums")' in models
    assert site.source("chinook", "0001").count("op.create_table(") == 11
    assert "WARNING" not in site.manage("check")
    assert_tests_of_its_own_pass(site, with_keys=database_kind == "postgresql")


def assert_tests_of_its_own_pass(site: Site, *, with_keys: bool) -> None:
    """Run tests of the site's own: on databases that the migration made anew, of both kinds."""
    keys = ({"artist_id": 1}, {"album_id": 1}) if with_keys else ({}, {})
    head = f"TABLES, KEY_1, KEY_2 = {TABLES!r}, {keys[0]!r}, {keys[1]!r}\n"
    (site.folder / "test_chinook.py").write_text(TESTS + head)
    (site.folder / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\nanyio_mode = "auto"\ndovetail_settings = "config.settings:Settings"\n'
        "addopts = '-p dovetail.testing.plugin -n 0'\npythonpath = ['.']\n"
    )
    settings = site.folder / "config" / "settings.py"
    settings.write_text(settings.read_text() + f"    plugins: tuple[str, ...] = {tuple(site.plugins)!r}\n")
    kept = {name: os.environ[name] for name in ("PATH", "TEST_DATABASE_URL")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "test_chinook.py"],
        cwd=site.folder,
        env=kept | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert "6 passed" in done.stdout


ODD = """
CREATE TABLE "order" (id INTEGER PRIMARY KEY, "select" VARCHAR(10) DEFAULT 'a''b' NOT NULL, placed_at TIMESTAMP,
    total NUMERIC(10, 2) CHECK (total >= 0), is_open BOOLEAN DEFAULT false, api_token VARCHAR(40), "Größe" REAL);
CREATE TABLE order_line (order_id INTEGER REFERENCES "order" (id) ON DELETE CASCADE, position INTEGER,
    name VARCHAR(20) UNIQUE, PRIMARY KEY (order_id, position));
CREATE TABLE teams (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL);
CREATE TABLE games (home_id INTEGER NOT NULL REFERENCES teams (id), away_id INTEGER NOT NULL REFERENCES teams (id),
    id INTEGER PRIMARY KEY, "class" VARCHAR(5));
CREATE TABLE log_lines (line TEXT, at DATE);
CREATE UNIQUE INDEX by_name ON teams (name, id);
CREATE INDEX by_lower_name ON teams (lower(name));
CREATE INDEX by_home ON games (home_id);
CREATE INDEX by_away ON games (away_id);
CREATE VIEW open_orders AS SELECT id, total FROM "order" WHERE is_open
"""


async def test_tables_of_any_shape_and_name_are_taken_over(site, engine):
    await make(engine, ODD)
    site.plugins += KERNEL
    adopt(site, "odd")
    models = (site.folder / "plugins/odd/models.py").read_text()
    assert all(f"class {name}(Base):" in models for name in ("Order", "OrderLine", "Team", "Game"))
    assert "team: Mapped" not in models
    assert "home: Mapped" in models
    assert 'games_by_home: Mapped[list["Game"]]' in models
    assert 'class_: Mapped[str | None] = mapped_column("class", String(5))' in models
    assert "api_token" not in (site.folder / "plugins/odd/api.py").read_text()
    assert "open_orders" not in models
    assert "WARNING" not in site.manage("check")


async def test_tables_that_another_program_goes_on_making_take_no_migration_and_views_are_read_only(site, engine):
    await make(engine, ODD)
    said = site.manage("inspectdb", "odd", "order", "open_orders", "--unmanaged")
    assert "makemigrations" not in said
    site.plugins += [*KERNEL, "plugins.odd"]
    models = (site.folder / "plugins/odd/models.py").read_text()
    assert '{"info": {"managed": False, "plugin": "odd"}}' in models
    assert '{"info": {"managed": False, "plugin": "odd", "read_only": True}}' in models
    assert "class Team" not in models
    site.manage("migrate")
    assert site.manage("makemigrations", "--check") == "No changes detected.\n"
    assert "WARNING" not in site.manage("check", "--database")


PARTITIONS = """
CREATE TABLE visits (id BIGINT, "at" DATE NOT NULL, page VARCHAR(20), PRIMARY KEY (id, "at")) PARTITION BY RANGE ("at");
CREATE TABLE visits_2026 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE hits (page VARCHAR(20), n INTEGER) PARTITION BY LIST (lower(page));
CREATE TABLE hits_rest PARTITION OF hits DEFAULT
"""


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_a_table_in_partitions_stays_one(site, engine):
    await make(engine, PARTITIONS)
    site.plugins += KERNEL
    adopt(site, "web")
    models = (site.folder / "plugins/web/models.py").read_text()
    assert '"postgresql_partition_by": "RANGE (at)"' in models
    assert "Rows of the table visits. Its partitions are made by migrations of your own: the first one" in models
    assert "visits_2026" not in models
    source = site.source("web", "0001")
    assert "postgresql_partition_by" in source
    assert "RANGE (at)" in source
    assert "hits_rest" not in models
    assert "LIST (lower(" in models


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_types_that_only_postgresql_has_are_taken_over(site, engine):
    site.plugins += KERNEL
    await make(
        engine,
        """
        CREATE TYPE mood AS ENUM ('glad', 'so so');
        CREATE TABLE person (id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, mood mood DEFAULT 'glad',
            tags TEXT[], facts JSONB, seen_at TIMESTAMPTZ DEFAULT now(), address INET, token UUID, shade INT,
            doubled BIGINT GENERATED ALWAYS AS (shade * 2) STORED);
        CREATE TABLE pet (id BIGSERIAL PRIMARY KEY, owner BIGINT NOT NULL REFERENCES person (id) ON DELETE SET NULL)
        """,
    )
    adopt(site, "zoo")
    models = (site.folder / "plugins/zoo/models.py").read_text()
    missing = [
        kind
        for kind in ('name="mood"', "ARRAY(", "JSONB", "INET", "Uuid", "Identity(", "Computed(")
        if kind not in models
    ]
    assert missing == []


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_domains_names_that_begin_with_digits_and_columns_that_nobody_can_type_are_taken_over(site, engine):
    site.plugins += KERNEL
    await make(
        engine,
        """
        CREATE DOMAIN speed AS INT CHECK (VALUE > 0);
        CREATE TABLE "2fast" (id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, "2nd" speed NOT NULL,
            price MONEY, picture BYTEA, parent BIGINT REFERENCES "2fast" (id))
        """,
    )
    adopt(site, "zoo")
    site.manage("check", "--database")
    models = (site.folder / "plugins/zoo/models.py").read_text()
    assert "class Table2fast(Base)" in models
    assert "column_2nd: Mapped[int] = mapped_column(" in models
    assert 'DOMAIN("speed", INTEGER(), constraint_name="speed_check", check=text("VALUE > 0"))' in models


async def test_models_are_printed_and_nothing_is_written(site, engine):
    await make(engine, ODD)
    said = site.manage("inspectdb", "odd", "teams", "--print")
    assert "class Team(Base):" in said
    assert not (site.folder / "plugins/odd").exists()


KNOWN = """
class Game(Base):
    __tablename__ = "games"
    __table_args__ = {"info": {"plugin": "known"}}
    id: Mapped[int] = mapped_column(primary_key=True)
"""


async def test_what_cannot_be_read_is_refused_in_one_line(site, engine):
    await make(engine, ODD)
    site.plugin("known", KNOWN)
    for arguments, error in {
        ("odd", "tems"): "the database has no table 'tems'; did you mean 'teams'?",
        ("odd", "games"): "an enabled plugin has a model of the table games already; leave it out",
        ("known",): "'known' cannot name a plugin: an enabled plugin has this name",
        ("Odd",): "'Odd' cannot name a plugin: expected up to 30 lower-case letters, digits and _, with a letter first",
    }.items():
        done = site.run("inspectdb", *arguments)
        assert done.returncode == 1, done.stdout
        assert done.stdout == f"manage.py: {error}\n"
    assert sorted(path.name for path in (site.folder / "plugins").iterdir() if path.is_dir()) == ["known"]


def test_a_database_without_tables_is_refused_in_one_line(site):
    done = site.run("inspectdb", "odd")
    assert done.stdout == "manage.py: the database has no table that no enabled plugin has; nothing was written\n"


def test_without_sqlacodegen_it_says_in_one_line_what_to_install():
    code = "import sys; sys.modules['sqlacodegen'] = None; sys.argv = ['manage.py', 'inspectdb', 'odd']"
    done = python("-c", f"{code}; import runpy; runpy.run_path('manage.py', run_name='__main__')")
    assert done.error == "this needs sqlacodegen; install it: pip install 'dovetail[inspectdb]'"


def test_plurals_come_from_functions_that_are_not_rewritten_and_others_may_have_theirs_checked():
    code = (
        "import dovetail.cli.inspection.models_code, inflect, typeguard\n"
        "print(inflect.engine().singular_noun('studies'), 'typeguard' in inflect.engine.plural.__code__.co_names)\n"
        "print(typeguard.typechecked is typeguard._decorators.typechecked)"
    )
    assert python("-c", code).stdout.split() == ["study", "False", "True"]


BOOKS = {"dovetail_migration": "plugin", "alembic_version": "version_num"}


@pytest.fixture
def databases(_databases: TestDatabases) -> TestDatabases:
    return _databases


IN_SCHEMA = """
CREATE SCHEMA "Back Office";
CREATE TABLE "Back Office".desk (id SERIAL PRIMARY KEY, name VARCHAR(20) NOT NULL, number SERIAL,
    next_id INTEGER REFERENCES "Back Office".desk (id));
CREATE VIEW "Back Office".named AS SELECT id, name FROM "Back Office".desk;
CREATE INDEX by_name ON "Back Office".desk (name);
CREATE TABLE desk (id INTEGER PRIMARY KEY)
"""


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_a_table_of_another_schema_and_a_column_that_counts_up_are_taken_over(site, engine):
    await make(engine, IN_SCHEMA)
    site.plugins += KERNEL
    adopt(site, "office", "--schema", "Back Office", "--views")
    models = (site.folder / "plugins/office/models.py").read_text()
    assert models.count('"schema": "Back Office"') == 2
    await make(engine, """INSERT INTO "Back Office".desk (name) VALUES ('mine')""")
    read = "from plugins.office.models import Desk as D; d = await session.get(D, 1); print(d.name, d.number, d.next)"
    assert site.manage("shell", "-c", read) == "mine 1 None\n"

    forget = [f"DELETE FROM {book} WHERE {key} LIKE 'office%'" for book, key in BOOKS.items()]
    await make(engine, ";\n".join([*forget, 'DROP INDEX "Back Office".by_name']))
    said = site.run("migrate", "--fake-initial").stdout
    assert "- Back Office.desk: the database has not the index by_name (on (name))" in said


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_a_table_that_was_taken_over_is_made_anew_in_an_empty_database(site, databases):
    run_async(settings_for(site.database_url), lambda session: run_script(session, IN_SCHEMA))
    site.plugins += KERNEL
    adopt(site, "office", "--schema", "Back Office")
    with databases.empty("postgresql") as url:
        site.manage("migrate", DATABASE_URL=url)
        assert site.manage("makemigrations", "--check", DATABASE_URL=url) == "No changes detected.\n"
        add = "from plugins.office.models import Desk as D; d = D(name='a'); session.add(d); await session.flush()"
        assert site.manage("shell", "-c", f"{add}; print(d.number)", DATABASE_URL=url) == "1\n"
        site.manage("migrate", "office", "zero", "--yes", DATABASE_URL=url)
        site.manage("migrate", DATABASE_URL=url)


@pytest.mark.parametrize("database_kind", ["postgresql"])
async def test_another_programs_table_of_another_schema_is_found_by_check_and_by_flush(site, engine):
    await make(engine, IN_SCHEMA)
    site.plugins += KERNEL
    site.manage("inspectdb", "office", "desk", "--schema", "Back Office", "--unmanaged")
    site.plugins.append("plugins.office")
    site.manage("migrate")
    assert "kernel.W053" not in site.manage("check", "--database")

    refer = "ADD user_id BIGINT REFERENCES auth_user (id), DROP COLUMN number"
    await make(engine, f'ALTER TABLE "Back Office".desk {refer}')
    assert "no migration makes, has no column number" in site.run("check", "--database").stdout
    done = site.run("flush", "--yes")
    said = "the table Back Office.desk, which is not managed and stays, refers to auth_user; empty it by hand"
    assert done.returncode == 1
    assert said in done.stdout


NO_SCHEMA = {
    "sqlite": "SQLite has no schemas; leave --schema out",
    "postgresql": "the database has no schema 'hrr'; did you mean 'hr'?",
}


async def test_a_schema_that_is_not_there_is_refused(site, engine, database_kind):
    if database_kind == "postgresql":
        await make(engine, "CREATE SCHEMA hr")

    done = site.run("inspectdb", "office", "--schema", "hrr")

    assert (done.returncode, done.stdout) == (1, f"manage.py: {NO_SCHEMA[database_kind]}\n")
