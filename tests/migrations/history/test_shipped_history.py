"""The migrations this project ships: they build what the models say, keep rows, and go down and up again."""

import pytest
from sqlalchemy import text

from dovetail.database.unit_of_work import Database
from dovetail.migrations.make.maker import RevisionOptions, make_revisions
from dovetail.migrations.make.questioner import SafeAnswers
from dovetail.migrations.run.runner import MigrationRun, Target, migrate
from dovetail.registry import load_registry


async def test_the_models_have_no_change_that_no_migration_makes(settings):
    made = await make_revisions(settings, load_registry(settings), RevisionOptions(), SafeAnswers())

    assert [each.upgrade for each in made.revisions] == []


async def test_every_plugin_goes_down_to_zero_and_up_again(settings):
    registry = load_registry(settings)
    undone = await migrate(MigrationRun(settings, registry, Target(plugin="auth", revision="zero")))

    again = await migrate(MigrationRun(settings, registry))

    assert {step.revision for step in again} == {step.revision for step in undone}
    assert {step.plugin for step in again} == {"auth", "admin", "blog", "comments"}


SHIPPED = ["throttling", "auth", "admin", "idempotency", "history", "blog", "comments"]


def test_every_plugin_with_migrations_is_proved_below(settings):
    installed = load_registry(settings).installed

    with_migrations = {name for name, entry in installed.items() if any(entry.migrations.glob("0*.py"))}
    assert with_migrations == set(SHIPPED)


@pytest.mark.parametrize("plugin", SHIPPED)
async def test_each_step_goes_up_down_and_up_with_rows_in_the_tables(prove_history, settings, plugin):
    files = load_registry(settings).installed[plugin].migrations.glob("0*.py")

    assert await prove_history(plugin) == sorted(f"{plugin}_{path.stem}" for path in files)


async def test_a_database_that_counted_purges_before_their_migration_keeps_its_count(make_settings, database_url):
    settings = make_settings(database_url=database_url)
    registry = load_registry(settings)
    await migrate(MigrationRun(settings, registry, Target(plugin="history", revision="0004")))
    database = Database.from_settings(settings)
    async with database.unit_of_work() as session:
        await session.execute(text("ALTER TABLE history_log_start ADD COLUMN purges BIGINT DEFAULT 0 NOT NULL"))
        assert (await session.execute(text("UPDATE history_log_start SET purges = 7"))).rowcount == 1

    await migrate(MigrationRun(settings, registry))

    async with database.unit_of_work(read_only=True) as session:
        assert await session.scalar(text("SELECT purges FROM history_log_start")) == 7
    await database.dispose()
    made = await make_revisions(settings, registry, RevisionOptions(plugins=("history",)), SafeAnswers())
    assert [each.upgrade for each in made.revisions] == []


@pytest.mark.parametrize(
    ("plugin", "stems"),
    [
        ("auth", ["0001_initial", "0002_user_bio"]),
        ("blog", ["0001_initial", "0002_post_view_count", "0003_ix_blog_post_created_at"]),
    ],
)
def test_the_history_is_shipped_in_the_steps_of_the_exercise(settings, plugin, stems):
    folder = load_registry(settings).installed[plugin].migrations

    assert sorted(path.stem for path in folder.glob("0*.py"))[: len(stems)] == stems
