"""Tell why somebody may do something or not: the rule that decided, its SQL, and the smallest change that turns it.

A user's grants and groups are taken as they are now; the row is looked at as the rule would, in the database.
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

Where: TypeAlias = Callable[[User | None, str], ColumnElement[bool]]  # what `Policy.where` is


@dataclass(frozen=True)
class Asked:
    """The question: may `user` (None is somebody unknown) do `action` to rows of `model`, or to those `chosen`."""

    user: User | None
    action: str
    model: type[object]
    chosen: ColumnElement[bool] | None = None


@dataclass(frozen=True)
class Explanation:
    """Says whether it is allowed and why.

    Of all rows, `rows` is how many there are that it is allowed on. `answers` are what the rule asked about the user,
    and `change` the permissions that would turn the answer: granted if it is no, revoked if it is yes; None if no
    permissions would. `binds_superuser` says that the user is a superuser, and not allowed it on all the rows.
    """

    is_allowed: bool
    rows: int
    condition: str
    refusal: str | None
    answers: dict[Question, bool]
    change: tuple[str, ...] | None
    binds_superuser: bool = False


async def explain(session: AsyncSession, where: Where, asked: Asked) -> Explanation:
    """Return why. Raise UnexplainableRuleError for a rule that does what a real user only can do."""
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
    """Return a real user's answer to a question."""
    return user.has_perm(question.name) if question.is_permission else bool(getattr(user, question.name))


def _answers(tree: Tree[ColumnElement[bool]], user: User) -> Iterator[tuple[Question, bool]]:
    """Yield the questions on the user's way through the rule, in order, with their answers."""
    while not isinstance(tree, Leaf):
        answer = answer_of(user, tree.question)
        yield tree.question, answer
        tree = tree.if_yes if answer else tree.if_no


@dataclass(frozen=True)
class _Finder:
    """Looks for rows on which something is allowed."""

    session: AsyncSession
    asked: Asked

    async def finds(self, condition: ColumnElement[bool]) -> bool:
        """Return True if one of the rows that were asked about fulfils a condition."""
        rows = select(literal(1)).select_from(self.asked.model).where(condition).limit(1)
        if self.asked.chosen is not None:
            rows = rows.where(self.asked.chosen)
        return await self.session.scalar(rows) is not None

    async def count(self, condition: ColumnElement[bool]) -> int:
        """Return how many of the rows that were asked about fulfil a condition."""
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
    """Return the fewest permissions that turn the answer: to grant where it is no, and to revoke where it is yes."""
    user = finder.asked.user
    assert user is not None  # noqa: S101 - whoever is unknown has no tree
    if is_allowed and user.is_superuser:
        return None
    known = {question: answer_of(user, question) for question in questions_of(tree)}
    turned = [one for one in sorted(known) if one.is_permission and known[one] == is_allowed]
    asked: set[int] = set()  # leaves, of which there are fewer than sets of permissions
    for chosen in _sets_of(turned):
        leaf = leaf_for(tree, (known | dict.fromkeys(chosen, not is_allowed)).__getitem__)
        if id(leaf) not in asked and await finder.finds(leaf.value) != is_allowed:
            return tuple(one.name for one in chosen)
        asked.add(id(leaf))
    return None


def _sets_of(questions: Collection[Question]) -> Iterator[tuple[Question, ...]]:
    for size in range(1, len(questions) + 1):
        yield from combinations(questions, size)
