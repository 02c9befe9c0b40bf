"""Declare actions of a view: methods and functions that run on the objects selected in its list."""

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
OBJECTS = 2  # the position of the objects among the arguments
WITH_DATA = 4  # arguments: the view, the request, the objects, and the data of the form
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
    """Make a method of a view, or a function in its `actions`, an action of its list and of its objects' pages.

        @action(description="Approve", permissions=["moderate"])
        async def approve(self, request: Request, comments: Sequence[Comment]) -> str:
            for comment in comments:
                comment.status = CommentStatus.APPROVED
            return f"{len(comments)} comments approved."

    With the annotation `comments: SelectedRows[Comment]`, it gets the rows without their objects:
    `await comments.update(status=CommentStatus.APPROVED)` changes them by one statement, as `queryset.update()` of
    Django does.

    It returns a message for the user, None, or a Response, such as a file; a streaming response must read its rows
    before the first chunk. An error of `dovetail.errors` rolls everything back and is shown to the user; a Response
    with a status of 400 or more, or a result of another type, rolls everything back, too.

    With `confirmation_message`, the user has to confirm first; with `form`, a form of WTForms, they fill it in first,
    and the action takes one more argument: the data of the form, by field. For all objects of a list, the action is
    called in batches of some hundred, in one transaction, unless `in_batches` is False. `max_objects` is the maximum
    number of objects: larger selections are refused before any object is loaded.

    It requires one of `permissions`: `change` means that on the model, `publish` means `blog.publish_post` for posts,
    and the method `has_publish_permission(request)` of the view is called as well, if it exists; by default, it
    requires the permission to change the model. A `rule` of the model's policy decides on which rows it may run: by
    default, the rule with the name of the action if the policy has it, or else "change", which the rows must fulfil
    afterwards, too.

    `name` is the name of the action in URLs, by default that of the function, and `label` a synonym of
    `description`. Raise TypeError for a function that is not `async`, or takes too few arguments, and ValueError for
    `max_objects` below 1.
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
    """Return the functions in the option `actions` of a view as actions, by name, except those defined as actions."""
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
    async def task(view: ChangeListView, request: Request) -> Task:  # run by the site, after a confirmation if needed
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
    decorated.makes_task = True  # read by the checks: actions of SQLAdmin change data on GET
    decorated.lacks_form = takes == WITH_DATA and options.kind.form is None  # needs the view's `action_form`
    return decorated  # type: ignore[no-any-return]  # SQLAdmin's decorators are untyped


def _takes_rows(method: Callable[..., object]) -> bool:
    """Return whether the annotation of an action's objects, which may be a text, is SelectedRows."""
    parameters = list(signature(method).parameters.values())
    annotation = parameters[OBJECTS].annotation if len(parameters) > OBJECTS else None
    if isinstance(annotation, str):
        return annotation.partition("[")[0].rpartition(".")[2] == SelectedRows.__name__
    return (get_origin(annotation) or annotation) is SelectedRows
