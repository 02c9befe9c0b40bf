"""Explain why a user may or may not do something: the deciding rule, its SQL, and the smallest change of permissions.

The user's permissions and groups are those of now; the rows are selected in the database, as the rule would do.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

from sqlalchemy import ColumnElement, false, func, literal, not_, select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.rules.paths import (
    NO_ROWS,
    Leaf,
    Question,
    Tree,
    explore,
    leaf_for,
    questions_of,
    walk,
)

Where: TypeAlias = Callable[[User | None, str], ColumnElement[bool]]  # the type of `Policy.where`


@dataclass(frozen=True)
class RuleQuestion:
    """The question whether `user` (None: anonymous) may do `action` to rows of `model`, or to those `chosen`."""

    user: User | None
    action: str
    model: type[object]
    chosen: ColumnElement[bool] | None = None


@dataclass(frozen=True)
class Explanation:
    """The answer, and the reasons for it.

    `rows` is the number of rows on which it is allowed. `answers` are the rule's questions about the user. `change` has
    the permissions that would change the answer: to grant if it is no, to revoke if it is yes; None if no permissions
    would. `binds_superuser` is true for a superuser who is not allowed it on all rows.
    """

    is_allowed: bool
    rows: int
    condition: str
    refusal: str | None
    answers: dict[Question, bool]
    change: tuple[str, ...] | None
    binds_superuser: bool = False


async def explain(session: AsyncSession, where: Where, asked: RuleQuestion) -> Explanation:
    """Return the explanation. Raise UnexplainableRuleError for a rule that only works with a real user."""
    finder = _Finder(session, asked)
    if asked.user is None:
        leaf = walk(lambda _: where(None, asked.action), lambda _: None, lambda _: False, NO_ROWS)
        return await _explanation(finder, leaf, {}, None)
    user = asked.user
    tree = explore(lambda viewer: where(viewer, asked.action), lambda name: getattr(user, name), NO_ROWS)
    answers = dict(_answers(tree, user))
    leaf = leaf_for(tree, answers.__getitem__)
    return await _explanation(finder, leaf, answers, tree)


def answer_of(user: User, question: Question) -> bool:
    """Return the answer to a question about a real user."""
    return user.has_perm(question.name) if question.is_permission else bool(getattr(user, question.name))


def _answers(tree: Tree[ColumnElement[bool]], user: User) -> Iterator[tuple[Question, bool]]:
    """Yield the questions on the user's path through the rule, in order, with their answers."""
    while not isinstance(tree, Leaf):
        answer = answer_of(user, tree.question)
        yield tree.question, answer
        tree = tree.if_yes if answer else tree.if_no


@dataclass(frozen=True)
class _Finder:
    """Selects the rows on which something is allowed."""

    session: AsyncSession
    asked: RuleQuestion

    async def finds(self, condition: ColumnElement[bool]) -> bool:
        """Return whether one of the chosen rows meets a condition."""
        rows = select(literal(1)).select_from(self.asked.model).where(condition).limit(1)
        if self.asked.chosen is not None:
            rows = rows.where(self.asked.chosen)
        return await self.session.scalar(rows) is not None

    async def count(self, condition: ColumnElement[bool]) -> int:
        """Return how many of the chosen rows meet a condition."""
        rows = select(func.count()).select_from(self.asked.model).where(condition)
        if self.asked.chosen is not None:
            rows = rows.where(self.asked.chosen)
        return await self.session.scalar(rows) or 0


async def _explanation(
    finder: _Finder,
    leaf: Leaf[ColumnElement[bool]],
    answers: dict[Question, bool],
    tree: Tree[ColumnElement[bool]] | None,
) -> Explanation:
    rows = await finder.count(leaf.value)
    dialect = finder.session.get_bind().dialect
    condition = str(leaf.value.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    change = None if tree is None else await _smallest_change(finder, tree, is_allowed=rows > 0)
    user = finder.asked.user
    binds = user is not None and user.is_superuser and await finder.finds(not_(func.coalesce(leaf.value, false())))
    return Explanation(rows > 0, rows, condition, leaf.refusal, answers, change, binds)


async def _smallest_change(
    finder: _Finder, tree: Tree[ColumnElement[bool]], *, is_allowed: bool
) -> tuple[str, ...] | None:
    """Return the fewest permissions that change the answer: to grant if it is no, to revoke if it is yes."""
    user = finder.asked.user
    assert user is not None  # noqa: S101 - an anonymous user has no tree
    if is_allowed and user.is_superuser:
        return None
    known = {question: answer_of(user, question) for question in questions_of(tree)}
    turned = [one for one in sorted(known) if one.is_permission and known[one] == is_allowed]
    asked: set[int] = set()  # leaves that were evaluated: there are fewer of them than sets of permissions
    for chosen in _sets_of(turned):
        leaf = leaf_for(tree, (known | dict.fromkeys(chosen, not is_allowed)).__getitem__)
        if id(leaf) not in asked and await finder.finds(leaf.value) != is_allowed:
            return tuple(one.name for one in chosen)
        asked.add(id(leaf))
    return None


def _sets_of(questions: Collection[Question]) -> Iterator[tuple[Question, ...]]:
    for size in range(1, len(questions) + 1):
        yield from combinations(questions, size)
