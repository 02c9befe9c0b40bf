"""A task on the rows that are selected in a list: an action, a deletion, or an edit of many objects."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.responses import Response
from wtforms import Form

from dovetail.contrib.admin.change_list.view import ChangeListView
from dovetail.contrib.admin.writing.selected_rows import SelectedRows
from dovetail.errors import ConflictError


class TaskFailedError(ConflictError):
    """A task failed, or was refused, and nothing of it was done."""


@dataclass(frozen=True)
class TaskKind:
    """The confirmation of a task, and how it is run on many objects."""

    question: str | None = None
    form: type[Form] | None = None
    is_batched: bool = True
    max_objects: int | None = None  # more are refused before they are read
    done: str = ""  # what to tell of objects that were done in several batches, "{} were deleted."
    template: str = ""  # of the page that asks, in place of the view's
    # What it shows besides, of the objects that it names and the form that was sent.
    context: Callable[[Sequence[object], FormData], Awaitable[Mapping[str, object]]] | None = None
    takes_rows: bool = False  # and loads the objects itself, if it needs any


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task on selected rows; `apply` returns a message for the user, a Response, or None.

    It gets a batch of the rows, and the data of the action's form.
    """

    view: ChangeListView
    action: str
    label: str
    apply: Callable[[SelectedRows, Mapping[str, object]], Awaitable[str | Response | None]]
    kind: TaskKind = TaskKind()
