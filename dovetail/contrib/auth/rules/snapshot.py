"""Write down what every rule of a site says, so that two versions of the code can be compared without running both.

A snapshot is JSON: of each model and action a tree of questions about the viewer with SQL as its leaves, and of each
model the fields that are not to be read or written, as such trees too.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TypeAlias, TypeVar

from sqlalchemy import ColumnElement

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.rules.paths import (
    NO_ROWS,
    Leaf,
    Tree,
    UnexplainableRuleError,
    explore,
    viewer_columns,
    walk,
)
from dovetail.contrib.auth.rules.ruled import Ruled
from dovetail.contrib.auth.rules.viewer_functions import as_text
from dovetail.resources.policy import Policy

T = TypeVar("T")
Shown: TypeAlias = "str | list[str]"  # a condition, or names of fields
# What one rule says: of somebody unknown, and of users a tree, `{"ask": "blog.view_post", "yes": ..., "no": ...}`.
ShownTree: TypeAlias = "Shown | dict[str, object]"
Snapshot: TypeAlias = Mapping[str, Mapping[str, Mapping[str, ShownTree]]]  # by model, what, and "unknown" or "user"
NOBODY, USER = "unknown", "user"
FIELDS = "fields not to be read", "fields not to be written"
NO_FIELDS: frozenset[str] = frozenset()


def take_snapshot(models: Iterable[Ruled]) -> Snapshot:
    """Return what the rules say. A rule that only a real user can be asked about is written down as just that."""
    return {one.label: dict(_said(one)) for one in models}


def _said(one: Ruled) -> Iterable[tuple[str, Mapping[str, ShownTree]]]:
    for action in one.actions:
        yield action, _both(partial(_where, one.policy, action), NO_ROWS, as_text)
    for what, rule in zip(FIELDS, (one.policy.hidden, one.policy.read_only), strict=True):
        yield what, _both(rule, NO_FIELDS, sorted)


def _where(policy: Policy, action: str, viewer: User | None) -> ColumnElement[bool]:
    return policy.where(viewer, action)


def _both(rule: Callable[[User | None], T], refused: T, show: Callable[[T], Shown]) -> Mapping[str, ShownTree]:
    value_of = viewer_columns(lambda name: f"viewer.{name}")
    try:
        unknown = walk(lambda _: rule(None), value_of, lambda _: False, refused)
        return {NOBODY: _shown(unknown, show), USER: _shown(explore(rule, value_of, refused), show)}
    except UnexplainableRuleError as error:
        return dict.fromkeys((NOBODY, USER), f"cannot be told: {error}")


def _shown(tree: Tree[T], show: Callable[[T], Shown]) -> ShownTree:
    if isinstance(tree, Leaf):
        return show(tree.value)
    return {"ask": tree.question.name, "yes": _shown(tree.if_yes, show), "no": _shown(tree.if_no, show)}
