"""Take a snapshot of all rules of a site, so that two versions of the code can be compared without running both.

A snapshot is JSON. For each model and action it has a tree of questions about the viewer with SQL as its leaves, and
for each model such trees of the fields that may not be read or written. PostgreSQL's SQL is compared; the snapshot also
has the same conditions as each database can run them on rows of the model.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TypeAlias, TypeVar

from sqlalchemy import ColumnElement, Dialect, Integer, literal_column, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import CompileError

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.rules.model_policies import ModelPolicy
from dovetail.contrib.auth.rules.paths import (
    NO_ROWS,
    Leaf,
    Tree,
    UnexplainableRuleError,
    explore,
    viewer_columns,
    walk,
)
from dovetail.contrib.auth.rules.viewer_functions import as_text, dialect
from dovetail.resources.policy import Policy

T = TypeVar("T")
Shown: TypeAlias = str | list[str]  # a condition, or names of fields
# The result of one rule: for an anonymous user, and for users a tree {"ask": "blog.view_post", "yes": ..., "no": ...}.
ShownTree: TypeAlias = Shown | dict[str, object]
Said: TypeAlias = Mapping[str, ShownTree]  # by "unknown" or "user", also with " on " and a dialect
Snapshot: TypeAlias = Mapping[str, Mapping[str, Said]]  # by model, then by action or one of FIELDS
NOBODY, USER = "unknown", "user"
VIEWER = "viewer"  # the alias of the viewer in conditions: `blog_post.author_id = viewer.id`
UNEXPLAINED = "cannot be told"
DIALECTS = {"postgresql": dialect, "sqlite": sqlite.dialect}
FIELDS = "fields not to be read", "fields not to be written"
NO_FIELDS: frozenset[str] = frozenset()


def take_snapshot(models: Iterable[ModelPolicy]) -> Snapshot:
    """Return the conditions of all rules. For a rule that cannot be analysed, the snapshot says so."""
    return {one.label: dict(_said(one)) for one in models}


def on(dialect_name: str) -> str:
    """Return the suffix of the keys for the conditions that a database can run: `user on sqlite`."""
    return f" on {dialect_name}"


def _said(one: ModelPolicy) -> Iterable[tuple[str, Said]]:
    shows: dict[str, Callable[[ColumnElement[bool]], Shown]] = {"": as_text}
    shows |= {on(name): partial(_on_rows, one.model, make()) for name, make in DIALECTS.items()}
    for action in one.actions:
        yield action, _both(partial(_where, one.policy, action), NO_ROWS, shows)
    for what, rule in zip(FIELDS, (one.policy.hidden, one.policy.read_only), strict=True):
        yield what, _both(rule, NO_FIELDS, {"": sorted})


def _where(policy: Policy, action: str, viewer: User | None) -> ColumnElement[bool]:
    return policy.where(viewer, action)


def _on_rows(model: type[object], spoken: Dialect, condition: ColumnElement[bool]) -> str:
    """Return a condition as text, with its subqueries correlated to the row."""
    rows = select(literal_column("1", Integer)).select_from(model).where(condition)
    try:
        sql = str(rows.compile(dialect=spoken, compile_kwargs={"literal_binds": True}))
    except CompileError as error:  # it uses constructs of the other database
        return f"{UNEXPLAINED}: {error}"
    return sql.partition("\nWHERE ")[2] or "1 = 1"


def _both(rule: Callable[[User | None], T], refused: T, shows: Mapping[str, Callable[[T], Shown]]) -> Said:
    """Return the results of a rule, rendered in each way of `shows`, whose keys are suffixes."""
    value_of = viewer_columns(lambda name: f"{VIEWER}.{name}")
    try:
        trees = {
            NOBODY: walk(lambda _: rule(None), value_of, lambda _: False, refused),
            USER: explore(rule, value_of, refused),
        }
    except UnexplainableRuleError as error:
        return dict.fromkeys((NOBODY, USER), f"{UNEXPLAINED}: {error}")
    return {who + end: _shown(tree, show) for who, tree in trees.items() for end, show in shows.items()}


def _shown(tree: Tree[T], show: Callable[[T], Shown]) -> ShownTree:
    if isinstance(tree, Leaf):
        return show(tree.value)
    return {"ask": tree.question.name, "yes": _shown(tree.if_yes, show), "no": _shown(tree.if_no, show)}
