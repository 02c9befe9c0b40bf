"""Sites in a temporary folder, with plugins written by the test, run as real processes."""

import os
import shutil
from pathlib import Path
from textwrap import dedent, indent

import tests
from tests.forked import Done, Running, start

REPOSITORY = Path(tests.__file__).parent.parent

SETTINGS = """
from pathlib import Path
from dovetail.settings import Settings as KernelSettings

class Settings(KernelSettings):
    base_dir: Path = Path(__file__).resolve().parent.parent
"""

MODELS = """
from datetime import datetime
from sqlalchemy import Column, ForeignKey, Index, String, Table, Text, func, true
from sqlalchemy.orm import Mapped, mapped_column
from dovetail.database.models import Base, IdMixin, TimestampMixin
"""


class Site:
    """A project of its own: manage.py, alembic.ini, migrations/ and plugins/."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.database_url = database_url
        self.plugins: list[str] = []
        for name in ("manage.py", "alembic.ini"):
            shutil.copy(REPOSITORY / name, folder / name)
        shutil.copytree(REPOSITORY / "migrations", folder / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "pyproject.toml").write_text("[tool.ruff]\nline-length = 120\n")
        for package in ("config", "plugins"):
            (folder / package).mkdir()
            (folder / package / "__init__.py").touch()
        (folder / "config" / "settings.py").write_text(SETTINGS)

    def plugin(self, name: str, models: str, depends_on: tuple[str, ...] = ()) -> None:
        """Write a plugin, or write its models anew; every class with a table becomes one of its models."""
        package = self.folder / "plugins" / name
        package.mkdir(exist_ok=True)
        (package / "__init__.py").touch()
        source = dedent(models)
        names = [
            line.removeprefix("class ").partition("(")[0] for line in source.splitlines() if line.startswith("class ")
        ]
        listed = ", ".join(f'"plugins.{name}.models:{each}"' for each in names)
        (package / "models.py").write_text(MODELS + source)
        (package / "plugin.py").write_text(
            "from dovetail.plugin import Plugin, lazy\n"
            f"plugin = Plugin(name={name!r}, depends_on={depends_on!r}, models=lazy({listed}))\n"
        )
        if f"plugins.{name}" not in self.plugins:
            self.plugins.append(f"plugins.{name}")

    def migration(self, plugin: str, stem: str, upgrade: str, downgrade: str = "pass", **header: object) -> Path:
        """Write a migration by hand; it stands on the one before it unless `down_revision` says otherwise."""
        folder = self.migrations(plugin)
        folder.mkdir(exist_ok=True)
        before = sorted(path.stem for path in folder.glob("0*.py"))
        values = {"down_revision": f"{plugin}_{before[-1]}" if before else None, "depends_on": None} | header
        values |= {"revision": f"{plugin}_{stem}", "branch_labels": None if values["down_revision"] else (plugin,)}
        lines = ["import os", "import sqlalchemy as sa", "from alembic import op"]
        lines += [f"{name} = {value!r}" for name, value in values.items()]
        lines += [
            "def upgrade():",
            indent(dedent(upgrade), "    "),
            "def downgrade():",
            indent(dedent(downgrade), "    "),
        ]
        path = folder / f"{stem}.py"
        path.write_text("\n".join(lines) + "\n")
        return path

    def migrations(self, plugin: str) -> Path:
        return self.folder / "plugins" / plugin / "migrations"

    def files(self, plugin: str) -> list[str]:
        return sorted(path.stem for path in self.migrations(plugin).glob("0*.py"))

    def source(self, plugin: str, number: str) -> str:
        return next(self.migrations(plugin).glob(f"{number}*.py")).read_text()

    def environment(self, **more: str) -> dict[str, str]:
        names = ", ".join(f'"{name}"' for name in self.plugins)
        path = os.environ["PATH"]
        return {"PATH": path, "DATABASE_URL": self.database_url, "PLUGINS": f"[{names}]", **more}

    def start(self, *arguments: str, answers: str = "", **environment: str) -> Running:
        """Start `manage.py` as a process of its own."""
        return start(["manage.py", *arguments], self.folder, self.environment(**environment), answers)

    def run(self, *arguments: str, answers: str = "", **environment: str) -> Done:
        """Run `manage.py` and return what came of it."""
        return self.start(*arguments, answers=answers, **environment).finish()

    def manage(self, *arguments: str, answers: str = "", **environment: str) -> str:
        """Run `manage.py`, see that it succeeds, and return what it printed."""
        done = self.run(*arguments, answers=answers, **environment)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def alembic(self, *arguments: str) -> Done:
        """Run `alembic` from the project's root."""
        return start(["alembic", *arguments], self.folder, self.environment()).finish()
