"""`why`, `rls` and `permissions --diff`, as processes of their own."""

import json
import shutil
import subprocess
from functools import partial
from pathlib import Path

import pytest

from dovetail.contrib.auth.users import create_user
from plugins.blog.models import Post
from tests import outside
from tests.running import manage


@pytest.fixture
def run(settings, database_url):
    async def make(session):
        eddie = await create_user(session, username="eddie", email="eddie@example.org", password=None)
        mira = await create_user(session, username="mira", email="mira@example.org", password=None)
        await create_user(session, username="root", email="root@example.org", password=None, is_superuser=True)
        for key, author, published in ((1, eddie, False), (2, mira, False), (3, mira, True)):
            session.add(Post(id=key, title="t", content="c", author_id=author.id, is_published=published))

    outside.run_async(settings, make)
    return partial(manage, DATABASE_URL=database_url)


def test_a_rule_says_why_a_row_may_not_be_changed_and_which_grant_would_help(run):
    told = run("why", "eddie", "change", "blog.post", "3")
    assert (told.code, told.stdout.splitlines()) == (
        0,
        [
            "eddie may not change blog.post 3.",
            "The rule: plugins.blog.policies.PostPolicy.where",
            "It asked for blog.change_post: no.",
            "Its SQL: blog_post.author_id = 1",
            "The smallest grant that would allow it: blog.change_post",
            "The back office wants is_staff and blog.change_post besides: lacks is_staff and blog.change_post.",
        ],
    )


def test_a_hidden_row_is_reported_as_hidden_first(run):
    lines = run("why", "eddie", "delete", "blog.post", "2").stdout.splitlines()
    assert lines[:2] == ["To them it is not there at all:", "eddie may not view blog.post 2."]
    assert lines[-1].startswith("The smallest grant that would allow it: blog.")


def test_without_a_key_the_rows_are_counted(run):
    assert run("why", "@anybody", "view", "blog.post").stdout.splitlines()[0] == (
        "Somebody unknown may view rows of blog.post: 1 of them."
    )
    assert run("why", "root", "delete", "Blog.Post").stdout.splitlines()[0] == (
        "root may delete rows of blog.post: 3 of them."
    )


SENSELESS = [
    (("nobody", "view", "blog.post"), "There is no user 'nobody'; somebody unknown is called @anybody."),
    (("eddie", "view", "blog.pots"), "There is no model 'blog.pots'; did you mean blog.post?"),
    (("eddie", "fly", "blog.post"), "blog.post has no action 'fly', expected one of view, add, change, delete."),
    (("eddie", "view", "blog.post", "99"), "There is no blog.post 99."),
    (("eddie", "view", "blog.post", "x"), "'x' is no id of blog.post: expected a value of the type int."),
    (("eddie", "view", "blog.post", "1", "2"), "A key of blog.post is ID, found 1 2."),
]


def test_a_question_that_makes_no_sense_is_refused_in_one_line(run):
    for arguments, message in SENSELESS:
        told = run("why", *arguments)
        assert told.code == 1, arguments
        assert message in told.stderr
        assert len(told.stderr.strip().splitlines()) == 1, arguments


def test_rules_are_written_as_statements_for_postgresql(run):
    told = run("rls", "--sql")
    assert told.code == 0, told.stderr
    lines = told.stdout.splitlines()
    assert (lines[0], lines[-1]) == ("BEGIN;", "COMMIT;")
    assert "ALTER TABLE blog_post ENABLE ROW LEVEL SECURITY;" in lines
    assert "dovetail_viewer_id()" in told.stdout
    assert "email" not in told.stdout  # no rule asks for it, so no function tells it
    assert run("rls").code == 1


@pytest.fixture
def repository(tmp_path):
    """A copy of the site in a repository of its own, whose one commit is as the site is now."""
    root = Path(__file__).parents[4]
    for folder in ("config", "dovetail", "migrations", "plugins", "project"):
        shutil.copytree(root / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("manage.py", "pyproject.toml"):
        shutil.copy(root / name, tmp_path / name)
    for words in ("init -q", "add .", "-c user.name=a -c user.email=a@example.org commit -q -m first"):
        subprocess.run(["git", *words.split()], cwd=tmp_path, check=True)
    return tmp_path


def test_the_command_shows_what_a_role_lost_between_two_versions(repository, tmp_path_factory):
    run = partial(manage, cwd=repository, DATABASE_URL=f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('db')}/db")
    assert run("permissions", "--diff", "HEAD").stdout == "Nobody gained or lost anything since HEAD.\n"
    policies = repository / "plugins" / "blog" / "policies.py"
    text = policies.read_text(encoding="utf-8")
    rule = "or_(Post.is_published.is_(True), mine)"
    assert rule in text
    policies.write_text(text.replace(rule, "Post.is_published.is_(True)"), encoding="utf-8")
    told = run("permissions", "--diff", "HEAD")
    assert told.code == 1
    assert told.stdout.splitlines()[:3] == [
        "blog.post: view: a user changed",
        "  - rows where blog_post.is_published IS true OR blog_post.author_id = viewer.id",
        "  + rows where blog_post.is_published IS true",
    ]
    assert told.stdout.endswith("the database cannot be asked, there is no file where DATABASE_URL says\n")
    assert run("migrate").code == 0
    told = run("permissions", "--diff", "HEAD")
    assert told.code == 1
    assert told.stdout.splitlines()[3:5] == [
        "  gained here, by one or more of 0 users: no row",
        "  lost here, by one or more of 0 users: no row",
    ]
    refused = run("permissions", "--diff", "nosuch")
    assert (refused.code, refused.stderr) == (1, "manage.py: There is no revision 'nosuch' here.\n")
    assert "blog.post" in json.loads(run("permissions", "--snapshot").stdout)
