"""`make bench-million` measures a large blog: the whole harness, with a small one and no time to speak of."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.million import filled, growth, report, run, tables
from benchmarks.million.doings import doings
from benchmarks.million.questions import questions
from benchmarks.million.rows import WRITER, Blog
from dovetail.database.models import Base
from tests.running import ROOT, environment

BLOG = Blog(users=20, posts=1_000)


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """What is measured of ours; Django is installed by `make bench-million` only."""
    path = tmp_path_factory.mktemp("million") / "results.json"
    filled = f"sqlite+aiosqlite:///{path.parent / 'filled.sqlite3'}"
    size = ["--posts", str(BLOG.posts), "--users", str(BLOG.users)]
    assert "sqlite: 2,010 rows of comments_comment" in _run("benchmarks.million.filled", filled, *size)
    before = (path.parent / "filled.sqlite3").read_bytes()
    given = ["--filled", filled, "--contestant", "dovetail", "--seconds", "0.05", "--output", str(path)]
    out = _run("benchmarks.million.run", *size, *given)
    assert "postgresql: 2,010 rows of comments_comment" in out
    assert "sqlite: 2,010 rows of comments_comment" not in out
    assert (path.parent / "filled.sqlite3").read_bytes() == before
    return path


def _run(module: str, *arguments: str) -> str:
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_question_is_asked_on_both_databases(results):
    measured = json.loads(results.read_text())["measurements"]

    wanted = [(section, each.name) for section, asked in questions(BLOG).items() for each in asked]
    wanted += [(section, each.name) for section, done in doings(BLOG).items() for each in done]
    wanted.append(("Commands", growth.QUESTION))
    for kind in ("sqlite", "postgresql"):
        assert [(line["section"], line["question"]) for line in measured if line["database"] == kind] == wanted
    assert all(line["wall"] > 0 and line["cpu"] > 0 for line in measured)
    assert all(line["stall"] > 0 for line in measured if line["section"] != "Commands")


def test_the_tables_are_written_between_the_markers_of_the_page(results, tmp_path):
    (tmp_path / "docs").mkdir()
    page = tmp_path / report.PAGE
    page.write_text((ROOT / report.PAGE).read_text(encoding="utf-8"), encoding="utf-8")

    done = CliRunner().invoke(report.main, ["--figures", str(results), "--folder", str(tmp_path)])

    assert done.exit_code == 0, done.output
    text = page.read_text(encoding="utf-8")
    assert text.count("| Back office: the first page of posts |") == 2
    assert "1,000 posts, 2,000 comments, 20 users" in text


def test_a_filled_database_has_the_indexes_of_its_models_and_finds_words(results):
    with closing(sqlite3.connect(results.parent / "filled.sqlite3")) as connection:
        made = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        found = connection.execute("SELECT rowid FROM ix_blog_post_search('post') ORDER BY rowid").fetchall()

    tables = [Base.metadata.tables[name] for name in ("auth_user", "blog_post", "blog_post_tag", "comments_comment")]
    wanted = {str(index.name) for table in tables for index in table.indexes}
    assert wanted <= made
    assert {f"{name}_{event}" for name in SEARCHES for event in ("insert", "update", "delete")} <= made
    assert [number for (number,) in found] == [*range(1, BLOG.posts + 1)]


def test_a_question_that_django_was_not_asked_has_a_dash():
    line = {"database": "sqlite", "section": "API", "question": "q", "contestant": "dovetail", "wall": 0.5, "cpu": 0.25}

    text = tables.sections({"measurements": [line], "facts": {"packages": {}} | dict.fromkeys(FACTS, 0)})

    assert "| API: q | 500 | - | - | 250 | - | - | - | - |" in text["million sqlite"]


def test_the_table_of_the_history_has_what_its_line_costs_a_write():
    line = {"database": "sqlite", "section": "History", "question": "a write", "contestant": "dovetail", "cpu": 0.004}
    lines = [line | {"wall": 0.006}, line | {"contestant": "no history", "wall": 0.005, "cpu": 0.0032}]

    assert "| A write | 6.0 | 5.0 | +20% | 4.0 | 3.2 | +25% |" in tables.history(lines)


def test_the_table_of_the_back_office_has_its_pages_only(results):
    text = tables.back_office(json.loads(results.read_text()))

    assert "| Back office: the first 200 posts |" in text
    assert "| API: " not in text


def test_the_rows_are_the_same_each_time_and_links_and_comments_belong_to_posts():
    again = Blog(users=20, posts=1_000)

    assert list(BLOG.post_rows()) == list(again.post_rows())
    links = [(row["post_id"], row["tag_id"]) for row in BLOG.link_rows()]
    assert len(links) == len({*links}) == 3_000
    assert {row["post_id"] for row in BLOG.comment_rows()} == {*range(1, 1_001)}
    assert {row["author_id"] for row in BLOG.post_rows()} == {*range(1, 21)} - {WRITER + 1}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--filled", "mysql://a/b"], "sqlite+aiosqlite:////FILE or postgresql://HOST/NAME, not mysql"),
        (["--filled", "nonsense"], "not this"),
        (["--filled", "sqlite+aiosqlite:////a", "--filled", "sqlite+aiosqlite:////b"], "one database of each kind"),
        (["--filled", "sqlite+aiosqlite:////a", "--database", "postgresql"], "one database of each kind"),
        (["--filled", "sqlite+aiosqlite:////nowhere/a", "--database", "sqlite"], "there is no file /nowhere/a"),
        (["--filled", "sqlite+aiosqlite:///{empty}", "--database", "sqlite"], "has 0 posts and 0 users"),
    ],
)
def test_what_is_no_filled_database_is_refused_by_one_line(arguments, said, tmp_path):
    (tmp_path / "empty").touch()
    done = CliRunner().invoke(run.main, [one.format(empty=tmp_path / "empty") for one in arguments])

    assert done.exit_code in {1, 2}
    assert said in done.output.splitlines()[-1]


def test_only_an_empty_database_is_filled(tmp_path):
    with closing(sqlite3.connect(tmp_path / "mine")) as connection:
        connection.execute("CREATE TABLE mine (id INTEGER)")

    done = CliRunner().invoke(filled.main, [f"sqlite+aiosqlite:///{tmp_path / 'mine'}"])

    assert done.exit_code == 1
    assert "Name an empty database." in done.output


SEARCHES = ("ix_blog_post_search", "ix_comments_comment_search")
FACTS = ("date", "cores", "python", "postgresql", "posts", "users", "seconds")
