"""Models that cannot be mapped end each command that needs them in one line, as `check` says it."""

import json

import pytest

from tests.running import ROOT, manage

MODEL = """
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.database.models import Base


class Product(Base):
    __tablename__ = "shop_product"

    id: Mapped[int] = mapped_column(primary_key=True)
    {column}
"""
PLUGIN = (
    "from dovetail.plugin import Plugin, lazy\nplugin = Plugin(name='shop', models=lazy('pkg_shop.models:Product'))"
)
MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "shop_0001_initial"
down_revision = None
branch_labels = ("shop",)
depends_on = None


def upgrade():
    op.create_table("shop_product", sa.Column("id", sa.Integer, primary_key=True), sa.Column("owner_id", sa.Integer))


def downgrade():
    op.drop_table("shop_product")
"""
NO_CLASS = 'owner: Mapped["Nobody"] = relationship()'
NO_KEY = 'owners: Mapped[list["User"]] = relationship("dovetail.contrib.auth.models.User")'
NO_TABLE = 'owner_id: Mapped[int] = mapped_column(ForeignKey("crm_customer.id"))'


@pytest.fixture
def command(tmp_path, empty_database_url):
    """Run a command on auth and a plugin with one model that cannot be mapped."""

    def command(*arguments, column):
        folder = tmp_path / "pkg_shop"
        (folder / "migrations").mkdir(parents=True)
        (folder / "__init__.py").write_text("")
        (folder / "plugin.py").write_text(PLUGIN)
        (folder / "models.py").write_text(MODEL.format(column=column))
        (folder / "migrations" / "0001_initial.py").write_text(MIGRATION)
        variables = {
            "PLUGINS": json.dumps(["dovetail.contrib.throttling", "dovetail.contrib.auth", "pkg_shop"]),
            "PYTHONPATH": f"{tmp_path}:{ROOT}",
            "DATABASE_URL": empty_database_url,
        }
        migrated = manage("migrate", **variables)
        assert migrated.code == 0, migrated
        return manage(*arguments, **variables)

    return command


@pytest.mark.parametrize("arguments", [("dumpdata",), ("flush", "--yes"), ("loaddata", "ROWS"), ("makemigrations",)])
def test_a_key_to_no_table_ends_a_command_in_one_line(command, tmp_path, arguments):
    rows = tmp_path / "rows.json"
    rows.write_text('{"table": "shop_product", "row": {"id": 1, "owner_id": 1}}\n')
    result = command(*(str(rows) if one == "ROWS" else one for one in arguments), column=NO_TABLE)
    assert result.error == (
        "The models cannot be mapped: Foreign key associated with column 'shop_product.owner_id' could not find table "
        "'crm_customer' with which to generate a foreign key to target column 'id'; "
        "enable the plugin that has it, or correct the name"
    )


@pytest.mark.parametrize(("column", "named"), [(NO_CLASS, "'Nobody'"), (NO_KEY, "Product.owners")])
def test_a_relationship_that_cannot_be_mapped_ends_a_command_in_one_line(command, column, named):
    result = command("changepassword", "bob", column=column)
    assert result.error.startswith("The models cannot be mapped: ")
    assert named in result.error
    assert result.error.endswith("; correct the relationship it names")


def test_the_check_of_the_database_says_it_too(command):
    result = command("check", "--database", column=NO_TABLE)
    assert result.code == 1
    assert "Traceback" not in result.stderr
    assert "shop_product.owner_id points to the table 'crm_customer'" in result.stderr
