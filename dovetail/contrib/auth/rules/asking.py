"""Put the explanation of a permission into sentences, for `manage.py why` and the page of the back office."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, and_, func, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.rules.model_policies import ModelPolicy
from dovetail.contrib.auth.rules.why import Explanation, RuleQuestion, explain
from dovetail.errors import InvalidInputError, NotFoundError, quoted
from dovetail.resources.policies.closed import Label
from dovetail.resources.policies.registered import is_internal
from dovetail.resources.query.comparable import python_type, read_value
from dovetail.translation.texts import gettext, pgettext_lazy

ACTIONS = {  # as used in a sentence: "eddie may change blog.post 1"
    "view": pgettext_lazy("what one may do", "view"),
    "add": pgettext_lazy("what one may do", "add"),
    "change": pgettext_lazy("what one may do", "change"),
    "delete": pgettext_lazy("what one may do", "delete"),
}


@dataclass(frozen=True)
class PermissionQuestion:
    """A question about a permission. `user` is None for an anonymous user, `key` has the parts of a primary key.

    `title` is the name of the model in the answer; without it, the label is used.
    """

    user: User | None
    action: str
    model_policy: ModelPolicy
    key: Sequence[str] = ()
    title: str = ""

    @property
    def kind(self) -> str:
        """The name of the model."""
        return self.title or self.model_policy.label

    @property
    def subject(self) -> str:
        """The name of the user."""
        return gettext("Somebody unknown") if self.user is None else self.user.username

    @property
    def row_name(self) -> str:
        """The name of the row."""
        return f"{self.kind} {' '.join(self.key)}"


async def why(session: AsyncSession, asked: PermissionQuestion) -> list[str]:
    """Return the answer as sentences, in the language of the request.

    Raise NotFoundError if the row does not exist, InvalidInputError for an invalid action or key, and
    UnexplainableRuleError for a rule that cannot be analysed.
    """
    model, policy, actions = asked.model_policy.model, asked.model_policy.policy, asked.model_policy.actions
    if asked.action not in actions:
        raise InvalidInputError(
            gettext("%(model)s has no action %(action)s, expected one of %(known)s.")
            % {"model": asked.kind, "action": quoted(asked.action), "known": ", ".join(actions)}
        )
    chosen = _chosen(asked) if asked.key else None
    if chosen is not None and not await session.scalar(select(func.count()).select_from(model).where(chosen)):
        raise NotFoundError(gettext("There is no %(thing)s.") % {"thing": asked.row_name})
    lines = list(_of_account(asked))
    if chosen is not None and asked.action not in ("view", "add"):
        seen = await explain(session, policy.where, RuleQuestion(asked.user, "view", model, chosen))
        if not seen.is_allowed:
            lines += [gettext("To them it is not there at all:"), *_sentences(asked, "view", seen)]
            return lines
    found = await explain(session, policy.where, RuleQuestion(asked.user, asked.action, model, chosen))
    return [*lines, *_sentences(asked, asked.action, found), *_of_fields(asked), *_of_back_office(asked)]


def action_in_words(action: str) -> str:
    """Return the name of an action in a sentence; for an action of a plugin, from the plugin's catalog."""
    return str(ACTIONS.get(action) or gettext(action))


def _chosen(asked: PermissionQuestion) -> ColumnElement[bool]:
    columns = inspect(asked.model_policy.model).primary_key
    if len(columns) != len(asked.key):
        names = " ".join(column.name.upper() for column in columns)
        raise InvalidInputError(
            gettext("A key of %(model)s is %(names)s, found %(found)s.")
            % {"model": asked.kind, "names": names, "found": " ".join(asked.key)}
        )
    values = []
    for column, text in zip(columns, asked.key, strict=True):
        value, problems = read_value(TypeAdapter(python_type(column.type)), column.name, text)
        if problems:
            raise InvalidInputError(
                gettext("%(text)s is no %(column)s of %(model)s: expected a value of the type %(type)s.")
                % {
                    "text": quoted(text),
                    "column": column.name,
                    "model": asked.kind,
                    "type": column.type.python_type.__name__,
                }
            )
        values.append(column == value)
    return and_(*values)


def _of_account(asked: PermissionQuestion) -> Iterator[str]:
    if asked.user is not None and not asked.user.is_active:
        yield (
            gettext("%(name)s is deactivated: nobody is let in by that name, whatever the rules say.")
            % {"name": asked.subject}
        )


def _sentences(asked: PermissionQuestion, action: str, found: Explanation) -> Iterator[str]:
    yield _answer(asked, action, found)
    yield gettext("The rule: %(name)s") % {"name": asked.model_policy.rule}
    for question, answer in found.answers.items():
        said = gettext("It asked for %(name)s: yes.") if answer else gettext("It asked for %(name)s: no.")
        yield said % {"name": question.name}
    if found.refusal:
        yield gettext("It refused: %(sentence)s") % {"sentence": found.refusal}
    else:
        yield gettext("Its SQL: %(sql)s") % {"sql": " ".join(found.condition.split())}
    if found.binds_superuser and asked.user is not None and asked.user.is_active:
        yield gettext("A superuser has every permission, but to this rule that is not enough: it binds superusers too.")
    yield from _change(asked, found)


def _answer(asked: PermissionQuestion, action: str, found: Explanation) -> str:
    values = {"name": asked.subject, "action": action_in_words(action)}
    if asked.key:
        return _may(
            found, gettext("%(name)s may %(action)s %(thing)s."), gettext("%(name)s may not %(action)s %(thing)s.")
        ) % {**values, "thing": asked.row_name}
    return _may(
        found,
        gettext("%(name)s may %(action)s rows of %(model)s: %(count)s of them."),
        gettext("%(name)s may not %(action)s rows of %(model)s: %(count)s of them."),
    ) % {**values, "model": asked.kind, "count": found.rows}


def _may(found: Explanation, yes: str, no: str) -> str:
    return yes if found.is_allowed else no


def _change(asked: PermissionQuestion, found: Explanation) -> Iterator[str]:
    if found.change is None:
        if asked.user is not None and not asked.user.is_superuser:
            yield _may(found, gettext("No permission would end that."), gettext("No permission would change that."))
        return
    yield _may(
        found,
        gettext("The smallest revocation that would end it: %(names)s"),
        gettext("The smallest grant that would allow it: %(names)s"),
    ) % {"names": " ".join(found.change)}


def _of_fields(asked: PermissionQuestion) -> Iterator[str]:
    policy = asked.model_policy.policy
    for said, fields in (
        (gettext("Fields that may not be read: %(fields)s"), policy.hidden(asked.user)),
        (gettext("Fields that may not be written: %(fields)s"), policy.read_only(asked.user)),
    ):
        if fields:
            yield said % {"fields": ", ".join(sorted(fields))}


def _of_back_office(asked: PermissionQuestion) -> Iterator[str]:
    if asked.user is None:
        return
    if is_internal(asked.model_policy.model):
        yield (
            gettext("The back office shows %(model)s to superusers only: it is internal, and has no permissions.")
            % {"model": asked.kind}
        )
        return
    permissions = Label(asked.model_policy.plugin, asked.model_policy.model.__name__).permissions(asked.action)
    either, both = gettext("or"), gettext("and")
    needed = {
        "is_staff": asked.user.is_staff,
        f" {either} ".join(permissions): any(map(asked.user.has_perm, permissions)),
    }
    missing = [name for name, has in needed.items() if not has]
    yield gettext("The back office wants %(needed)s besides: lacks %(missing)s.") % {
        "needed": f" {both} ".join(needed),
        "missing": f" {both} ".join(missing) or gettext("nothing"),
    }
