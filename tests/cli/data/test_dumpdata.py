"""`dumpdata` writes rows of every kind, and `loaddata` puts them, all or none, into either database."""

import io
import json
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import MetaData, insert, select, text

from config.settings import Settings
from dovetail.cli import output
from dovetail.cli.main import main
from tests.kinds.models import Colour, Group, KindsBase, Thing, links
from tests.outside import run_async, settings_for
from tests.running import SECRET

KINDS = ("sqlite", "postgresql")
WHEN = datetime(2026, 3, 29, 1, 59, 59, 999999, tzinfo=UTC)
FULL: dict[str, Any] = {
    "name": "full",
    "text": 'ä "quoted"\n\u2028 \U0001f600 \\ \t',
    "is_good": True,
    "small": -32768,
    "price": Decimal("-9999999.99"),
    "factor": 0.1,
    "born": date(1, 1, 1),
    "opens": time(23, 59, 59, 999999),
    "seen_at": datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    "lasts": timedelta(days=3, microseconds=1),
    "token": UUID(int=1),
    "colour": Colour.BLUE,
    "shade": "dark",
    "data": bytes(range(256)),
    "facts": {"list": [1, None, 1.5, "x"], "big": 2**70, "empty": {}},
    "words": ("one", "two"),
}


class Site:
    """One database of the site with one plugin, and `manage.py` on it."""

    def __init__(
        self,
        url: str,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        metadata: MetaData = KindsBase.metadata,
        package: str = "tests.kinds",
    ) -> None:
        self._url, self._monkeypatch, self._capsys = url, monkeypatch, capsys
        self._metadata, self._package = metadata, package
        self.run_async(lambda session: session.run_sync(lambda s: metadata.create_all(s.connection())))

    def manage(self, *arguments: object, code: int = 0) -> tuple[str, str]:
        """What it says on both outputs."""
        variables = {"DATABASE_URL": self._url, "PLUGINS": json.dumps([self._package])}
        for name, value in (variables | {"ENVIRONMENT": "test", "SECRET_KEY": SECRET}).items():
            self._monkeypatch.setenv(name, value)
        self._capsys.readouterr()
        found = main(Settings, [str(argument) for argument in arguments])
        said = self._capsys.readouterr()
        assert found == code, said
        return said.out, said.err

    def refusal(self, *arguments: object) -> str:
        _, said = self.manage(*arguments, code=1)
        (line,) = said.strip().splitlines()
        return line.removeprefix("manage.py: ")

    def run_async(self, function: Callable[..., Any]) -> Any:
        return run_async(settings_for(self._url), function)

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        async def read(session):
            tables = self._metadata.sorted_tables
            found = {t.name: (await session.execute(select(t).order_by(*t.primary_key.columns))).all() for t in tables}
            return {name: [tuple(row) for row in rows] for name, rows in found.items()}

        return self.run_async(read)


@pytest.fixture
def sites(_databases, monkeypatch, capsys) -> Iterator[Callable[[str], Site]]:
    with ExitStack() as stack:
        yield lambda kind: Site(stack.enter_context(_databases.empty(kind)), monkeypatch, capsys)


@pytest.fixture
def site(sites, database_kind) -> Site:
    return sites(database_kind)


def fill(site: Site) -> None:
    """Rows of every kind; some refer to rows that come later, and one to itself."""

    async def store(session):
        await session.execute(insert(Group), [{"name": "a"}, {"name": "b"}])
        await session.execute(insert(Thing).values(**FULL, group_name="b", updated_at=WHEN))
        await session.execute(insert(Thing).values(name="bare", facts=None, created_at=WHEN))
        await session.execute(insert(Thing).values(name="null", facts=[None]))
        await session.execute(text("UPDATE kinds_thing SET parent_id = 3 WHERE id = 1"))
        await session.execute(text("UPDATE kinds_thing SET parent_id = 2 WHERE id = 2"))
        await session.execute(text("UPDATE kinds_group SET favourite_id = 2 WHERE name = 'a'"))
        await session.execute(insert(links), [{"left_id": 1, "right_id": 2}, {"left_id": 2, "right_id": 1}])

    site.run_async(store)


@pytest.mark.parametrize("suffix", ["json", "jsonl"])
@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
def test_rows_of_every_kind_are_the_same_in_the_other_database_however_often_they_are_loaded(
    sites, tmp_path, source, target, suffix
):
    here, there, path = sites(source), sites(target), tmp_path / f"dump.{suffix}"
    fill(here)
    assert here.manage("dumpdata", "-o", path) == ("", f"7 rows written to {path}.\n")
    for _ in range(2):
        assert there.manage("loaddata", path)[0] == "7 rows loaded.\n"
        assert there.rows() == here.rows()
    again = tmp_path / f"again.{suffix}"
    there.manage("dumpdata", "-o", again)
    assert again.read_bytes() == path.read_bytes()


def test_new_rows_get_keys_that_are_free(site, tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(line("kinds_thing", id=41, name="x"))
    site.manage("loaddata", path)
    site.run_async(lambda session: session.execute(insert(Thing).values(name="new")))
    assert [row[0] for row in site.rows()["kinds_thing"]] == [41, 42]


def test_a_row_that_is_there_is_replaced_and_others_stay(site, tmp_path):
    fill(site)
    path = tmp_path / "rows.jsonl"
    path.write_text(line("kinds_thing", id=2, name="changed", is_good=False))
    site.manage("loaddata", path)
    assert [row[1:4] for row in site.rows()["kinds_thing"][1:]] == [("changed", None, False), ("null", None, None)]


def test_more_rows_than_one_statement_takes(site, tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(line("kinds_thing", id=n, name=f"{n}", parent_id=n % 1201 + 1) for n in range(1, 1202)))
    assert site.manage("loaddata", path)[0] == "1201 rows loaded.\n"
    assert len(json.loads(site.manage("dumpdata")[0])) == 1201


def line(table: str, **row: object) -> str:
    return json.dumps({"table": table, "row": row}) + "\n"


GOOD = line("kinds_thing", id=1, name="good")


MISTAKES = [
    ("{", "rows.jsonl, line 2: not valid JSON: "),
    ("[" * 100_000, "rows.jsonl, line 2: not valid JSON: "),
    ('{"table": "kinds_thing", "row": {"id": 2, "factor": NaN}}', "line 2: not valid JSON: NaN is no JSON"),
    ("[]", 'line 2: expected {"table": "...", "row": {...}}'),
    ('{"table": "kinds_thing"}', "line 2: expected"),
    (
        line("kinds_thin", id=2),
        "line 2: no enabled plugin is called 'kinds_thin' or has such a table; did you mean",
    ),
    (line("kinds_thing", name="x"), "line 2: kinds_thing lacks its primary key id"),
    (line("kinds_thing", id=None, name="x"), "line 2: kinds_thing.id: Input should be a valid integer"),
    (line("kinds_thing", id=2, nmae="x"), "line 2: kinds_thing.nmae: Extra inputs are not permitted"),
    (line("kinds_thing", id=2, name="x", double=2), "kinds_thing.double: Extra inputs are not permitted"),
    (line("kinds_thing", id=2, name="x" * 51), "kinds_thing.name: String should have at most 50 characters"),
    (
        line("kinds_thing", id=2, name="x", seen_at="2026-01-01T00:00:00"),
        "seen_at: Input should have timezone info",
    ),
    (line("kinds_thing", id=2, name="x", data="%%%"), "kinds_thing.data: Data should be valid base64"),
    (line("kinds_thing", id=2, name="x", colour="green"), "kinds_thing.colour: Input should be 'red' or 'blue'"),
    (line("kinds_thing", id=2, name="good"), "line 1, and what follows: Something with this value already exists."),
    (line("kinds_thing", id=2, name="x", parent_id=99), "a reference of kinds_thing: This refers to something"),
    (line("kinds_link", left_id=1, right_id=99), "line 2: This refers to something that does not exist"),
    (line("kinds_thing", id=2, name="a\0b"), "A value cannot be stored"),
    (line("kinds_thing", id=2**63, name="x"), "A value cannot be stored"),
    (line("kinds_thing", id=2, name="x", factor="inf"), "A value cannot be stored"),
]


def test_a_file_with_a_mistake_is_refused_in_one_line_and_nothing_of_it_is_loaded(site, tmp_path):
    path = tmp_path / "rows.jsonl"
    for bad, why in MISTAKES:
        path.write_text(GOOD + bad)
        assert why in site.refusal("loaddata", path)
        assert set(map(len, site.rows().values())) == {0}, bad


def test_a_mistake_in_the_second_file_undoes_the_first(site, tmp_path):
    (tmp_path / "one.jsonl").write_text(GOOD)
    (tmp_path / "two.json").write_text('{"table": 1}')
    site.refusal("loaddata", tmp_path / "one.jsonl", tmp_path / "two.json")
    assert site.rows()["kinds_thing"] == []


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(
    ("content", "why"), [(b"\xff\xfe", "is not UTF-8"), (b"[1]", "row 1: expected"), (b"[", "JSON")]
)
def test_a_file_that_is_no_dump_is_refused_in_one_line(site, tmp_path, content, why):
    (tmp_path / "file").write_bytes(content)
    assert why in site.refusal("loaddata", tmp_path / "file")


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_a_dump_can_go_through_a_pipe(site, monkeypatch, form):
    fill(site)
    before = site.rows()
    written, _ = site.manage("dumpdata", "--format", form)
    site.manage("flush", "--yes")
    monkeypatch.setattr(sys, "stdin", io.StringIO(written))
    assert site.manage("loaddata", "-")[0] == "7 rows loaded.\n"
    assert site.rows() == before


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_plugins_and_tables_are_chosen_by_name(site):
    fill(site)

    def tables(*arguments):
        return [row["table"] for row in json.loads(site.manage("dumpdata", *arguments)[0])]

    assert set(tables("kinds")) == {"kinds_group", "kinds_thing", "kinds_link"}
    assert tables("kinds_group") == ["kinds_group"] * 2
    assert set(tables("--exclude", "kinds_link", "-e", "kinds_group")) == {"kinds_thing"}
    assert tables("-e", "kinds") == []
    _, said = site.manage("dumpdata", "kind", code=2)
    assert "no enabled plugin is called 'kind' or has such a table; did you mean 'kinds'?" in said


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_dump_is_for_its_owner_only_and_replaces_an_old_one_only_when_it_is_complete(site, tmp_path):
    fill(site)
    path = tmp_path / "dump.jsonl"
    path.write_text("old")
    site.run_async(lambda session: session.execute(text("UPDATE kinds_thing SET colour = 'green' WHERE id = 3")))
    site.refusal("dumpdata", "-o", path)
    assert path.read_text() == "old"
    assert list(tmp_path.glob(".dump*")) == []
    site.manage("dumpdata", "kinds_group", "-o", path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "No such file" in site.refusal("dumpdata", "-o", tmp_path / "nowhere" / "dump.json")


def test_flush_empties_every_table_of_every_plugin_and_no_other(site, tmp_path):
    fill(site)

    async def make(session):
        await session.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        await session.execute(text("INSERT INTO alembic_version VALUES ('head')"))

    site.run_async(make)
    assert site.manage("flush", "--yes")[0] == "3 tables are empty.\n"
    assert set(map(len, site.rows().values())) == {0}
    assert site.run_async(lambda session: session.scalar(text("SELECT version_num FROM alembic_version"))) == "head"
    site.run_async(lambda session: session.execute(insert(Thing).values(name="first")))
    assert site.rows()["kinds_thing"][0][0] == 1


@pytest.mark.parametrize("answer", ["", "n\n", "\n"])
def test_flush_asks_first_and_shows_no_password(site, monkeypatch, answer):
    fill(site)
    before = site.rows()
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    out, err = site.manage("flush", code=130)
    assert "Delete every row of 3 tables in " in out + err
    assert site.rows() == before


def test_a_log_is_told_how_many_rows_are_done(site, tmp_path, monkeypatch):
    path = tmp_path / "rows.json"
    fill(site)
    monkeypatch.setattr(output, "EVERY", 0)
    _, said = site.manage("dumpdata", "-o", path)
    total = len(json.loads(path.read_text()))
    assert f"dumpdata: {total} of {total} rows" in said.splitlines()
    _, said = site.manage("loaddata", path)
    assert f"loaddata: {total} rows" in said.splitlines()


def test_a_terminal_has_a_bar(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with output.progress("dumpdata", 2_000) as advance:
        advance(500)
        advance(1_500)
    assert "dumpdata: 100%" in terminal.getvalue()
    assert "2.00k/2.00k" in terminal.getvalue()
