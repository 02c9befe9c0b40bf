"""An index of words that an earlier Dovetail made is named where it matters, and makemigrations makes it anew."""

import pytest

from dovetail.database.search import documents
from tests.running import ROOT, manage

MODELS = """
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.database.models import Base
from dovetail.database.search.search import FullText


class Note(Base):
    __tablename__ = "notes_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    note: Mapped[str] = mapped_column(String(50))


WORDS = FullText("title", "note")
WORDS.index(Note)
"""
PLUGIN = "from dovetail.plugin import Plugin, lazy\nplugin = Plugin(name='notes', models=lazy('pkg_notes.models:Note'))"
MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "notes_0001_initial"
down_revision = None
branch_labels = ("notes",)
depends_on = None

MARKS = "!#$%&()*+,-./:;<=>?@[\\\\]^_`{|}~"
TEXTS = "coalesce(title, '') || ' ' || coalesce(note, '')"
SPACED = INDEXED


def upgrade():
    op.create_table(
        "notes_note",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("note", sa.String(50), nullable=False),
    )
    words = f"to_tsvector('simple'::regconfig, {SPACED})"
    op.create_index("ix_notes_note_search", "notes_note", [sa.literal_column(words)], postgresql_using="gin")


def downgrade():
    op.drop_table("notes_note")
"""
TRANSLATED = """f"translate({TEXTS}, '{MARKS}', '{' ' * len(MARKS)}')\""""
ALL_AT_ONCE = f'''f"regexp_replace({{TEXTS}}, '" {documents.MARKS!r} "', ' ', 'g')"'''
DOUBT = (
    "WARNING (kernel.W057) The index of words ix_notes_note_search is of an earlier Dovetail, and searches of "
    "notes_note read the whole table. Hint: run `manage.py makemigrations notes` with this database, then "
    "`manage.py migrate`"
)


@pytest.fixture(params=[TRANSLATED, ALL_AT_ONCE], ids=["translated", "all at once"])
def site(tmp_path, empty_database_url, request):
    """Run commands on a plugin from elsewhere whose migration makes the index as it was made before."""
    folder = tmp_path / "pkg_notes"
    (folder / "migrations").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "plugin.py").write_text(PLUGIN)
    (folder / "models.py").write_text(MODELS)
    (folder / "migrations" / "0001_initial.py").write_text(MIGRATION.replace("INDEXED", request.param))
    variables = {"PLUGINS": '["pkg_notes"]', "PYTHONPATH": f"{tmp_path}:{ROOT}", "DATABASE_URL": empty_database_url}
    return lambda *arguments, **others: manage(*arguments, **variables | others)


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_migrate_and_check_name_the_index_until_a_migration_has_made_it_anew(site, tmp_path):
    migrated = site("migrate")
    assert (migrated.code, migrated.stderr.strip()) == (0, DOUBT)
    assert DOUBT in site("check", "--database").stderr
    made = site("makemigrations", "notes")
    assert made.code == 0, made
    assert "migrations.W007" in made.stderr
    again = site("migrate")
    assert (again.code, again.stderr) == (0, "")
    assert "kernel.W057" not in site("check", "--database").stderr
    assert "No changes" in site("makemigrations", "--check").stdout
    undone = site("migrate", "notes", "0001")
    assert (undone.code, undone.stderr.strip()) == (0, DOUBT)
    on_sqlite = f"sqlite:///{tmp_path}/x.sqlite3"
    assert site("migrate", DATABASE_URL=on_sqlite).code == 0
    assert "No changes" in site("makemigrations", "--check", DATABASE_URL=on_sqlite).stdout


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_on_sqlite_the_table_of_words_is_as_it_was(site):
    assert site("migrate").stderr == ""
    assert "kernel.W057" not in site("check", "--database").stderr
