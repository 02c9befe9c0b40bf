"""What two versions of a rule say is run in the database at hand: the keys of the rows that a role gained and lost."""

from dataclasses import replace

import pytest
from sqlalchemy import and_, false, not_, or_, true

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.grants import create_group, join_group
from dovetail.contrib.auth.rules import row_changes as module
from dovetail.contrib.auth.rules.difference import differences, roles_of
from dovetail.contrib.auth.rules.model_policies import ModelPolicy
from dovetail.contrib.auth.rules.row_changes import (
    MAX_USERS,
    SHOWN_KEYS,
    Conditions,
    check_database,
    conditions_of,
    row_changes,
)
from dovetail.contrib.auth.rules.snapshot import take_snapshot
from dovetail.database.unit_of_work import Database
from dovetail.errors import InvalidInputError
from dovetail.resources.policy import Policy
from plugins.blog.models import Post, Tag

PUBLISHED = Post.is_published.is_(True)


class Rule(Policy[Post, User]):
    """Says of every user what it was made with."""

    def __init__(self, says, action="view") -> None:
        self._says, self._action = says, action

    def where(self, viewer, action):
        if action != self._action:
            return false()
        return self._says(viewer) if viewer is not None else PUBLISHED


@pytest.fixture
async def told(database, session, make_user):
    """Tell the lines of a role for a change from one rule to another; ada wrote 1 to 3, bob 4, and 3 and 4 are out."""
    ada, bob = await make_user(username="ada"), await make_user(username="bob", is_superuser=True)
    for key, author, published in ((1, ada, False), (2, ada, False), (3, ada, True), (4, bob, True)):
        session.add(Post(id=key, title="5 % off: now", content="c", author_id=author.id, is_published=published))
    group = await create_group(session, "editors", [])
    await join_group(session, await session.get_one(User, bob.id), group)
    await session.commit()

    async def tell(before, after, role="a user", action="view"):
        old, new = (take_snapshot([ModelPolicy("blog", Post, Rule(one, action))]) for one in (before, after))
        found = differences(old, new, roles_of(old, new, groups={"editors": []}))
        (one,) = [one for one in found if one.role.name == role]
        runnable = conditions_of(one, Post, session.get_bind().dialect.name)
        return None if runnable is None else await row_changes(database, runnable)

    return tell


async def test_the_keys_of_what_was_gained_and_lost_are_told(told):
    lines = await told(lambda _: PUBLISHED, lambda _: and_(Post.id > 1, Post.id < 4))
    assert lines == ["gained here: 1 row: 2", "lost here: 1 row: 4"]
    assert await told(lambda _: false(), lambda _: true()) == ["gained here: 4 rows: 1, 2, 3, 4", "lost here: no row"]


async def test_a_condition_that_names_its_viewer_is_run_for_the_users_there_are(told):
    def mine(viewer):
        return or_(PUBLISHED, Post.author_id == viewer.id)

    lines = await told(mine, lambda _: PUBLISHED)
    assert lines == [
        "gained here, by one or more of 2 users: no row",
        "lost here, by one or more of 2 users: 2 rows: 1, 2",
    ]
    lines = await told(mine, lambda _: PUBLISHED, role="the group editors")
    assert lines[1] == "lost here, by one or more of 1 users: no row"  # bob, who is in it, has no drafts
    assert (await told(mine, lambda _: PUBLISHED, role="a superuser"))[1].endswith("of 1 users: no row")


async def test_a_condition_on_related_rows_and_with_signs_is_run_as_the_rule_runs_it(told):
    tagged, sold = Post.tags.any(Tag.name == "it's"), Post.title.like("5 \\%% off: n_w", escape="\\")
    assert await told(lambda _: not_(tagged), lambda _: sold) == ["gained here: no row", "lost here: no row"]
    assert await told(lambda _: tagged, lambda _: sold) == ["gained here: 4 rows: 1, 2, 3, 4", "lost here: no row"]
    lines = await told(lambda _: Post.author.has(User.username == "ada"), lambda _: true())
    assert lines == ["gained here: 1 row: 4", "lost here: no row"]


async def test_of_many_rows_the_first_keys_and_the_number_are_shown(told, session, make_user):
    author = await session.get_one(User, 1)
    session.add_all(
        Post(id=key, title="t", content="c", author_id=author.id, is_published=False) for key in range(100, 130)
    )
    await session.commit()
    gained, _ = await told(lambda _: false(), lambda _: Post.id >= 100)
    assert gained.startswith("gained here: 30 rows: 100, 101, ")
    assert gained.endswith(f"{100 + SHOWN_KEYS - 1}, ...")


async def test_of_many_users_the_first_are_looked_at_and_that_is_said(told, session):
    session.add_all(
        User(username=f"u{key}", email=f"u{key}@example.org", hashed_password="!") for key in range(MAX_USERS)
    )
    await session.commit()
    gained, _ = await told(lambda _: false(), lambda viewer: Post.author_id == viewer.id)
    assert (
        gained == f"gained here, by one or more of the first {MAX_USERS} of {MAX_USERS + 2} users: 4 rows: 1, 2, 3, 4"
    )


async def test_only_rules_about_existing_rows_are_run(told):
    assert await told(lambda _: false(), lambda _: true(), action="add") is None


async def test_a_condition_on_a_missing_table_is_reported_without_stopping(told, database, session):
    old = take_snapshot([ModelPolicy("blog", Post, Rule(lambda _: PUBLISHED))])
    new = take_snapshot([ModelPolicy("blog", Post, Rule(lambda _: true()))])
    one = next(one for one in differences(old, new, roles_of(old, new)) if one.role.name == "a user")
    runnable = conditions_of(one, Post, session.get_bind().dialect.name)
    (line,) = await row_changes(database, replace(runnable, before="blog_post.gone IS NULL"))
    assert line.startswith("its rows cannot be compared here: ")
    assert "gone" in line
    assert (await row_changes(database, runnable))[0] == "gained here: 2 rows: 1, 2"


async def test_conditions_of_another_version_are_read_only_and_time_limited(told, database, session, monkeypatch):
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    role = roles_of()[0]
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    (line,) = await row_changes(database, Conditions(Post, role, f"({endless}) > 0", "1 = 1"))
    assert line == "its rows cannot be compared here: a statement took more than 0.2 seconds"
    monkeypatch.undo()
    lines = await row_changes(database, Conditions(Post, role, "1 = 2", "blog_post.id < 3"))
    assert lines == ["gained here: 2 rows: 1, 2", "lost here: no row"]
    if session.get_bind().dialect.name == "postgresql":  # where a SELECT could write
        writes = "setval(pg_get_serial_sequence('blog_post', 'id'), 99) > 0"
        (line,) = await row_changes(database, Conditions(Post, role, writes, "1 = 1"))
        assert "read-only transaction" in line


async def test_a_version_that_does_not_say_it_for_this_database_has_conditions_alone(told, session):
    old = {"blog.post": {"view": {"unknown": "false", "user": "false"}}}  # as it was written before
    new = take_snapshot([ModelPolicy("blog", Post, Rule(lambda _: true()))])
    one = next(iter(differences(old, new, roles_of(old, new))))
    assert conditions_of(one, Post, session.get_bind().dialect.name) is None


async def test_a_database_that_is_not_there_cannot_be_asked_and_none_is_made(make_settings, tmp_path):
    for url, reason in (
        (f"sqlite:///{tmp_path / 'none.db'}", "no file"),
        ("postgresql://nobody@127.0.0.1:1/none", "Connect call failed"),
    ):
        database = Database.from_settings(make_settings(database_url=url))
        with pytest.raises(InvalidInputError, match=reason):
            await check_database(database)
        await database.dispose()
    assert list(tmp_path.iterdir()) == []
