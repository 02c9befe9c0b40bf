"""Put an answer to "why may they, or not?" into sentences: for `manage.py why` and for the page of the back office."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, and_, func, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.rules.ruled import Ruled
from dovetail.contrib.auth.rules.why import Asked, Explanation, explain
from dovetail.errors import InvalidInputError, NotFoundError
from dovetail.resources.policies.closed import Label
from dovetail.resources.policies.registered import is_internal
from dovetail.resources.query.comparable import python_type, read_value


@dataclass(frozen=True)
class Why:
    """The question as somebody puts it: `user` is None for somebody unknown, `key` has the parts of a primary key."""

    user: User | None
    action: str
    ruled: Ruled
    key: Sequence[str] = ()

    @property
    def subject(self) -> str:
        """The name of whoever would do it."""
        return "Somebody unknown" if self.user is None else self.user.username

    @property
    def thing(self) -> str:
        """The row, or the rows of the model, that it would be done to."""
        return f"{self.ruled.label} {' '.join(self.key)}" if self.key else f"rows of {self.ruled.label}"


async def why(session: AsyncSession, asked: Why) -> list[str]:
    """Return the answer, a sentence a line.

    Raise NotFoundError for a row that there is not, InvalidInputError for an action or a key that cannot be one, and
    UnexplainableRuleError for a rule that only a real user can be asked about.
    """
    if asked.action not in asked.ruled.actions:
        known = ", ".join(asked.ruled.actions)
        raise InvalidInputError(f"{asked.ruled.label} has no action {asked.action!r}, expected one of {known}.")
    chosen = _chosen(asked) if asked.key else None
    if chosen is not None and not await session.scalar(
        select(func.count()).select_from(asked.ruled.model).where(chosen)
    ):
        raise NotFoundError(f"There is no {asked.thing}.")
    lines = list(_of_account(asked))
    if chosen is not None and asked.action not in ("view", "add"):
        seen = await explain(session, asked.ruled.policy.where, Asked(asked.user, "view", asked.ruled.model, chosen))
        if not seen.is_allowed:
            lines += ["To them it is not there at all:", *_sentences(asked, "view", seen)]
            return lines
    found = await explain(session, asked.ruled.policy.where, Asked(asked.user, asked.action, asked.ruled.model, chosen))
    return [*lines, *_sentences(asked, asked.action, found), *_of_fields(asked), *_of_back_office(asked)]


def _chosen(asked: Why) -> ColumnElement[bool]:
    columns = inspect(asked.ruled.model).primary_key
    if len(columns) != len(asked.key):
        names = " ".join(column.name.upper() for column in columns)
        raise InvalidInputError(f"A key of {asked.ruled.label} is {names}, found {' '.join(asked.key)}.")
    values = []
    for column, text in zip(columns, asked.key, strict=True):
        value, problems = read_value(TypeAdapter(python_type(column.type)), column.name, text)
        if problems:
            raise InvalidInputError(f"{text!r} is no {column.name} of {asked.ruled.label}: {problems[0].detail}.")
        values.append(column == value)
    return and_(*values)


def _of_account(asked: Why) -> Iterator[str]:
    if asked.user is not None and not asked.user.is_active:
        yield f"{asked.subject} is deactivated: nobody is let in by that name, whatever the rules say."


def _sentences(asked: Why, action: str, found: Explanation) -> Iterator[str]:
    yes = "may" if found.is_allowed else "may not"
    yield f"{asked.subject} {yes} {action} {asked.thing}{'' if asked.key else f': {found.rows} of them'}."
    yield f"The rule: {asked.ruled.rule}"
    for question, answer in found.answers.items():
        yield f"It asked for {question.name}: {'yes' if answer else 'no'}."
    yield f"It refused: {found.refusal}" if found.refusal else f"Its SQL: {' '.join(found.condition.split())}"
    if found.binds_superuser and asked.user is not None and asked.user.is_active:
        yield "A superuser has every permission, but to this rule that is not enough: it binds superusers too."
    if found.change is None:
        if asked.user is not None and not asked.user.is_superuser:
            yield f"No permission would {'end' if found.is_allowed else 'change'} that."
    elif found.is_allowed:
        yield f"The smallest revocation that would end it: {' '.join(found.change)}"
    else:
        yield f"The smallest grant that would allow it: {' '.join(found.change)}"


def _of_fields(asked: Why) -> Iterator[str]:
    policy = asked.ruled.policy
    for what, fields in (("read", policy.hidden(asked.user)), ("written", policy.read_only(asked.user))):
        if fields:
            yield f"Fields that may not be {what}: {', '.join(sorted(fields))}"


def _of_back_office(asked: Why) -> Iterator[str]:
    if asked.user is None:
        return
    if is_internal(asked.ruled.model):
        yield f"The back office shows {asked.ruled.label} to superusers only: it is internal, and has no permissions."
        return
    permissions = Label(asked.ruled.plugin, asked.ruled.model.__name__).permissions(asked.action)
    needed = {"is_staff": asked.user.is_staff, " or ".join(permissions): any(map(asked.user.has_perm, permissions))}
    missing = [name for name, has in needed.items() if not has]
    yield f"The back office wants {' and '.join(needed)} besides: lacks {' and '.join(missing) or 'nothing'}."
