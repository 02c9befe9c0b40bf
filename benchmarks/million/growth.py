"""A column and an index for a table of as many rows as there are posts, in the database of the blog."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.machine import plain_url
from benchmarks.million.fill import execute
from benchmarks.servers import ROOT, SECRET
from config.settings import Settings

QUESTION = "migrate: a column and an index"
MINE, ITS = "growth", "growth_django"  # the plugin and the application, and the table of each: growth_item
COPY = "INSERT INTO {table} (name) SELECT substr(title, 1, 50) FROM blog_post"


@dataclass(frozen=True)
class Project:
    """How to run a command of one of the two projects."""

    command: tuple[str, ...]  # what Python is given
    environment: dict[str, str]

    def run(self, *arguments: str) -> dict[str, Any]:
        """Run a command; seconds of wall clock and of CPU. Raises RuntimeError if it fails."""
        before, started = os.times(), perf_counter()
        done = subprocess.run(  # noqa: S603 - our own
            [sys.executable, *self.command, *arguments],
            cwd=ROOT,
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        wall, after = perf_counter() - started, os.times()
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)} failed: {done.stdout}{done.stderr}")
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        return {"wall": wall, "cpu": cpu}


def measure(url: str, names: Sequence[str], folder: Path) -> dict[str, dict[str, Any]]:
    """The cost of each contestant. PostgreSQL's own CPU is not in it."""
    found = {}
    for name in names:
        label, make = PROJECTS[name]
        project = make(url, folder)
        project.run("migrate", label, "0001")
        execute(url, COPY.format(table=f"{label}_item"))
        found[name] = project.run("migrate", label)
    return found


def _dovetail(url: str, folder: Path) -> Project:
    _write(folder / MINE, {"plugin": PLUGIN, "models": MODEL}, {"0001_item": FIRST, "0002_grown": SECOND})
    plugins = json.dumps([*Settings.model_fields["plugins"].default, MINE])
    environment = {"DATABASE_URL": plain_url(url), "SECRET_KEY": SECRET, "PLUGINS": plugins, "PYTHONPATH": str(folder)}
    return Project(("manage.py",), environment)


def _django(url: str, folder: Path) -> Project:
    texts = {"models": DJANGO_MODEL, "settings": DJANGO_SETTINGS}
    _write(folder / ITS, texts, {"0001_item": DJANGO_FIRST, "0002_grown": DJANGO_SECOND})
    environment = {
        "DATABASE_URL": plain_url(url),
        "DJANGO_SETTINGS_MODULE": f"{ITS}.settings",
        "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}",
    }
    return Project(("-m", "django"), environment)


def _write(folder: Path, modules: dict[str, str], migrations: dict[str, str]) -> None:
    texts = {"__init__": "", "migrations/__init__": "", **modules}
    texts |= {f"migrations/{name}": text for name, text in migrations.items()}
    for name, text in texts.items():
        path = folder / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


PROJECTS = {"dovetail": (MINE, _dovetail), "django": (ITS, _django)}

PLUGIN = """\
from dovetail.plugin import Plugin, lazy

plugin = Plugin(name="growth", models=lazy("growth.models:Item"))
"""

MODEL = """\
from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.database.models import Base, IdMixin


class Item(IdMixin, Base):
    __tablename__ = "growth_item"
    name: Mapped[str] = mapped_column(String(50))
    size: Mapped[int | None]


Index("ix_growth_item_name", Item.name)
"""

FIRST = """\
import sqlalchemy as sa
from alembic import op

revision = "growth_0001_item"
down_revision = None
branch_labels = ("growth",)
depends_on = None


def upgrade():
    op.create_table(
        "growth_item", sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("name", sa.String(50), nullable=False),
    )


def downgrade():
    op.drop_table("growth_item")
"""

SECOND = """\
import sqlalchemy as sa
from alembic import op

revision = "growth_0002_grown"
down_revision = "growth_0001_item"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("growth_item", sa.Column("size", sa.Integer(), nullable=True))
    op.create_index("ix_growth_item_name", "growth_item", ["name"])


def downgrade():
    op.drop_index("ix_growth_item_name", "growth_item")
    op.drop_column("growth_item", "size")
"""

DJANGO_SETTINGS = """\
from benchmarks.contestants.django_admin.settings import *

INSTALLED_APPS = ["growth_django"]  # without permissions, whose table has the name of one of ours
ROOT_URLCONF, urlpatterns = __name__, []
"""

DJANGO_MODEL = """\
from django.db import models


class Item(models.Model):
    name = models.CharField(max_length=50)
    size = models.IntegerField(null=True)

    class Meta:
        indexes = (models.Index(fields=("name",), name="ix_growth_django_item_name"),)
"""

DJANGO_FIRST = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel(
            "Item",
            [("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=50))],
        ),
    ]
"""

DJANGO_SECOND = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("growth_django", "0001_item")]
    operations = [
        migrations.AddField("item", "size", models.IntegerField(null=True)),
        migrations.AddIndex("item", models.Index(fields=("name",), name="ix_growth_django_item_name")),
    ]
"""
