"""Explore all paths through a rule: what it asks about its viewer, and which rows it returns for each answer.

A rule is Python that returns SQL: `true() if viewer.has_perm("blog.change_post") else Post.author_id == viewer.id`. It
is called once for each path, with a viewer that answers each question both ways, and whose columns are SQL. The result
is a tree of questions with conditions as its leaves, which can be combined into one condition, shown or compared. The
rules of a policy about fields are explored in the same way.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeAlias, TypeVar

from sqlalchemy import Boolean, ClauseElement, ColumnClause, ColumnElement, and_, false, inspect, not_, or_, true
from typing_extensions import override

from dovetail.contrib.auth.models import User
from dovetail.errors import DovetailError, NotAuthenticatedError, PermissionDeniedError
from dovetail.resources.conditions import is_always, is_never
from dovetail.translation.texts import gettext

T = TypeVar("T")
NO_ROWS: ColumnElement[bool] = false()  # what a refusal means for a rule about rows
ALL_ROWS: ColumnElement[bool] = true()
MAXIMUM_QUESTIONS = 12  # that is 4,096 paths


@dataclass(frozen=True, order=True)
class Question:
    """A yes-or-no question about a viewer."""

    name: str  # a permission, `blog.change_post`, or a column of User, `is_staff`

    @property
    def is_permission(self) -> bool:
        """Return whether it asks for a permission, rather than a flag of the account."""
        return "." in self.name


@dataclass(frozen=True)
class Leaf(Generic[T]):
    """The end of a path: what the rule returns, or `refused` with the message of the exception."""

    value: T
    refusal: str | None = None


@dataclass(frozen=True)
class Branch(Generic[T]):
    """A question, and the subtree for each answer."""

    question: Question
    if_yes: "Tree[T]"
    if_no: "Tree[T]"


Tree: TypeAlias = Leaf[T] | Branch[T]
ValueOf: TypeAlias = Callable[[str], object]  # returns a column of the viewer, by name
Answer: TypeAlias = Callable[[Question], bool]


class UnexplainableRuleError(DovetailError):
    """A rule uses its viewer in a way that is only possible with a real user."""


def explore(
    rule: Callable[[User], T], value_of: ValueOf, refused: T, answers: Mapping[Question, bool] | None = None
) -> Tree[T]:
    """Return the tree of all paths through a rule, for viewers with the known `answers`.

    `value_of` returns the columns that are not flags: `value_of("id")`. Raise UnexplainableRuleError for a rule that
    uses SQL like a Python value, or asks too many questions.
    """
    known = dict(answers or {})
    if len(known) > MAXIMUM_QUESTIONS:
        raise UnexplainableRuleError(
            gettext("it asks more than %(count)s questions about its viewer") % {"count": MAXIMUM_QUESTIONS}
        )
    try:
        return walk(rule, value_of, partial(_known_answer, known), refused)
    except _UnansweredQuestion as unanswered:
        question = unanswered.question
    ways = [explore(rule, value_of, refused, known | {question: answer}) for answer in (True, False)]
    return Branch(question, *ways)


class _UnansweredQuestion(BaseException):
    """Stops a rule at an unanswered question; a BaseException, so that rules that catch Exception do not catch it."""

    def __init__(self, question: Question) -> None:
        super().__init__(question)
        self.question = question


def walk(rule: Callable[[User], T], value_of: ValueOf, answer: Answer, refused: T) -> Leaf[T]:
    """Return the rule's result for one viewer, given by `value_of` and `answer`. Raise UnexplainableRuleError."""
    viewer = _Viewer(value_of, answer)
    try:
        return Leaf(rule(viewer))  # type: ignore[arg-type]  # it stands in for a User
    except (PermissionDeniedError, NotAuthenticatedError) as error:
        return Leaf(refused, refusal=str(error))
    except TypeError as error:  # the rule used SQL as a Python value
        raise UnexplainableRuleError(
            gettext("it does in Python what is to be done in SQL (%(error)s)") % {"error": error}
        ) from error


def as_condition(
    tree: Tree[ColumnElement[bool]], ask: Callable[[Question], ColumnElement[bool]]
) -> ColumnElement[bool]:
    """Return the whole tree as one condition; `ask` returns the SQL for a question, which is never NULL."""
    if isinstance(tree, Leaf):
        return tree.value
    yes, no, asked = as_condition(tree.if_yes, ask), as_condition(tree.if_no, ask), ask(tree.question)
    if is_always(yes):
        return either(asked, no)
    if is_always(no):
        return either(not_(asked), yes)
    return either(both(asked, yes), both(not_(asked), no))


def both(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the conditions joined by AND and simplified; SQLAlchemy's `and_` may keep a `false`."""
    if any(map(is_never, conditions)):
        return NO_ROWS
    return and_(*(one for one in conditions if not is_always(one)), ALL_ROWS)


def either(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the conditions joined by OR and simplified."""
    if any(map(is_always, conditions)):
        return ALL_ROWS
    return or_(*(one for one in conditions if not is_never(one)), NO_ROWS)


def questions_of(tree: Tree[T]) -> frozenset[Question]:
    """Return all questions that a rule may ask about its viewer."""
    if isinstance(tree, Leaf):
        return frozenset()
    return frozenset({tree.question}) | questions_of(tree.if_yes) | questions_of(tree.if_no)


def leaf_for(tree: Tree[T], answer: Answer) -> Leaf[T]:
    """Return the leaf that these answers lead to."""
    while isinstance(tree, Branch):
        tree = tree.if_yes if answer(tree.question) else tree.if_no
    return tree


def viewer_columns(write: Callable[[str], str]) -> ValueOf:
    """Return a ValueOf whose columns are the SQL that `write` returns for a name."""
    return lambda name: ViewerColumn(name, write(name))


def _known_answer(answers: Mapping[Question, bool], question: Question) -> bool:
    if question not in answers:
        raise _UnansweredQuestion(question)
    return answers[question]


class ViewerColumn(ColumnClause[object]):
    """A column of the viewer as SQL, which a rule may compare with columns of rows, but not with Python values.

    Comparing it with a Python value would also create SQL, which an `if` would treat as False.
    """

    inherit_cache = True

    def __init__(self, column: str, sql: str) -> None:
        super().__init__(sql, inspect(User).columns[column].type, is_literal=True)
        self.viewer_column = column

    @override
    def operate(self, op: Callable[..., object], *other: object, **kwargs: object) -> ColumnElement[object]:
        if any(not isinstance(one, ClauseElement) and not hasattr(one, "__clause_element__") for one in other):
            raise UnexplainableRuleError(
                gettext("it compares %(column)s of its viewer with a Python value, %(value)s")
                % {"column": self.viewer_column, "value": repr(other[0])}
            )
        return super().operate(op, *other, **kwargs)  # type: ignore[arg-type]  # it is what super() takes

    def __format__(self, format_spec: str) -> str:
        raise UnexplainableRuleError(
            gettext("it writes %(column)s of its viewer into a text") % {"column": self.viewer_column}
        )


class _Viewer:
    """Stands in for a User: flags and permissions are questions, and all other columns come from `value_of`."""

    def __init__(self, value_of: ValueOf, answer: Answer) -> None:
        self._value_of = value_of
        self._answer = answer

    @property  # type: ignore[misc]  # read-only: nobody gives a viewer another class
    def __class__(self) -> type[User]:  # type: ignore[override]  # so: isinstance(viewer, User) holds
        return User

    token_scopes = None  # rules are explained without a token, which may only restrict them

    def has_perm(self, permission: str) -> bool:
        """Ask the question for a permission."""
        return self._answer(Question(permission))

    def has_perms(self, *permissions: str) -> bool:
        """Ask for permissions until one is missing."""
        return all(map(self.has_perm, permissions))

    def column(self, name: str) -> object:
        """Return a column of the viewer, or ask the question for a flag."""
        is_flag = isinstance(inspect(User).columns[name].type, Boolean)
        return self._answer(Question(name)) if is_flag else self._value_of(name)

    def __getattr__(self, name: str) -> object:
        raise UnexplainableRuleError(
            gettext("it looks at %(name)s of its viewer; only columns and has_perm() can be told") % {"name": name}
        )


def _as_property(name: str) -> property:
    return property(lambda viewer: viewer.column(name))


# Properties of the class, so that protocols with these attributes are satisfied.
for _name in inspect(User).columns.keys():  # noqa: SIM118 - a collection of columns, which has keys
    setattr(_Viewer, _name, _as_property(_name))
