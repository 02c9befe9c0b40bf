"""The history of the plugin conduit, on SQLite and on PostgreSQL."""

from dovetail.testing.migrations import ProveHistory


async def test_the_migrations_lead_to_the_models_and_back(prove_history: ProveHistory) -> None:
    assert await prove_history("conduit")
