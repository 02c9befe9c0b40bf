"""A squash ends where the migrations that it stands for do, whatever they were: random histories, on both databases."""

from random import Random

import pytest

from tests.migrations.run.test_migrate import make
from tests.migrations.schema import schema, tables
from tests.migrations.sites import Site

LENGTH = 10  # migrations


class RandomHistory:
    """Draws one change after the other that fits what the changes before it left, with its way back."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.columns: dict[str, list[str]] = {}  # of each table, those that may be changed
        self.count = 0

    def draw(self) -> tuple[str, str]:
        """Code that goes up, and code that goes down."""
        self.count += 1
        table = self.random.choice(sorted(self.columns)) if self.columns else None
        if table is None or self.random.random() < 0.2:
            return self.create_table()
        changes = [self.add_column, self.rename_table]
        changes += [self.rename_column, self.widen_column, self.drop_column, self.index] if self.columns[table] else []
        return self.random.choice(changes)(table)

    def create_table(self) -> tuple[str, str]:
        name = f"shop_t{self.count}"
        self.columns[name] = []
        return make(name), f"op.drop_table('{name}')"

    def rename_table(self, table: str) -> tuple[str, str]:
        name = f"shop_t{self.count}"
        self.columns[name] = self.columns.pop(table)
        return f"op.rename_table('{table}', '{name}')", f"op.rename_table('{name}', '{table}')"

    def add_column(self, table: str) -> tuple[str, str]:
        name = f"c{self.count}"
        self.columns[table].append(name)
        add = f"op.add_column('{table}', sa.Column('{name}', sa.String(9), server_default='x', nullable=False))"
        return add, _batch(table, f"drop_column('{name}')")

    def rename_column(self, table: str) -> tuple[str, str]:
        old, new = self._take(table), f"c{self.count}"
        self.columns[table].append(new)
        rename = "op.alter_column('{}', '{}', new_column_name='{}')"
        return rename.format(table, old, new), rename.format(table, new, old)

    def widen_column(self, table: str) -> tuple[str, str]:
        name = self._take(table)
        self.columns[table].append(name)
        alter = "alter_column('{}', existing_type=sa.String(9), type_=sa.String({}), existing_nullable=False)"
        return _batch(table, alter.format(name, 20)), _batch(table, alter.format(name, 9))

    def drop_column(self, table: str) -> tuple[str, str]:
        name = self._take(table)
        add = f"add_column(sa.Column('{name}', sa.String(9), server_default='x', nullable=False))"
        return _batch(table, f"drop_column('{name}')"), _batch(table, add)

    def index(self, table: str) -> tuple[str, str]:
        name = self._take(table)  # which stays as it is from now on, so that the way back finds it
        index = f"ix_c{self.count}"
        return f"op.create_index('{index}', '{table}', ['{name}'])", f"op.drop_index('{index}', table_name='{table}')"

    def _take(self, table: str) -> str:
        name = self.random.choice(self.columns[table])
        self.columns[table].remove(name)
        return name


def _batch(table: str, call: str) -> str:
    return f"with op.batch_alter_table('{table}') as batch:\n    batch.{call}"


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_squash_builds_what_its_parts_build_and_undoes_all_of_it(site: Site, engine, seed):
    site.plugin("shop", "")
    history = RandomHistory(Random(seed))
    for number in range(1, LENGTH + 1):
        site.migration("shop", f"{number:04d}_step", *history.draw())
    site.manage("migrate")
    expected = await schema(engine)
    site.manage("migrate", "shop", "zero")
    assert await tables(engine) == set()

    site.manage("squashmigrations", "shop", "1", str(LENGTH))
    assert site.manage("migrate").count("Applying") == 1

    assert await schema(engine) == expected
    site.manage("migrate", "shop", "zero")
    assert await tables(engine) == set()
