"""Find all the ways through a rule: what it asks about its viewer, and the rows that each answer leads to.

A rule is Python that returns SQL: `true() if viewer.has_perm("blog.change_post") else Post.author_id == viewer.id`. It
is called with a viewer that answers each question both ways, one call for each way, and whose columns are SQL. What
comes out is a tree of questions with conditions as its leaves, to be written as one condition, shown or compared. What
a policy says of fields is explored in the same way.
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
NO_ROWS: ColumnElement[bool] = false()  # what a refusal comes to, for a rule that says which rows
ALL_ROWS: ColumnElement[bool] = true()
MAXIMUM_QUESTIONS = 12  # 4,096 ways; more is no rule that anybody could explain


@dataclass(frozen=True, order=True)
class Question:
    """A question about a viewer that is answered by yes or no."""

    name: str  # a permission, `blog.change_post`, or a column of User, `is_staff`

    @property
    def is_permission(self) -> bool:
        """Return True if a permission is asked for, and not a flag of the account."""
        return "." in self.name


@dataclass(frozen=True)
class Leaf(Generic[T]):
    """The end of a way: what the rule returns there, or `refused` with the words of the refusal."""

    value: T
    refusal: str | None = None


@dataclass(frozen=True)
class Branch(Generic[T]):
    """A question, and where each answer leads."""

    question: Question
    if_yes: "Tree[T]"
    if_no: "Tree[T]"


Tree: TypeAlias = Leaf[T] | Branch[T]
ValueOf: TypeAlias = Callable[[str], object]  # of a column of the viewer, by its name
Answer: TypeAlias = Callable[[Question], bool]


class UnexplainableRuleError(DovetailError):
    """A rule does with its viewer what can be done with a real user only."""


def explore(
    rule: Callable[[User], T], value_of: ValueOf, refused: T, answers: Mapping[Question, bool] | None = None
) -> Tree[T]:
    """Return all ways through a rule, for viewers of whom only `answers` are known.

    `value_of` gives the columns that are no flags: `value_of("id")`. Raise UnexplainableRuleError for a rule that does
    with SQL what can be done with Python values only, or that asks too much.
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
    """Stops a rule that asks what is not known; no rule that catches an Exception can go on without the answer."""

    def __init__(self, question: Question) -> None:
        super().__init__(question)
        self.question = question


def walk(rule: Callable[[User], T], value_of: ValueOf, answer: Answer, refused: T) -> Leaf[T]:
    """Return what one viewer gets, whom `value_of` and `answer` describe. Raise UnexplainableRuleError."""
    viewer = _Viewer(value_of, answer)
    try:
        return Leaf(rule(viewer))  # type: ignore[arg-type]  # it stands in for a User
    except (PermissionDeniedError, NotAuthenticatedError) as error:
        return Leaf(refused, refusal=str(error))
    except TypeError as error:  # SQL that was taken for a Python value
        raise UnexplainableRuleError(
            gettext("it does in Python what is to be done in SQL (%(error)s)") % {"error": error}
        ) from error


def as_condition(
    tree: Tree[ColumnElement[bool]], ask: Callable[[Question], ColumnElement[bool]]
) -> ColumnElement[bool]:
    """Return the whole tree as one condition; `ask` gives the SQL that answers a question, and is never NULL."""
    if isinstance(tree, Leaf):
        return tree.value
    yes, no, asked = as_condition(tree.if_yes, ask), as_condition(tree.if_no, ask), ask(tree.question)
    if is_always(yes):
        return either(asked, no)
    if is_always(no):
        return either(not_(asked), yes)
    return either(both(asked, yes), both(not_(asked), no))


def both(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the conditions joined by AND, in as few words as it can be: what `and_` returns may hold a `false`."""
    if any(map(is_never, conditions)):
        return NO_ROWS
    return and_(*(one for one in conditions if not is_always(one)), ALL_ROWS)


def either(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the conditions joined by OR, in as few words as it can be."""
    if any(map(is_always, conditions)):
        return ALL_ROWS
    return or_(*(one for one in conditions if not is_never(one)), NO_ROWS)


def questions_of(tree: Tree[T]) -> frozenset[Question]:
    """Return everything that a rule may ask about its viewer."""
    if isinstance(tree, Leaf):
        return frozenset()
    return frozenset({tree.question}) | questions_of(tree.if_yes) | questions_of(tree.if_no)


def leaf_for(tree: Tree[T], answer: Answer) -> Leaf[T]:
    """Return the leaf to which these answers lead."""
    while isinstance(tree, Branch):
        tree = tree.if_yes if answer(tree.question) else tree.if_no
    return tree


def viewer_columns(write: Callable[[str], str]) -> ValueOf:
    """Return what gives a column of the viewer as the SQL that `write` makes of its name."""
    return lambda name: ViewerColumn(name, write(name))


def _known_answer(answers: Mapping[Question, bool], question: Question) -> bool:
    if question not in answers:
        raise _UnansweredQuestion(question)
    return answers[question]


class ViewerColumn(ColumnClause[object]):
    """A column of the viewer, as SQL, which a rule may compare with columns of rows but not with Python values.

    A comparison of SQL with a Python value is SQL, too, and would be taken for False by an `if`.
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
    """Stands in for a User: flags and permissions are questions, all other columns are what `value_of` says."""

    def __init__(self, value_of: ValueOf, answer: Answer) -> None:
        self._value_of = value_of
        self._answer = answer

    @property  # type: ignore[misc]  # read-only: nobody gives a viewer another class
    def __class__(self) -> type[User]:  # type: ignore[override]  # so: isinstance(viewer, User) holds
        return User

    token_scopes = None  # rules are told for whoever logs in; a token may take away from that

    def has_perm(self, permission: str) -> bool:
        """Ask for a permission."""
        return self._answer(Question(permission))

    def has_perms(self, *permissions: str) -> bool:
        """Ask for permissions, until one is missing."""
        return all(map(self.has_perm, permissions))

    def column(self, name: str) -> object:
        """Return a column of the viewer, or ask for a flag."""
        is_flag = isinstance(inspect(User).columns[name].type, Boolean)
        return self._answer(Question(name)) if is_flag else self._value_of(name)

    def __getattr__(self, name: str) -> object:
        raise UnexplainableRuleError(
            gettext("it looks at %(name)s of its viewer; only columns and has_perm() can be told") % {"name": name}
        )


def _as_property(name: str) -> property:
    return property(lambda viewer: viewer.column(name))


# Properties of the class, so that a protocol that asks for them finds them.
for _name in inspect(User).columns.keys():  # noqa: SIM118 - a collection of columns, which has keys
    setattr(_Viewer, _name, _as_property(_name))
