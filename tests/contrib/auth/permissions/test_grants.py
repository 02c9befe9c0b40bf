"""What users and groups are given, and what is taken from them again."""

import re

import pytest
from sqlalchemy import select

from dovetail.contrib.auth.events.models import EventKind, SecurityEvent
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.grants import clean_group_name, create_group, grant, revoke
from dovetail.contrib.auth.permissions.held import groups_of, load_permissions, own_permissions
from dovetail.contrib.auth.permissions.managing import set_groups
from dovetail.errors import InvalidInputError, PermissionDeniedError

VIEW, CHANGE, DELETE = "blog.view_post", "blog.change_post", "blog.delete_post"


@pytest.fixture
async def people(make_user, session):
    keys = [(await make_user(username=name, is_staff=True)).id for name in ("eddie", "ada")]
    return [await session.get_one(User, key) for key in keys]


async def test_only_the_revoked_permission_is_removed(people, session):
    eddie, ada = people
    editors = await create_group(session, "Editors")
    holders = (eddie, ada, editors)
    for holder in holders:
        await grant(session, holder, [VIEW, CHANGE])
    await revoke(session, eddie, [VIEW])
    assert [await own_permissions(session, one) for one in holders] == [[CHANGE], [CHANGE, VIEW], [CHANGE, VIEW]]
    await revoke(session, editors, [CHANGE])
    assert [await own_permissions(session, one) for one in holders] == [[CHANGE], [CHANGE, VIEW], [VIEW]]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_events_about_permissions_of_a_group_have_its_name(session):
    editors = await create_group(session, "Editors")
    await grant(session, editors, [VIEW, CHANGE])
    await revoke(session, editors, [VIEW])
    told = select(SecurityEvent.kind, SecurityEvent.detail).order_by(SecurityEvent.id)
    assert [tuple(row) for row in await session.execute(told)][-2:] == [
        (EventKind.PERMISSION_GRANTED, f"group Editors: {CHANGE}, {VIEW}"),
        (EventKind.PERMISSION_REVOKED, f"group Editors: {VIEW}"),
    ]


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_managing_members_of_a_group_requires_its_permissions(people, session):
    eddie, ada = people
    await grant(session, eddie, [VIEW])
    await load_permissions(session, eddie)
    groups = [await create_group(session, name) for name in ("Readers", "Removers")]
    for group, name in zip(groups, (VIEW, DELETE), strict=True):
        await grant(session, group, [name])
    await set_groups(session, eddie, ada, [groups[0].id])
    assert await groups_of(session, ada) == {"Readers": [VIEW]}
    with pytest.raises(PermissionDeniedError, match=f"you lack {DELETE}"):
        await set_groups(session, eddie, ada, [group.id for group in groups])
    await set_groups(session, eddie, ada, [], known=[groups[1].id])
    assert await groups_of(session, ada) == {"Readers": [VIEW]}  # the form did not show it
    await set_groups(session, eddie, ada, [])
    assert await groups_of(session, ada) == {}


def test_the_name_of_a_group_has_1_to_150_characters_on_one_line():
    assert clean_group_name(" The  editors ") == "The editors"
    assert len(clean_group_name("x" * 150)) == 150
    for name in ("", "x" * 151, "a\x00b"):
        with pytest.raises(InvalidInputError, match="1 to 150 characters"):
            clean_group_name(name)


async def test_the_fixture_makes_a_user_with_permissions_and_names_one_that_does_not_exist(make_user, client_for):
    user = await make_user(username="ada", permissions=["blog.add_tag", "blog.view_post"])
    assert user.has_perm("blog.add_tag")
    client = await client_for(user)
    assert set((await client.get("/api/users/me/permissions")).json()["permissions"]) == user.permissions

    with pytest.raises(InvalidInputError, match=re.escape("did you mean blog.view_post?")):
        await make_user(permissions=["blog.view_posts"])
