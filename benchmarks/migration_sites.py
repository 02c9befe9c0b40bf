"""Two projects with the same tables and as many migrations: one on Dovetail, one on Django; both on SQLite."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Project:
    """A folder with a `manage.py`, and a program `check.py` that times a server's look at what is not applied."""

    name: str
    folder: Path
    database: Path
    environment: dict[str, str]

    def command(self, *arguments: str) -> list[str]:
        """The command line of `manage.py`."""
        return [sys.executable, "manage.py", *arguments]


def dovetail(folder: Path, plugins: int, revisions: int) -> Project:
    """`plugins` plugins of `revisions` migrations each; every one but the first adds a column."""
    names = [f"p{number:02d}" for number in range(plugins)]
    for package in (folder / "config", folder / "plugins"):
        _write(package / "__init__.py", "")
    shutil.copy(REPOSITORY / "manage.py", folder / "manage.py")
    _write(folder / "config" / "settings.py", SETTINGS)
    _write(folder / "check.py", CHECK)
    for name in names:
        package = folder / "plugins" / name
        columns = "".join(f"    c{number}: Mapped[int | None]\n" for number in range(2, revisions + 1))
        _write(package / "__init__.py", "")
        _write(package / "plugin.py", PLUGIN.format(name=name))
        _write(package / "models.py", MODEL.format(name=name) + columns)
        _write(package / "migrations" / "__init__.py", "")
        for number in range(1, revisions + 1):
            _write(package / "migrations" / f"{number:04d}_c{number}.py", _revision(name, number))
    listed = ", ".join(f'"plugins.{name}"' for name in names)
    database = folder / "site.sqlite3"
    environment = {
        "PYTHONPATH": str(REPOSITORY),
        "DATABASE_URL": f"sqlite:///{database}",
        "PLUGINS": f"[{listed}]",
    }
    return Project(name="dovetail", folder=folder, database=database, environment=environment)


def django(folder: Path, apps: int, revisions: int) -> Project:
    """The same with Django's own migrations, and no application of its own besides."""
    names = [f"p{number:02d}" for number in range(apps)]
    database = folder / "site.sqlite3"
    _write(folder / "manage.py", DJANGO_MANAGE)
    _write(folder / "settings.py", DJANGO_SETTINGS.format(apps=names, database=str(database)))
    _write(folder / "check.py", DJANGO_CHECK)
    for name in names:
        fields = "".join(f"    c{number} = models.IntegerField(null=True)\n" for number in range(2, revisions + 1))
        _write(folder / name / "__init__.py", "")
        _write(folder / name / "models.py", DJANGO_MODEL + fields)
        _write(folder / name / "migrations" / "__init__.py", "")
        for number in range(1, revisions + 1):
            _write(folder / name / "migrations" / f"{number:04d}_c{number}.py", _django_migration(name, number))
    return Project(name="django", folder=folder, database=database, environment={"DJANGO_SETTINGS_MODULE": "settings"})


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _revision(plugin: str, number: int) -> str:
    below = f"{plugin}_{number - 1:04d}_c{number - 1}" if number > 1 else None
    table = f"{plugin}_item"
    up = f"op.add_column({table!r}, sa.Column('c{number}', sa.Integer(), nullable=True))"
    down = f"op.drop_column({table!r}, 'c{number}')"
    if below is None:
        up = f"op.create_table({table!r}, sa.Column('id', sa.BigInteger(), primary_key=True), "
        up += "sa.Column('name', sa.String(50), nullable=False))"
        down = f"op.drop_table({table!r})"
    return REVISION.format(
        revision=f"{plugin}_{number:04d}_c{number}", below=below, labels=None if below else (plugin,), up=up, down=down
    )


def _django_migration(app: str, number: int) -> str:
    needs = [(app, f"{number - 1:04d}_c{number - 1}")] if number > 1 else []
    operation = f"migrations.AddField('item', 'c{number}', models.IntegerField(null=True))"
    if not needs:
        operation = "migrations.CreateModel('Item', [('id', models.BigAutoField(primary_key=True, serialize=False)), "
        operation += "('name', models.CharField(max_length=50))])"
    return DJANGO_MIGRATION.format(initial=not needs, needs=needs, operation=operation)


SETTINGS = '''\
"""The settings of a site with plugins from the environment."""

from pathlib import Path

from dovetail.settings import Settings as KernelSettings


class Settings(KernelSettings):
    """Everything comes from the environment."""

    base_dir: Path = Path(__file__).resolve().parent.parent
'''

PLUGIN = """\
from dovetail.plugin import Plugin, lazy

plugin = Plugin(name="{name}", models=lazy("plugins.{name}.models:Item"))
"""

MODEL = """\
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.database.models import Base, IdMixin


class Item(IdMixin, Base):
    __tablename__ = "{name}_item"
    name: Mapped[str] = mapped_column(String(50))
"""

REVISION = """\
import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {below!r}
branch_labels = {labels!r}
depends_on = None


def upgrade():
    {up}


def downgrade():
    {down}
"""

CHECK = """\
import asyncio
import json
import sys
from time import perf_counter

from config.settings import Settings
from dovetail.database.engine.engine import create_engine
from dovetail.migrations.history.pending import unapplied
from dovetail.registry import load_registry
from dovetail.settings import load_settings

settings = load_settings(Settings)
registry = load_registry(settings)


async def main():
    engine = create_engine(settings)
    async with engine.connect():  # a server has its connections anyway
        pass
    started = perf_counter()
    found = await unapplied(engine, registry)
    seconds = perf_counter() - started
    await engine.dispose()
    return {"seconds": seconds, "unapplied": len(found), "alembic": "alembic" in sys.modules}


print(json.dumps(asyncio.run(main())))
"""

DJANGO_MANAGE = """\
import sys

from django.core.management import execute_from_command_line

execute_from_command_line(sys.argv)
"""

DJANGO_SETTINGS = """\
SECRET_KEY = "for benchmarks only"
INSTALLED_APPS = {apps!r}
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": {database!r}}}}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
"""

DJANGO_MODEL = """\
from django.db import models


class Item(models.Model):
    id = models.BigAutoField(primary_key=True, serialize=False)
    name = models.CharField(max_length=50)
"""

DJANGO_MIGRATION = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = {initial!r}
    dependencies = {needs!r}
    operations = [
        {operation},
    ]
"""

DJANGO_CHECK = """\
import json
from time import perf_counter

import django

django.setup()
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

connection.ensure_connection()
started = perf_counter()  # as django.core.management.base.BaseCommand.check_migrations does when a server starts
executor = MigrationExecutor(connection)
plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
print(json.dumps({"seconds": perf_counter() - started, "unapplied": len(plan)}))
"""
