"""Which permissions there are, and that `migrate` keeps the database in step with them."""

import pytest
from sqlalchemy import select, text

from dovetail.contrib.auth.models import Permission, groups_permissions, users_permissions
from dovetail.contrib.auth.permissions.declared import Declared, declared_permissions, expected_permissions
from dovetail.contrib.auth.permissions.grants import create_group, grant
from dovetail.contrib.auth.users import create_user
from dovetail.errors import ConfigurationError
from dovetail.migrations.run.runner import MigrationRun, Target, migrate
from dovetail.plugin import Migrated, Plugin, lazy
from dovetail.registry import load_registry

REFUND = ("refund_order", "Can refund an order")


def shop(**values: object) -> Plugin:
    return Plugin(name="shop", models=lazy("no.such.module:OrderItem"), **values)


async def stored(session) -> set[str]:
    return set(await session.scalars(select(Permission.name)))


def test_each_model_has_four_permissions_and_is_not_imported_for_them():
    assert [(one.name, one.title) for one in declared_permissions([shop()])] == [
        ("shop.view_orderitem", "Can view order item"),
        ("shop.add_orderitem", "Can add order item"),
        ("shop.change_orderitem", "Can change order item"),
        ("shop.delete_orderitem", "Can delete order item"),
    ]


def test_the_name_of_a_model_is_split_into_words_and_abbreviations():
    plugin = Plugin(name="shop", models=lazy("no.such.module:APIKey", "no.such.module:Page2"))
    titles = [one.title for one in declared_permissions([plugin])]
    assert (titles[0], titles[-1]) == ("Can view api key", "Can delete page2")


def test_a_plugin_may_declare_more():
    plugin = shop(extensions={"auth.permissions": [REFUND]})
    assert declared_permissions([plugin])[-1] == Declared("shop.refund_order", "shop", "Can refund an order")


@pytest.mark.parametrize(
    "given", ["refund", ("Refund", "x"), ("a b", "x"), ("refund", ""), ("refund", "x" * 201), ("r" * 100, "x"), 3]
)
def test_an_invalid_declaration_is_refused_with_what_is_expected(given):
    with pytest.raises(ConfigurationError, match=r"plugin 'shop' declares the permission .*; expected a pair"):
        declared_permissions([shop(extensions={"auth.permissions": [given]})])


def test_a_permission_that_a_model_has_or_that_was_declared_already_is_refused():
    twice = [("view_orderitem", "Can look"), REFUND, REFUND]
    for given in (twice[:1], twice[1:]):
        with pytest.raises(ConfigurationError, match="twice"):
            declared_permissions([shop(extensions={"auth.permissions": given})])


def test_permissions_are_deleted_with_the_tables_but_kept_while_a_plugin_is_disabled():
    kept = Declared("club.join", "club", "Can join")
    left = [kept, Declared("gone.join", "gone", "Can join"), Declared("shop.old", "shop", "Could")]
    names = [one.name for one in expected_permissions(left, Migrated(plugins=[shop()], applied={"shop", "club"}))]
    assert names[-1] == "club.join"
    assert not {"gone.join", "shop.old"} & set(names)
    assert expected_permissions(left, Migrated(plugins=[shop()], applied={"club"})) == [kept]


async def test_the_database_holds_those_of_all_plugins_after_migrate(session):
    assert {"blog.view_post", "blog.delete_tag", "auth.change_group", "comments.add_comment"} <= await stored(session)


async def test_migrating_a_plugin_to_zero_deletes_its_permissions_and_their_grants(settings, database):
    async with database.unit_of_work() as session:
        await create_group(session, "editors", ["blog.view_post", "comments.view_comment", "auth.view_user"])
    await migrate(MigrationRun(settings, load_registry(settings), Target(plugin="comments", revision="zero")))
    async with database.unit_of_work() as session:
        assert not {name for name in await stored(session) if name.startswith("comments.")}
        left = await session.scalars(select(groups_permissions.c.permission_name))
        assert sorted(left) == ["auth.view_user", "blog.view_post"]
    await migrate(MigrationRun(settings, load_registry(settings)))
    async with database.unit_of_work() as session:
        assert "comments.view_comment" in await stored(session)


def test_an_internal_model_has_no_permissions_of_its_own():
    plugin = shop(internal_models=["OrderItem"], extensions={"auth.permissions": [REFUND]})
    assert [one.name for one in declared_permissions([plugin])] == ["shop.refund_order"]


async def test_internal_models_add_no_permissions(session):
    models = ("keptform", "challenge", "bucket", "outgoingmail", "securityevent", "totp", "passkey", "idempotentanswer")
    internal = (*models, "onetimetoken", "recoverycode", "refreshtoken", "providerlogin", "connectedlogin")
    named = [name for name in await stored(session) if name.endswith(tuple(f"_{model}" for model in internal))]
    assert named == []
    assert {"auth.view_session", "auth.delete_personaltoken"} <= await stored(session)


async def test_migrate_removes_the_permissions_of_a_model_that_became_internal_with_their_grants(settings, database):
    old = "auth.view_challenge"
    async with database.unit_of_work() as session:
        session.add(Permission(name=old, plugin="auth", title="Can view challenge"))
        await session.flush()
        await create_group(session, "old hands", [old, "blog.view_post"])
        eddie = await create_user(session, username="eddie", email="eddie@example.org", password="a good long password")
        await grant(session, eddie, [old])
    assert await migrate(MigrationRun(settings, load_registry(settings))) == []
    async with database.unit_of_work() as session:
        assert old not in await stored(session)
        assert list(await session.scalars(select(groups_permissions.c.permission_name))) == ["blog.view_post"]
        assert list(await session.scalars(select(users_permissions.c.permission_name))) == []


async def test_migrate_repairs_permissions_even_without_migrations_to_apply(settings, database):
    async with database.unit_of_work() as session:
        await session.execute(text("DELETE FROM auth_permission WHERE name = 'blog.view_post'"))
        await session.execute(text("UPDATE auth_permission SET title = 'Old' WHERE name = 'blog.add_post'"))
        session.add(Permission(name="blog.fly", plugin="blog", title="Can fly"))
    assert await migrate(MigrationRun(settings, load_registry(settings))) == []
    async with database.unit_of_work() as session:
        names = await stored(session)
        assert "blog.view_post" in names
        assert "blog.fly" not in names
        assert (await session.get_one(Permission, "blog.add_post")).title == "Can add post"
