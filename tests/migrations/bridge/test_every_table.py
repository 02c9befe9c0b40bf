"""Tables with constraints, indexes, keys and names of every kind: what migrations build is what the models say."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, inspect

from tests.forked import start
from tests.migrations.bridge.test_every_type import CREATE_ALL, catalogue, two_databases
from tests.migrations.schema import read_definitions
from tests.migrations.sites import Site
from tests.outside import run_async, settings_for

HEAD = """
import sqlalchemy as sa
from typing import Any
from sqlalchemy.dialects import postgresql
from dovetail.database.column_types import utcnow
class Target(IdMixin, Base):
    __tablename__ = "shop_target"
    left: Mapped[int]
    right: Mapped[int]
    __table_args__ = (sa.UniqueConstraint("left", "right"),)
"""
TABLE = """
class Table{n}(IdMixin, Base):
    __tablename__ = "{name}"
    a: Mapped[int] = mapped_column(server_default="1")
    b: Mapped[int | None]
    name: Mapped[str] = mapped_column(String(20), server_default="")
    Select: Mapped[str] = mapped_column("Select", String(20), server_default="it's")
{columns}
    __table_args__ = (
{arguments}
        {{"comment": "It's a table: %s of 100%"{schema}}},
    )
"""
NAMES = ("shop_plain", "shop_Order", "shop_user group")

# What stands in the class, or in its __table_args__; {n} is a number that no other has, {t} that of the table.
COLUMNS = (
    'group{n}: Mapped[int] = mapped_column("Group {n}", server_default=sa.text("(1 + 2)"), index=True)',
    'c{n}: Mapped[str] = mapped_column(String(9), server_default="a:b", comment="It\'s: 100% of \\"it\\"")',
    "c{n}: Mapped[bool] = mapped_column(server_default=sa.false())",
    "c{n}: Mapped[datetime] = mapped_column(server_default=utcnow())",
    "c{n}: Mapped[Any] = mapped_column(sa.Date, server_default=sa.func.current_date())",
    "c{n}: Mapped[Any] = mapped_column(sa.Numeric(8, 2), server_default=sa.text('1.5'))",
    "c{n}: Mapped[Any] = mapped_column(sa.JSON, server_default='{{}}')",
    'c{n}: Mapped[int | None] = mapped_column(ForeignKey("shop_target.id", ondelete="SET NULL", onupdate="CASCADE"))',
    'c{n}: Mapped[int | None] = mapped_column(ForeignKey("shop_target.id", deferrable=True, initially="DEFERRED"))',
    "c{n}: Mapped[int | None] = mapped_column(unique=True)",
    "c{n}: Mapped[Any] = mapped_column(sa.Boolean(create_constraint=True, name='flag{n}'), server_default=sa.true())",
    "c{n}: Mapped[Any] = mapped_column(sa.Boolean(create_constraint=True), server_default=sa.true())",
)
ARGUMENTS = (
    'sa.CheckConstraint("a > {n}", name="positive{n}"),',
    'sa.CheckConstraint("a < 1000{n}"),',
    "sa.CheckConstraint(\"name <> 'a:b' AND \\\"Select\\\" LIKE '%'\", name='Mixed Case {n}'),",
    'sa.UniqueConstraint("a", "b", name="uq_of_{t}_{n}"),',
    'sa.ForeignKeyConstraint(["a", "b"], ["shop_target.left", "shop_target.right"], name="fk_pair_{t}_{n}"),',
    'Index("ix_{t}_{n}_lower", sa.text("lower(name)")),',
    'Index("ix_{t}_{n}_Quoted", "Select", unique=True),',
    'Index("ix_{t}_{n}_newest", sa.text("a DESC"), "b"),',
    'Index("ix_{t}_{n}_some", "a", sqlite_where=sa.text("b > 1"), postgresql_where=sa.text("b > 1")),',
)
ARGUMENTS_OF_POSTGRESQL = (
    "Index('ix_{t}_{n}_include', 'a', postgresql_include=['b']),",
    "Index('ix_{t}_{n}_brin', 'a', postgresql_using='brin', postgresql_with={{'pages_per_range': 4}}),",
    "Index('ix_{t}_{n}_ops', 'name', postgresql_ops={{'name': 'text_pattern_ops'}}),",
    "Index('ix_{t}_{n}_nulls', 'b', unique=True, postgresql_nulls_not_distinct=True),",
    "sa.UniqueConstraint('b', name='uq_nulls_{t}_{n}', postgresql_nulls_not_distinct=True),",
    "sa.UniqueConstraint('b', name='uq_later_{t}_{n}', deferrable=True, initially='DEFERRED'),",
    (
        "postgresql.ExcludeConstraint((sa.func.int4range(sa.column('a'), sa.column('b')), '&&'), "
        "name='ex_{t}_{n}', using='gist', where=sa.text('a < b')),"
    ),
)
Parts = Sequence[tuple[Sequence[str], Sequence[str]]]  # of each table the columns, and the arguments


def models(parts: Parts, kind: str, share: float = 1.0) -> str:
    """The source of the models, with the first part of what each table has."""
    number, lines = 0, [HEAD]
    for position, (columns, arguments) in enumerate(parts):
        filled = []
        for given_ in (columns, arguments):
            taken = list(given_)[: round(len(given_) * share)]
            filled.append([each.format(n=number + index, t=position) for index, each in enumerate(taken)])
            number += len(given_)
        in_schema = kind == "postgresql" and position == 1
        lines.append(
            TABLE.format(
                n=position,
                name=NAMES[position],
                columns="\n".join(f"    {each}" for each in filled[0]),
                arguments="\n".join(f"        {each}" for each in filled[1]),
                schema=', "schema": "Back Office"' if in_schema else "",
            )
        )
    return "\n".join(lines)


def foreign_keys(connection: Connection) -> set[object]:
    inspector = inspect(connection)
    return {
        (table, str(sorted(key.items(), key=str)))
        for table in inspector.get_table_names()
        for key in inspector.get_foreign_keys(table)
        if table.startswith("shop")
    }


def read(url: str) -> set[object]:
    def everything(connection: Connection) -> set[object]:
        defined = {row for row in read_definitions(connection, "%shop%") if row[0] != "table"}
        return catalogue(connection) | defined | foreign_keys(connection)

    return run_async(settings_for(url), lambda session: session.run_sync(lambda sync: everything(sync.connection())))


def assert_migrations_build_the_models(folder: Path, urls: Sequence[str], kind: str, parts: Parts) -> None:
    site = Site(folder, urls[0])
    states = []
    for share in (0.5, 1.0):  # the second half is added to what is there
        site.plugin("shop", models(parts, kind, share))
        site.manage("makemigrations", "--noinput")
        site.manage("migrate")
        assert site.manage("makemigrations", "--check") == "No changes detected.\n"
        states.append(read(urls[0]))
    source = CREATE_ALL.replace("await connection.run_sync", "SCHEMA\n        await connection.run_sync")
    schema = "await connection.exec_driver_sql('CREATE SCHEMA \"Back Office\"')" if kind == "postgresql" else "pass"
    (folder / "create_all.py").write_text(source.replace("SCHEMA", schema))
    done = start(["create_all.py"], folder, site.environment(DATABASE_URL=urls[1])).finish()
    assert done.returncode == 0, done.stdout
    created = read(urls[1])
    assert (states[1] - created, created - states[1]) == (set(), set())
    site.plugin("shop", models(parts, kind, 0.5))
    site.manage("migrate", "shop", "0001")
    assert read(urls[0]) == states[0]
    site.manage("migrate", "shop", "zero", "--yes")
    assert read(urls[0]) == set()


KINDS = {"sqlite": ARGUMENTS, "postgresql": (*ARGUMENTS, *ARGUMENTS_OF_POSTGRESQL)}


def test_constraints_indexes_and_names_of_all_kinds_are_built_as_the_models_say(databases, tmp_path, database_kind):
    arguments = KINDS[database_kind]
    parts = [(COLUMNS, arguments), (COLUMNS[::-1], arguments[::-1])]
    with two_databases(databases, database_kind) as urls:
        assert_migrations_build_the_models(tmp_path, urls, database_kind, parts)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=2, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_random_tables_are_built_as_the_models_say(databases, tmp_path_factory, kind, data):
    columns = st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=5)
    arguments = st.lists(st.sampled_from(KINDS[kind]), min_size=1, max_size=5)
    parts = data.draw(st.lists(st.tuples(columns, arguments), min_size=1, max_size=3))
    with two_databases(databases, kind) as urls:
        assert_migrations_build_the_models(tmp_path_factory.mktemp("site"), urls, kind, parts)
