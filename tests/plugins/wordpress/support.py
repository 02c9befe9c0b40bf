"""What the tests of the importer share: exports of our own writing, and a site to import them into."""

import asyncio
import io
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import create_async_engine

from config.settings import Settings
from dovetail.cli.main import main
from dovetail.database.engine.sqlite_transactions import use_real_transactions
from dovetail.settings import with_async_driver

FILES = Path(__file__).parent / "files"
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:excerpt="http://wordpress.org/export/{version}/excerpt/"
  xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:wp="http://wordpress.org/export/{version}/">
<channel><title>A site</title><wp:wxr_version>{version}</wp:wxr_version>
"""
FOOT = "</channel></rss>\n"
ANNA = (
    "<wp:author><wp:author_login>anna</wp:author_login><wp:author_email>anna@example.org</wp:author_email>"
    "<wp:author_display_name><![CDATA[Anna Ek]]></wp:author_display_name></wp:author>\n"
)


def export(*items: str, head: str = ANNA, version: str = "1.2") -> str:
    """A whole export with these items."""
    return HEAD.format(version=version) + head + "".join(items) + FOOT


def post(number: int = 1, *extra: str, title: str = "A title", content: str = "<p>Text</p>", **fields: str) -> str:
    """An item; `fields` are the children called wp:<name>, and `login` and `guid`."""
    login, guid = fields.pop("login", "anna"), fields.pop("guid", f"https://old.example.org/?p={number}")
    values = {
        "post_id": str(number),
        "post_date": "2020-05-01 12:00:00",
        "post_date_gmt": "2020-05-01 10:00:00",
        "status": "publish",
        "post_type": "post",
    } | fields
    children = "".join(f"<wp:{name}>{value}</wp:{name}>" for name, value in values.items())
    return (
        f"<item><title><![CDATA[{title}]]></title><dc:creator><![CDATA[{login}]]></dc:creator><guid>{guid}</guid>"
        f"<content:encoded><![CDATA[{content}]]></content:encoded>{children}{''.join(extra)}</item>\n"
    )


def category(name: str, domain: str = "post_tag") -> str:
    """A tag of an item, or a category."""
    return f'<category domain="{domain}" nicename="x"><![CDATA[{name}]]></category>'


def remark(number: int, content: str = "Well said.", **fields: str) -> str:
    """A comment below an item."""
    values = {
        "comment_id": str(number),
        "comment_author": "<![CDATA[Bo Ray]]>",
        "comment_author_email": "bo@example.net",
        "comment_date_gmt": "2020-05-02 08:00:00",
        "comment_content": f"<![CDATA[{content}]]>",
        "comment_approved": "1",
        "comment_type": "comment",
        "comment_parent": "0",
        "comment_user_id": "0",
    } | {f"comment_{name}": value for name, value in fields.items()}
    return (
        "<wp:comment>" + "".join(f"<wp:{name}>{value}</wp:{name}>" for name, value in values.items()) + "</wp:comment>"
    )


@dataclass(frozen=True)
class Result:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


class Site:
    """A migrated database and the command line beside it."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.database_url = database_url
        self.folder = folder

    def write(self, content: str | bytes, name: str = "export.xml") -> Path:
        """Put a file where the command finds it."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def run(self, *arguments: str | Path) -> Result:
        """Run `manage.py import-wordpress` in this process."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main(Settings, ["import-wordpress", *map(str, arguments)])
        return Result(code, out.getvalue(), err.getvalue())

    def load(self, content: str | bytes, *options: str) -> Result:
        """Import a file that must be accepted."""
        result = self.run(self.write(content), *options)
        assert result.code == 0, result.err
        return result

    def refuse(self, content: str | bytes) -> str:
        """Import a file that must be refused in one line and leave nothing behind; return the line."""
        result = self.run(self.write(content))
        lines = [line for line in result.err.splitlines() if line.startswith("manage.py:")]
        assert (result.code, result.out, len(lines)) == (1, "", 1), result
        assert "Traceback" not in result.err
        assert self.count_all() == {}
        return lines[0]

    def rows(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """What a SELECT finds."""
        return asyncio.run(self._rows(statement, values))

    def column(self, statement: str, **values: Any) -> list[Any]:
        """The first column of what a SELECT finds."""
        return [row[0] for row in self.rows(statement, **values)]

    def count_all(self) -> dict[str, int]:
        """How many rows each table has that the importer writes to, without the empty ones."""
        counts = {table: int(self.column(f"SELECT count(*) FROM {table}")[0]) for table in TABLES}
        return {table: count for table, count in counts.items() if count}

    async def _rows(self, statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        engine = create_async_engine(with_async_driver(self.database_url), poolclass=NullPool)
        if engine.dialect.name == "sqlite":
            use_real_transactions(engine.sync_engine)
        try:
            async with engine.begin() as connection:
                found = await connection.execute(text(statement), values)
                return [tuple(row) for row in found] if found.returns_rows else []
        finally:
            await engine.dispose()


TABLES = (
    "auth_user",
    "blog_post",
    "blog_tag",
    "blog_post_tag",
    "blog_wordpress_item",
    "comments_comment",
    "comments_wordpress_comment",
)


@pytest.fixture
def site(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """An empty site, on each database."""
    _set_environment(monkeypatch, database_url)
    return Site(database_url, tmp_path)


def _set_environment(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ENVIRONMENT", "test")
    monkeypatch.setenv("SECRET_KEY", "a-secret-for-tests-only-0123456789abcdef")


def count_statements(function: Callable[[], object]) -> tuple[object, int]:
    """Run `function` and count the statements that reached a database meanwhile."""
    from sqlalchemy import Engine, event

    statements: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        return function(), len(statements)
    finally:
        event.remove(Engine, "before_cursor_execute", listen)
