"""The migration that gives tags of drafts other keys."""

from sqlalchemy import text

from dovetail.database.engine.engine import create_engine
from dovetail.migrations.run.runner import MigrationRun, Target, migrate
from dovetail.registry import load_registry


async def test_tags_that_no_published_post_carries_get_other_keys_and_keep_their_posts(settings, make_post):
    draft = await make_post(is_published=False, tags=["secret", "shared"])
    await make_post(tags=["shared"])
    registry = load_registry(settings)
    await migrate(MigrationRun(settings, registry, Target(plugin="blog", revision="0005")))
    engine = create_engine(settings)
    try:
        async with engine.begin() as connection:
            for new, name in enumerate(("secret", "shared"), 1):
                copy = text("INSERT INTO blog_tag (id, name) VALUES (:new, :name || ' copy')")
                await connection.execute(copy, {"new": new, "name": name})
                move = (
                    "UPDATE blog_post_tag SET tag_id = :new WHERE tag_id = (SELECT id FROM blog_tag WHERE name = :name)"
                )
                await connection.execute(text(move), {"new": new, "name": name})
            await connection.execute(text("INSERT INTO blog_tag (id, name) VALUES (3, 'unused')"))
            await connection.execute(text("DELETE FROM blog_tag WHERE id > 3"))
            await connection.execute(text("UPDATE blog_tag SET name = replace(name, ' copy', '')"))
        await migrate(MigrationRun(settings, registry))
        async with engine.connect() as connection:
            tags = {row.name: row.id for row in await connection.execute(text("SELECT id, name FROM blog_tag"))}
            of_draft = f"SELECT tag_id FROM blog_post_tag WHERE post_id = {draft.id}"
            carried = set((await connection.execute(text(of_draft))).scalars())
    finally:
        await engine.dispose()
    assert tags.keys() == {"secret", "shared", "unused"}
    assert tags["shared"] == 2
    assert min(tags["secret"], tags["unused"]) > 1_000
    assert carried == {tags["secret"], tags["shared"]}
