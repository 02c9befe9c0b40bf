"""No migration is made for a table or a view that something else makes, whatever its model says."""

import pytest
from sqlalchemy import text

from tests.migrations.sites import Site

TILL = """
class Sale(Base):
    __tablename__ = "SALES"
    __table_args__ = {"info": {"plugin": "till", "managed": False}}
    number: Mapped[int] = mapped_column(primary_key=True)

class Total(Base):
    __tablename__ = "till_total"
    __table_args__ = {"info": {"managed": False, "read_only": True}}
    article: Mapped[str] = mapped_column(String(20), primary_key=True)
    best_number: Mapped[int] = mapped_column(ForeignKey("SALES.number"))
"""
NOTE = """
class Note(IdMixin, Base):
    __tablename__ = "till_note"
    text: Mapped[str] = mapped_column(String(50))
"""


async def make_tables(engine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text('CREATE TABLE "SALES" (number INTEGER PRIMARY KEY, article TEXT)'))
        view = 'SELECT article, max(number) AS best_number FROM "SALES" GROUP BY article'
        await connection.execute(text(f"CREATE VIEW till_total AS {view}"))


def test_models_of_tables_that_something_else_makes_take_no_migration(site: Site):
    site.plugin("till", TILL)
    assert site.manage("makemigrations") == "No changes detected.\n"
    assert "has models but no migration" not in site.run("check").stdout


async def test_a_model_of_the_sites_own_beside_them_takes_one_for_itself_alone(site: Site, engine):
    await make_tables(engine)
    site.plugin("till", TILL + NOTE + '    sale_number: Mapped[int | None] = mapped_column(ForeignKey("SALES.number"))')
    site.manage("makemigrations")
    source = site.source("till", "0001")
    assert source.count("op.create_table(") == 1
    assert '"till_note"' in source
    site.manage("migrate")
    assert site.manage("makemigrations", "--check") == "No changes detected.\n"


async def test_what_differs_between_the_model_and_the_table_is_no_drift(site: Site, engine):
    await make_tables(engine)
    site.plugin("till", NOTE + TILL.replace("mapped_column(primary_key=True)", "mapped_column(Text, primary_key=True)"))
    site.manage("makemigrations")
    site.manage("migrate")
    assert site.manage("makemigrations", "--check") == "No changes detected.\n"
    async with engine.connect() as connection:
        await connection.execute(text('SELECT number, article FROM "SALES"'))


async def test_a_table_that_is_left_to_something_else_stays(site: Site, engine):
    site.plugin("till", NOTE)
    site.manage("makemigrations")
    site.manage("migrate")
    site.plugin("till", NOTE + '    __table_args__ = {"info": {"managed": False}}\n    more: Mapped[int]\n')
    assert site.manage("makemigrations") == "No changes detected.\n"


@pytest.mark.parametrize(
    ("info", "error"),
    [
        ('{"managed": "no"}', "the info of the table 'till_note' has 'no' as managed, expected True or False"),
        ('{"read_only": 1}', "the info of the table 'till_note' has 1 as read_only, expected True or False"),
        ('{"read_only": True}', "the table 'till_note' is read_only, and migrations make it; say 'managed': False in"),
    ],
)
def test_an_info_that_can_be_understood_two_ways_is_refused_in_one_line(site: Site, info, error):
    site.plugin("till", NOTE + f'    __table_args__ = {{"info": {info}}}\n')
    done = site.run("makemigrations")
    assert done.returncode == 1
    assert f"plugin 'till': {error}" in done.stdout
    assert len(done.stdout.splitlines()) == 1
