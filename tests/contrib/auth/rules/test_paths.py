"""The ways through a rule are all found, and written as one condition they mean what the rule says."""

from contextlib import closing
from itertools import product
from sqlite3 import connect

import pytest
from sqlalchemy import ColumnElement, and_, false, literal, or_, true
from sqlalchemy.dialects import postgresql, sqlite

from dovetail.contrib.auth.access import check_permission
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.rules.paths import (
    NO_ROWS,
    Branch,
    Leaf,
    Question,
    UnexplainableRuleError,
    as_condition,
    explore,
    leaf_for,
    questions_of,
    viewer_columns,
)
from plugins.blog.models import Post

CHANGE, VIEW = Question("blog.change_post"), Question("blog.view_post")


value_of = viewer_columns(lambda name: f"viewer_{name}")


def text(condition: ColumnElement[bool]) -> str:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy declares no types there
    return str(condition.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


def rows(viewer: User) -> ColumnElement[bool]:
    if viewer.has_perm(CHANGE.name) or viewer.has_perm(VIEW.name):
        return true()
    return or_(Post.is_published.is_(True), Post.author_id == viewer.id)


def test_a_rule_is_asked_with_every_answer_to_each_of_its_questions() -> None:
    tree = explore(rows, value_of, NO_ROWS)
    assert questions_of(tree) == {CHANGE, VIEW}
    for change, view in product((True, False), repeat=2):
        leaf = leaf_for(tree, {CHANGE: change, VIEW: view}.__getitem__)
        assert text(leaf.value) == (
            "true" if change or view else "blog_post.is_published IS true OR blog_post.author_id = viewer_id"
        )


def test_a_question_is_not_asked_where_its_answer_decides_nothing() -> None:
    tree = explore(rows, value_of, NO_ROWS)
    assert isinstance(tree, Branch)
    assert isinstance(tree.if_yes, Leaf)


@pytest.mark.parametrize("yes", ["true", "false", "published", "own"])
@pytest.mark.parametrize("no", ["true", "false", "published", "own"])
def test_a_question_and_its_two_conditions_become_one_condition_that_means_the_same(yes: str, no: str) -> None:
    known = {"true": true(), "false": false(), "published": Post.is_published.is_(True), "own": Post.author_id == 1}
    whole = as_condition(Branch(CHANGE, Leaf(known[yes]), Leaf(known[no])), lambda _: Post.view_count > 0)
    condition = whole.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    for asked, published, own in product((0, 1), repeat=3):
        row = f"SELECT {asked} AS view_count, {published} AS is_published, {own} AS author_id"
        with closing(connect(":memory:")) as database:
            (found,) = database.execute(f"SELECT {condition} FROM ({row}) AS blog_post").fetchone()
        assert found == {"true": 1, "false": 0, "published": published, "own": own}[yes if asked else no]


def test_a_refusal_is_a_leaf_without_rows_that_keeps_its_message() -> None:
    def refusing(viewer: User) -> ColumnElement[bool]:
        check_permission(viewer, VIEW.name)
        return true()

    leaf = leaf_for(explore(refusing, value_of, NO_ROWS), lambda _: False)
    assert text(leaf.value) == "false"
    assert leaf.refusal == "This takes the permission blog.view_post."


def test_flags_of_the_account_are_questions_too() -> None:
    def rule(viewer: User) -> ColumnElement[bool]:
        return true() if viewer.is_staff and isinstance(viewer, User) else false()

    assert questions_of(explore(rule, value_of, NO_ROWS)) == {Question("is_staff")}


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (lambda viewer: true() if viewer.username == "ada" else false(), "compares username"),
        (lambda viewer: true() if viewer.id > 3 else false(), "compares id"),
        (lambda viewer: true() if viewer.id else false(), "in Python what is to be done in SQL"),
        (lambda viewer: Post.title == f"by {viewer.username}", "writes username"),
        (lambda viewer: true() if VIEW.name in viewer.permissions else false(), "looks at permissions"),
        (lambda viewer: and_(*(literal(viewer.has_perm(f"a.b_{n}")) for n in range(20))), "more than 12"),
    ],
)
def test_a_rule_that_needs_a_real_user_is_refused_and_told_why(rule: object, words: str) -> None:
    with pytest.raises(UnexplainableRuleError, match=words):
        explore(rule, value_of, NO_ROWS)  # type: ignore[arg-type]  # it is made wrong


def test_all_questions_of_a_rule_that_catches_errors_are_explored() -> None:
    def careful(viewer: User) -> ColumnElement[bool]:
        try:
            return true() if viewer.has_perm(VIEW.name) else false()
        except Exception:  # noqa: BLE001 - the careless thing that is tried
            return false()

    assert questions_of(explore(careful, value_of, NO_ROWS)) == {VIEW}
