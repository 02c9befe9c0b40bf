"""Declare actions of a view: methods and functions that are run on the objects selected in its list."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import wraps
from inspect import iscoroutinefunction, signature
from types import FunctionType
from typing import Any, TypeAlias, TypeVar, get_origin, overload

import sqladmin
from sqladmin.authorization import custom_action
from starlette.requests import Request
from starlette.responses import Response
from wtforms import Form

from dovetail.contrib.admin.actions.task import Task, TaskKind
from dovetail.contrib.admin.change_list.view import ChangeListView
from dovetail.contrib.admin.sqladmin_private import action_slug, is_action
from dovetail.contrib.admin.view_base import FollowsRule, TakesPermission
from dovetail.contrib.admin.writing.selected_rows import SelectedRows
from dovetail.translation.words import in_words

Outcome: TypeAlias = str | Response | None
OBJECTS = 2  # the place of the objects among the arguments
WITH_DATA = 4  # arguments: the view, the request, the objects, and what the form holds
Method = TypeVar("Method", bound=Callable[..., Awaitable[Outcome]])


@overload
def action(name: Method) -> Method: ...


@overload
def action(
    name: str | None = None,
    label: str | None = None,
    *,
    description: str | None = None,
    permissions: Sequence[str] = (),
    confirmation_message: str | None = None,
    permission: str | None = None,
    rule: str | None = None,
    form: type[Form] | None = None,
    in_batches: bool = True,
    max_objects: int | None = None,
) -> Callable[[Method], Method]: ...


def action(
    name: str | Method | None = None,
    label: str | None = None,
    *,
    description: str | None = None,
    permissions: Sequence[str] = (),
    confirmation_message: str | None = None,
    permission: str | None = None,
    rule: str | None = None,
    form: type[Form] | None = None,
    in_batches: bool = True,
    max_objects: int | None = None,
) -> Method | Callable[[Method], Method]:
    """Make a method of a view, or a function that its `actions` name, an action of its list and its objects' pages.

        @action(description="Approve", permissions=["moderate"])
        async def approve(self, request: Request, comments: Sequence[Comment]) -> str:
            for comment in comments:
                comment.status = CommentStatus.APPROVED
            return f"{len(comments)} comments approved."

    One that says `comments: SelectedRows[Comment]` is handed the rows without their objects: `await comments.update(
    status=CommentStatus.APPROVED)` changes them by one statement, as Django's `queryset.update()` does.

    It returns what to tell the user, nothing, or a Response, such as a file; a stream reads what it needs before its
    first piece. To undo everything and tell the user why it raises an error of `dovetail.errors`; a Response of status
    400 or above undoes everything too, and so does anything that cannot be sent.

    With `confirmation_message` the user is asked first, and with a `form`, of WTForms, filled in by them: then the
    action takes one argument more, what the form holds by the names of its fields. Where all objects are selected that
    a list has, it is called with some hundred at a time, in one transaction, unless it is not to be done `in_batches`.
    One that makes sense for a single object, or for a few, names how many as `max_objects`: more are refused before any
    of them is loaded.

    It takes one of `permissions`: `change` stands for that on the model, `publish` for `blog.publish_post` of posts,
    and the view's `has_publish_permission(request)` is asked besides if it has one; without any it takes that to change
    rows of the model. To which rows it may be done, a `rule` of the model's policy says: that of the action's own name
    where the policy knows it, or else "change", which the rows have to fulfil afterwards, too.

    `name` is the action's in addresses, that of the function if it is not given, and `label` another word for
    `description`. Raises TypeError for a function that is not `async`, and for one that takes too few arguments, and
    ValueError for `max_objects` below 1.
    """
    if callable(name):
        return _decorated(name, _ActionOptions(name.__name__))
    taken = [TakesPermission("", one, is_short="." not in one) for one in permissions]
    taken += [] if permission is None else [TakesPermission("", permission)]
    if max_objects is not None and max_objects < 1:
        raise ValueError(f"max_objects is {max_objects}, expected 1 or more; leave it out for as many as are selected")
    kind = TaskKind(question=confirmation_message, form=form, is_batched=in_batches, max_objects=max_objects)

    def decorate(method: Method) -> Method:
        return _decorated(method, _ActionOptions(name or method.__name__, label or description, kind, taken, rule))

    return decorate


@dataclass(frozen=True)
class _ActionOptions:
    name: str
    label: str | None = None
    kind: TaskKind = field(default_factory=TaskKind)
    permissions: Sequence[TakesPermission] = ()
    rule: str | None = None


def find_actions(view: type[object], given: Sequence[object]) -> Mapping[str, object]:
    """Return what `actions` of a view name and what is no action yet, as actions, by name."""
    named = [getattr(view, one, None) if isinstance(one, str) else one for one in given]
    functions = [one for one in named if isinstance(one, FunctionType)]
    plain = {one.__name__: one if is_action(one) else action(one) for one in functions}
    return {name: one for name, one in plain.items() if vars(view).get(name) is not one}


def _decorated(method: Method, options: _ActionOptions) -> Method:
    takes = len([one for one in signature(method).parameters.values() if one.default is one.empty])
    if not iscoroutinefunction(method):
        raise TypeError(f"the action {options.name!r} is a plain function; write async def {method.__name__}(...)")
    if options.kind.form is not None and takes < WITH_DATA:
        right = f"async def {method.__name__}(self, request, objects, data)"
        raise TypeError(f"the action {options.name!r} has a form; write {right}")
    takes_rows = _takes_rows(method)
    slug = custom_action(action_slug(options.name))
    words = options.label if options.label is not None else in_words(options.name.replace("-", " "))

    @wraps(method)
    async def task(view: ChangeListView, request: Request) -> Task:  # the site runs it, after asking if need be
        form = options.kind.form or (view.action_form if takes == WITH_DATA else None)

        async def apply(rows: SelectedRows, data: Mapping[str, object]) -> Outcome:
            given = rows if takes_rows else await rows.objects()
            return await method(view, request, given, *([] if form is None else [data]))

        kind = replace(options.kind, form=form, takes_rows=takes_rows)
        return Task(view=view, action=slug, label=words, apply=apply, kind=kind)

    decorated: Any = sqladmin.action(options.name, words, options.kind.question)(task)
    decorated.takes_permissions = tuple(replace(one, action=slug) for one in options.permissions)
    if options.rule is not None:
        decorated.follows_rule = FollowsRule(slug, options.rule)
    decorated.makes_task = True  # read by the checks: an action of SQLAdmin's own changes data on GET
    decorated.lacks_form = takes == WITH_DATA and options.kind.form is None  # and needs the view's
    return decorated  # type: ignore[no-any-return]  # SQLAdmin's decorators are untyped


def _takes_rows(method: Callable[..., object]) -> bool:
    """Return whether an action says that it takes SelectedRows, which may be a text: `annotations` make them."""
    parameters = list(signature(method).parameters.values())
    options = parameters[OBJECTS].annotation if len(parameters) > OBJECTS else None
    if isinstance(options, str):
        return options.partition("[")[0].rpartition(".")[2] == SelectedRows.__name__
    return (get_origin(options) or options) is SelectedRows
