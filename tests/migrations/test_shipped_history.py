"""The migrations this project ships: they build what the models say, and go down and up again."""

from project.migrations.maker import Wanted, make_revisions
from project.migrations.questions import SafeAnswers
from project.migrations.runner import Target, migrate
from project.registry import load_registry


async def test_the_models_have_no_change_that_no_migration_makes(settings):
    made = await make_revisions(settings, load_registry(settings), Wanted(), SafeAnswers())

    assert [each.upgrade for each in made.revisions] == []


async def test_every_plugin_goes_down_to_zero_and_up_again(settings):
    registry = load_registry(settings)
    everything = len(list(await migrate(settings, registry, Target(plugin="auth", revision="zero"))))

    again = await migrate(settings, registry)

    assert len(again) == everything
    assert {step.plugin for step in again} == {"auth", "admin", "blog", "comments"}
