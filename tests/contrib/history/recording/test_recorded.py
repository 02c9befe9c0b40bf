"""The tables that are written down, and the columns that are secret."""

from collections.abc import Sequence

import pytest
from sqlalchemy import Column, MetaData, String, Table, select, update

from dovetail.application import make_application
from dovetail.contrib.auth.models import User
from dovetail.contrib.history.models import RecordedChange
from dovetail.contrib.history.recording.recorded import REDACTED, Recorded
from dovetail.errors import ConfigurationError
from dovetail.plugin import context_of
from dovetail.resources.schemas.secret_columns import is_secret

INTERNAL = {
    *(f"admin.{name}" for name in ("keptform", "formdraft", "preference", "presence", "savedview", "importedtable")),
    *(f"auth.{name}" for name in ("session", "refreshtoken", "personaltoken", "onetimetoken", "permission")),
    *(f"auth.{name}" for name in ("securityevent", "totp", "passkey", "recoverycode", "challenge")),
    *(f"auth.{name}" for name in ("connectedlogin", "providerlogin", "outgoingmail")),
    "blog.wordpressitem",
    "comments.wordpresscomment",
    "history.logstart",
    "history.recordedchange",
    "idempotency.idempotentanswer",
    "throttling.bucket",
}


async def test_every_model_is_recorded_unless_it_opts_out(session):
    context = context_of(session)
    labels = {f"{plugin.name}.{model.__name__.lower()}" for plugin in context.plugins for model in plugin.models}
    written = {one.label for one in Recorded(context, ()).tables.values()}
    assert labels - written == INTERNAL


async def test_links_are_recorded_as_changes_of_the_object_in_the_first_column(session):
    links = {key: one for key, one in Recorded(context_of(session), ()).tables.items() if one.is_link}
    assert {key: (one.label, list(one.fields)) for key, one in links.items()} == {
        "auth_group_permission": ("auth.group", ["permissions"]),
        "auth_user_group": ("auth.user", ["groups"]),
        "auth_user_permission": ("auth.user", ["user_permissions"]),
        "blog_post_tag": ("blog.post", ["tags"]),
    }


async def test_a_model_that_the_site_ignores_is_not_recorded(session):
    assert "blog_post" not in Recorded(context_of(session), ("blog.post",)).tables


def test_an_unknown_model_in_history_ignore_is_refused_at_startup(settings, monkeypatch):
    monkeypatch.setenv("HISTORY_IGNORE", "blog.psot")
    with pytest.raises(ConfigurationError, match=r"HISTORY_IGNORE names 'blog.psot', which is no model; .*blog.post"):
        make_application(settings)


@pytest.mark.parametrize(
    ("name", "info", "secret"),
    [
        ("hashed_password", {}, True),
        ("api_secret", {}, True),
        ("token_hash", {}, True),
        ("title", {}, False),
        ("tokens_used", {}, False),
        ("title", {"secret": True}, True),
        ("token_count", {"secret": False}, False),
    ],
)
def test_a_column_is_secret_if_it_is_marked_or_its_name_suggests_it(name, info, secret):
    column = Column(name, String, info=info)
    Table("t", MetaData(), column)
    assert is_secret(column) is secret


async def test_for_a_secret_only_the_fact_that_it_changed_is_recorded(database, make_user, changes):
    user = await make_user(username="ada")
    async with database.unit_of_work() as session:
        (await session.get_one(User, user.id)).hashed_password = "one secret"
    async with database.unit_of_work() as session:
        await session.execute(update(User).where(User.id == user.id).values(hashed_password="another"))
    rows: Sequence[RecordedChange] = await changes("auth.user")
    assert rows[0].after["hashed_password"] == REDACTED
    assert [(row.before, row.after) for row in rows[1:]] == [({"hashed_password": REDACTED},) * 2] * 2
    async with database.unit_of_work() as session:
        lines = (await session.execute(select(RecordedChange.before, RecordedChange.after))).all()
    assert "secret" not in str(lines)
    assert "another" not in str(lines)
