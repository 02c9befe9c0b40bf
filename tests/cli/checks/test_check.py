"""System checks: each doubt has a code, says what is wrong, and says what to do."""

import json
import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from dovetail.cli.checks.deployment import check_deployment
from dovetail.plugin import CheckMessage, Level
from dovetail.settings import Settings
from tests.running import ROOT, Result, manage


def test_a_message_reads_as_one_line():
    message = CheckMessage(id="shop.W001", level=Level.WARNING, message="It is odd.", hint="make it even")
    assert str(message) == "WARNING (shop.W001) It is odd. Hint: make it even"


def test_a_secret_that_the_machine_made_for_itself_is_doubtful(tmp_path: Path, monkeypatch):
    monkeypatch.delenv("SECRET_KEY", raising=False)
    settings = Settings.model_validate({"environment": "development", "base_dir": tmp_path, "plugins": ("a",)})
    assert "kernel.W011" in [message.id for message in check_deployment(settings)]


# What manage.py makes of it.

MIGRATION = """
revision = "shop_0001_initial"
down_revision = None
branch_labels = ("shop",)
depends_on = None


def upgrade(): ...


def downgrade(): ...
"""


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., Result]:
    """Run `manage.py check` on auth and one more plugin, whose modules are given."""

    def check(*arguments: str, plugin: str, **modules: str) -> Result:
        package = tmp_path / "pkg_shop"
        (package / "migrations").mkdir(parents=True)
        (package / "migrations" / "0001_initial.py").write_text(MIGRATION)
        header = "from dovetail.plugin import CheckMessage, Level\nfrom dovetail.plugin import Plugin, lazy\n"
        for name, source in {"__init__": "", "plugin": header + plugin, **modules}.items():
            (package / f"{name}.py").write_text(textwrap.dedent(source))
        names = json.dumps(["dovetail.contrib.throttling", "dovetail.contrib.auth", "pkg_shop"])
        return manage("check", *arguments, PLUGINS=names, PYTHONPATH=f"{tmp_path}:{ROOT}")

    return check


def test_the_site_itself_is_in_order():
    result = manage("check")
    assert result.code == 0, result
    assert result.stdout == "Everything is in order: 9 plugins checked.\n"
    assert result.stderr == ""
    alone = manage("check", PLUGINS='["dovetail.contrib.throttling", "dovetail.contrib.auth"]')
    assert alone.stdout == "Everything is in order: 2 plugins checked.\n"


def test_deploy_adds_what_matters_in_production():
    result = manage("check", "--deploy", ENVIRONMENT="development")
    assert result.code == 0
    assert "WARNING (kernel.W010) ENVIRONMENT is 'development'" in result.stderr
    assert all(re.match(r"(WARNING|ERROR|INFO) \(\w+\.\w\d+\) .+ Hint: ", line) for line in result.stderr.splitlines())


def test_the_level_that_fails_can_be_chosen():
    assert manage("check", "--deploy", "--fail-level", "warning").code == 1
    assert manage("check", "--deploy", "--fail-level", "error").code == 0
    assert manage("check", "--fail-level", "terrible").code == 2


LEVELS = """
def check(context):
    yield CheckMessage(id="shop.I001", level=Level.INFO, message=f"It is {context.settings.site_name}.")
    yield CheckMessage(id="shop.E001", level=Level.ERROR, message="It is closed.")
plugin = Plugin(name="shop", checks=(check,))
"""


def test_checks_of_plugins_run_and_errors_come_first_and_fail(check):
    result = check(plugin=LEVELS)
    assert result.code == 1
    assert result.stderr.splitlines() == ["ERROR (shop.E001) It is closed.", "INFO (shop.I001) It is Dovetail."]


def test_a_check_that_raises_is_a_finding(check):
    result = check(plugin="def look(context):\n    return 1 / 0\nplugin = Plugin(name='shop', checks=(look,))\n")
    assert result.code == 1
    assert "The check look of the plugin 'shop' raised ZeroDivisionError: division by zero" in result.stderr


MODELS = """
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship
from dovetail.database.models import Base, IdMixin

class Product(IdMixin, Base):
    __tablename__ = "shop_product"
    {column}
"""
PLUGIN = "plugin = Plugin(name='shop', depends_on={depends_on!r}, models=lazy('pkg_shop.models:Product'))"


def test_a_foreign_key_to_a_plugin_that_is_not_named_is_an_error(check):
    column = 'owner_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id"))'
    result = check(plugin=PLUGIN.format(depends_on=()), models=MODELS.format(column=column))
    assert result.code == 1
    assert (
        "ERROR (kernel.E003) shop_product.owner_id points to the plugin 'auth', which 'shop' does not depend on. "
        "Hint: add 'auth' to depends_on in the plugin.py of 'shop'"
    ) in result.stderr


def test_a_foreign_key_to_a_plugin_that_is_named_is_in_order(check):
    column = 'owner_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id"))'
    result = check(plugin=PLUGIN.format(depends_on=("auth",)), models=MODELS.format(column=column))
    assert result.code == 0, result


KEYS = """
from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, Index, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from dovetail.database.models import Base

def to_a_user(name, **options):
    return Column(name, ForeignKey("auth_user.id"), **options)

class Box(Base):
    __table__ = Table(
        "shop_box", Base.metadata,
        Column("shelf", primary_key=True, type_=sa.Integer), to_a_user("key_id", primary_key=True),
        to_a_user("plain_id"), to_a_user("second_id"), to_a_user("some_id"),
        to_a_user("accepted_id", info={"unindexed": True}),
        to_a_user("indexed_id", index=True), to_a_user("unique_id", unique=True), to_a_user("first_id"),
        to_a_user("given_id"), to_a_user("constrained_id"),
        Column("part", sa.Integer), Column("number", sa.Integer), Column("other", sa.Integer),
        ForeignKeyConstraint(["part", "number"], ["shop_part.part", "shop_part.number"], name="fk_part"),
        ForeignKeyConstraint(["other", "number"], ["shop_part.part", "shop_part.number"], name="fk_other"),
        Index("ix_several", "first_id", "second_id"),
        Index("ix_given", "given_id", sqlite_where=sa.text("given_id IS NOT NULL"),
              postgresql_where=sa.text("given_id IS NOT NULL")),
        Index("ix_some", "some_id", postgresql_where=sa.text("number > 1")),
        UniqueConstraint("constrained_id", "number", name="uq_constrained"),
        Index("ix_other", "number", "other", "part"),
    )

class Part(Base):
    __table__ = Table(
        "shop_part", Base.metadata,
        Column("part", sa.Integer, primary_key=True), Column("number", sa.Integer, primary_key=True),
    )

class Old(Base):
    __table__ = Table("shop_old", Base.metadata, Column("id", sa.Integer, primary_key=True), to_a_user("plain_id"),
                      info={"managed": False})
"""


def test_a_foreign_key_without_an_index_is_doubtful_unless_its_column_accepts_it(check):
    names = "names = [f'pkg_shop.models:{name}' for name in ('Box', 'Part', 'Old')]\n"
    plugin = names + "plugin = Plugin(name='shop', depends_on=('auth',), models=lazy(*names))"
    result = check(plugin=plugin, models=f"import sqlalchemy as sa\n{KEYS}")
    assert result.code == 0, result
    found = [line for line in result.stderr.splitlines() if "kernel.W041" in line]
    assert [re.search(r"shop_\w+: no index begins with the foreign key (.+?):", line)[1] for line in found] == [
        "key_id",
        "part, number",
        "plain_id",
        "second_id",
        "some_id",
    ]
    assert found[2] == (
        "WARNING (kernel.W041) shop_box: no index begins with the foreign key plain_id: the whole table is read where "
        "a row of auth_user is deleted. Hint: add index=True to the column plain_id and run makemigrations, or accept "
        "it with info={'unindexed': True}"
    )
    assert 'add Index("ix_shop_box_part_number", "part", "number") to the table' in found[1]


def test_a_foreign_key_to_no_table_at_all_is_an_error(check):
    column = 'owner_id: Mapped[int] = mapped_column(ForeignKey("crm_customer.id"))'
    result = check(plugin=PLUGIN.format(depends_on=()), models=MODELS.format(column=column))
    assert result.code == 1
    assert "kernel.E002" in result.stderr
    assert "points to the table 'crm_customer', which no enabled plugin has" in result.stderr


def test_a_relationship_over_such_a_key_is_told_by_its_key_alone(check):
    column = 'owner_id: Mapped[int] = mapped_column(ForeignKey("User.id"))\n    owner: Mapped[User] = relationship()'
    models = "from dovetail.contrib.auth.models import User" + MODELS.format(column=column)
    (line,) = check(plugin=PLUGIN.format(depends_on=("auth",)), models=models).stderr.splitlines()
    assert "(kernel.E002) shop_product.owner_id points to the table 'User', which no enabled plugin has." in line
    assert line.endswith("did you mean 'auth_user'?")


def test_a_relationship_that_cannot_be_mapped_is_an_error(check):
    column = 'owner: Mapped["Nobody"] = relationship()'
    result = check(plugin=PLUGIN.format(depends_on=()), models=MODELS.format(column=column))
    assert result.code == 1
    assert "kernel.E001" in result.stderr
    assert "Nobody" in result.stderr
    assert "correct the name, or write a function: relationship(lambda: Post)" in result.stderr
    assert "Traceback" not in result.stderr
    assert "kernel.E005" not in result.stderr  # no check is blamed for it


def test_models_without_a_migration_are_doubtful(tmp_path):
    package = tmp_path / "pkg_shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "models.py").write_text(MODELS.format(column=""))
    source = "from dovetail.plugin import Plugin, lazy\n" + PLUGIN.format(depends_on=())
    (package / "plugin.py").write_text(source)
    result = manage("check", PLUGINS='["pkg_shop"]', PYTHONPATH=f"{tmp_path}:{ROOT}")
    assert "WARNING (kernel.W003) The plugin 'shop' has models but no migration." in result.stderr


def test_an_openapi_document_that_cannot_be_made_is_an_error(check):
    api = """
        from fastapi import APIRouter
        from pydantic import BaseModel, GetJsonSchemaHandler

        class Odd(BaseModel):
            @classmethod
            def __get_pydantic_json_schema__(cls, schema, handler: GetJsonSchemaHandler):
                raise RuntimeError("no words for it")

        router = APIRouter()

        @router.post("/odd")
        def make_odd(odd: Odd) -> None: ...
    """
    result = check(plugin="plugin = Plugin(name='shop', routers=lazy('pkg_shop.api:router'))", api=api)
    assert result.code == 1
    assert "ERROR (kernel.E004) /openapi.json cannot be made: no words for it" in result.stderr


def test_a_list_of_objects_of_any_length_in_a_body_is_doubtful(check):
    api = """
        from typing import Annotated
        from fastapi import APIRouter
        from pydantic import BaseModel, Field

        class Line(BaseModel):
            name: str
            parts: "list[Line] | None" = None

        class Order(BaseModel):
            lines: Annotated[list[Line], Field(max_length=100)]
            notes: list[str]

        router = APIRouter()

        @router.post("/orders")
        def make_order(order: Order) -> None: ...

        @router.put("/lines")
        def put_lines(lines: list[Line]) -> None: ...
    """
    result = check(plugin="plugin = Plugin(name='shop', routers=lazy('pkg_shop.api:router'))", api=api)
    found = [line for line in result.stderr.splitlines() if "kernel.W004" in line]
    places = [line.partition(") ")[2].partition(" is a list")[0] for line in found]
    assert sorted(places) == [
        "POST /api/orders: Line.parts",
        "PUT /api/lines: Line.parts",
        "PUT /api/lines: the body",
    ]
    assert result.code == 0


def test_commands_and_extensions_that_cannot_be_imported_are_errors(check):
    result = check(
        plugin="from dovetail.plugin import Command\n"
        "plugin = Plugin(\n"
        "    name='shop',\n"
        "    commands=(Command(name='restock', help='', run='pkg_shop.nowhere:restock'),),\n"
        "    extensions={'auth.end_sessions': lazy('pkg_shop.nowhere:end')},\n"
        ")\n"
    )
    assert result.code == 1
    lines = [line for line in result.stderr.splitlines() if "kernel.E006" in line]
    assert len(lines) == 2
    assert "its command 'restock' does not work: " in lines[0]
    assert "what it brings to 'auth.end_sessions' does not work: ModuleNotFoundError" in lines[1]


def test_a_migration_that_cannot_be_read_is_an_error(check, tmp_path):
    plugin = "plugin = Plugin(name='shop', depends_on=('auth',))"
    result = check(plugin=plugin, **{"migrations/0002_broken": "half a file"})
    assert result.code == 1
    assert "ERROR (kernel.E007) The migrations cannot be read: " in result.stderr


def test_two_latest_migrations_of_a_plugin_are_an_error_that_says_how_to_join_them(check):
    migrations = {
        f"migrations/{name}": MIGRATION.replace("0001_initial", name)
        .replace("down_revision = None", 'down_revision = "shop_0001_initial"')
        .replace('("shop",)', "None")
        for name in ("0002_one", "0002_other")
    }
    result = check(plugin="plugin = Plugin(name='shop', depends_on=('auth',))", **migrations)
    assert result.code == 1
    assert (
        "ERROR (kernel.E009) The plugin 'shop' has 2 latest migrations, shop_0002_one and shop_0002_other, expected "
        "one. Hint: join them with `manage.py makemigrations --merge shop`"
    ) in result.stderr
