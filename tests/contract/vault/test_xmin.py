"""`xmin`, PostgreSQL's own column, counts the versions of rows, and no command and no undo writes it."""

import re

import pytest
from sqlalchemy import select
from sqlalchemy.dialects import sqlite

from dovetail.contrib.admin.testing import read_form
from dovetail.database.engine.unportable_tables import unportable_tables
from dovetail.errors import ConfigurationError
from dovetail.resources.policy import Open
from dovetail.resources.resource import Resource
from tests.contract.vault.models import Note
from tests.migrations.sites import Site

MODELS = """
from sqlalchemy import FetchedValue

class Note(IdMixin, Base):
    __tablename__ = "vault_note"
    text: Mapped[str] = mapped_column(String(20))
    xmin: Mapped[str] = mapped_column(String, system=True, server_default=FetchedValue())
    __mapper_args__ = {"version_id_col": xmin, "version_id_generator": False}
"""


@pytest.mark.parametrize("road", ["fast", "usual"])
async def test_a_change_of_what_somebody_else_has_changed_is_refused(client, office, session):
    made = await client.post("/api/vault/notes", json={"text": "a"})
    address, number = made.headers["location"], made.json()["id"]
    old = {"If-Match": made.headers["etag"]}
    page = await office.get(f"/vault/note/{number}/change/")
    assert (await client.patch(address, json={"text": "b"}, headers=old)).json()["text"] == "b"
    assert (await client.patch(address, json={"text": "c"}, headers=old)).status_code == 412
    late = await office.post(f"/vault/note/{number}/change/", {**read_form(page.text), "text": "d", "save": "list"})
    assert late.status_code == 409
    assert (await office.submit(f"/vault/note/{number}/change/", {"text": "d"})).status_code == 303
    items = [{"id": number, "text": "e"}]
    assert (await client.patch("/api/vault/notes/bulk", json={"items": items})).json()["items"][0]["text"] == "e"
    # A server that has run for long gives numbers that no INTEGER holds.
    assert (await session.scalars(select(Note).where(Note.xmin == 3_000_000_000))).all() == []


async def test_a_deletion_is_undone_without_it(client, office):
    made = (await client.post("/api/vault/notes", json={"text": "a"})).json()
    assert (await office.submit(f"/vault/note/{made['id']}/delete/", {})).status_code == 303
    page = await office.get("/vault/note/")
    form = re.search(r'<form[^>]*action="/admin/undo"[^>]*>(.*?)</form>', page.text, re.DOTALL)[1]
    done = await office.post("/undo", dict(re.findall(r'name="([^"]+)"[^>]*value="([^"]*)"', form)))
    assert done.status_code == 303
    assert (await client.get(f"/api/vault/notes/{made['id']}")).json() == made


def test_migrations_and_dumps_leave_it_out(tmp_path, empty_database_url):
    site = Site(tmp_path, empty_database_url)
    site.plugin("vault", MODELS)
    site.manage("makemigrations", "vault")
    assert "xmin" not in site.source("vault", "0001")
    site.manage("migrate")
    assert "No changes" in site.manage("makemigrations", "--check")
    (tmp_path / "rows.jsonl").write_text('{"table": "vault_note", "row": {"id": 7, "text": "a"}}\n')
    for _ in range(2):  # a row that is there already is changed
        site.manage("loaddata", "rows.jsonl")
        site.manage("dumpdata", "vault", "-o", "rows.jsonl")
    assert '"row": {"id":7,"text":"a"}' in (tmp_path / "rows.jsonl").read_text()


def test_it_is_refused_on_sqlite_and_as_a_field_a_filter_or_an_order():
    said = list(unportable_tables([Note.__table__], sqlite.dialect()))
    assert any("the column 'xmin' of PostgreSQL's own, which SQLite lacks" in one for one in said)
    for declared in ({"fields": ("text", "xmin")}, {"filters": {"xmin": "exact"}}, {"ordering": ("xmin",)}):
        with pytest.raises(ConfigurationError, match="xmin"):
            Resource(model=Note, policy=Open(), **{"fields": ("text",)} | declared).router.routes  # noqa: B018 - made by asking
