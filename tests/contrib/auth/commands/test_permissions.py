"""Groups and permissions by commands, as processes of their own."""

from functools import partial

import pytest

from dovetail.contrib.auth.users import create_user
from tests import outside
from tests.running import manage


@pytest.fixture
def run(settings, database_url):
    async def make(session):
        await create_user(session, username="eddie", email="eddie@example.org", password=None)

    outside.run_async(settings, make)
    return partial(manage, DATABASE_URL=database_url)


def test_permissions_of_a_group_are_granted_to_and_revoked_from_a_user(run):
    made = run("creategroup", "Editors", "blog.view_post")
    assert (made.code, made.stdout) == (0, "The group Editors was made; it gives 1 permission.\n")
    assert run("grant", "group:editors", "blog.change_post").code == 0
    given = run("grant", "eddie", "group:editors", "blog.add_tag", "staff")
    assert given.stdout == "eddie was given group:editors, blog.add_tag, staff.\n"
    assert run("permissions", "eddie").stdout.splitlines() == [
        "eddie is staff.",
        "blog.add_tag  granted to eddie",
        "blog.change_post  by the group Editors",
        "blog.view_post  by the group Editors",
    ]
    assert run("revoke", "eddie", "group:editors", "staff").code == 0
    assert run("permissions", "eddie").stdout == "blog.add_tag  granted to eddie\n"
    assert run("revoke", "eddie", "blog.add_tag").code == 0
    assert run("permissions", "eddie").stdout == "eddie is permitted nothing.\n"


def test_a_superuser_and_somebody_deactivated_are_told_to_be_so(settings, run):
    async def make(session):
        await create_user(session, username="root", email="r@example.org", password=None, is_superuser=True)
        gone = await create_user(session, username="gone", email="g@example.org", password=None)
        gone.is_active = False

    outside.run_async(settings, make)
    assert "root is a superuser, who may do everything." in run("permissions", "root").stdout.splitlines()
    assert run("permissions", "gone").stdout == "gone is deactivated: nothing below counts.\n"


def test_granting_twice_is_no_error_and_has_no_effect(run):
    run("creategroup", "editors")
    for _ in range(2):
        assert run("grant", "eddie", "group:editors", "blog.view_post").code == 0
    assert run("permissions", "eddie").stdout == "blog.view_post  granted to eddie\n"


MISTAKES = [
    (
        ("grant", "eddie", "blog.chnge_post"),
        "no permission 'blog.chnge_post'; did you mean blog.change_post?",
    ),
    (("grant", "nobody", "blog.view_post"), "There is no user 'nobody'; a group is called group:NAME."),
    (("grant", "group:none", "blog.view_post"), "There is no group named 'none'."),
    (("grant", "group:all", "staff"), "A group holds permissions only; give staff to users."),
    (("creategroup", "ALL"), "There is a group named 'ALL' already."),
    (("creategroup", " "), "A group's name has 1 to 150 characters, on one line."),
    (("creategroup", "x", "fly"), "There is no permission 'fly'; `manage.py permissions` lists all"),
]


def test_a_mistake_is_one_line_and_changes_nothing(run):
    run("creategroup", "all")
    for arguments, message in MISTAKES:
        result = run(*arguments)
        assert (result.code, result.stdout) == (1, ""), arguments
        assert message in result.error
        assert run("permissions", "eddie").stdout == "eddie is permitted nothing.\n", arguments


def test_without_a_name_every_permission_is_listed(run):
    assert "blog.view_post  Can view post" in run("permissions").stdout.splitlines()
