"""A policy decides who may do what to which rows, for REST, the back office and all other code that shows rows.

    class PostPolicy(UserPolicy[Post, PostCreate]):
        @override
        def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
            if action == "view":
                return Post.is_published.is_(True)
            return false() if viewer is None else Post.author_id == viewer.id

A plugin registers it for its model: `Plugin(policies=lazy(Post="plugins.blog.policies:POSTS"))`.

A `Policy` is generic in the model, in the viewer of a write and in the schema of a create, so that a type checker
refuses a hook with another signature; `typing_extensions.override` lets it refuse a misspelt one. A `Resource` refuses
both when it is made, with a ConfigurationError.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Generic

from fastapi import Depends
from sqlalchemy import ColumnElement, false, true
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection
from typing_extensions import TypeVar, override

from dovetail.database.prepared_reads import ReadSource
from dovetail.errors import NotFoundError, quoted
from dovetail.resources.deprecated_hooks import Create as Create
from dovetail.resources.deprecated_hooks import DeprecatedHooks
from dovetail.resources.deprecated_hooks import Model as Model
from dovetail.resources.deprecated_hooks import Viewer as Viewer
from dovetail.resources.query.keys import key_text
from dovetail.translation.texts import gettext, gettext_lazy

Somebody = TypeVar("Somebody", covariant=True, default=object)  # noqa: PLC0105 - as Model is named

REFUSALS = {
    "view": gettext_lazy("You may not view this."),
    "add": gettext_lazy("You may not add this."),
    "change": gettext_lazy("You may not change this."),
    "delete": gettext_lazy("You may not delete this."),
}


async def nobody() -> None:
    """Return the viewer of a policy that knows no users: None."""


@dataclass(frozen=True)
class Recognized(Generic[Somebody]):
    """The viewer of a request, whom a policy has recognized."""

    viewer: Somebody
    values: Hashable | None = None  # all that was loaded of the viewer, if their visibility may be cached by it


class Policy(DeprecatedHooks[Model, Viewer, Create]):
    """Decides rows and fields for a viewer; this base class lets nobody see or change anything.

    Subclasses override what they allow. `reader` and `writer` are the `Annotated` dependencies that return the viewer
    of a read and of a write, for example OptionalUser and CurrentUser; an anonymous viewer is None. Each hook is called
    once for a request and action, whatever the number of rows: what it returns becomes part of the statements.
    """

    reader: ClassVar[object] = Annotated[None, Depends(nobody)]
    writer: ClassVar[object] = Annotated[None, Depends(nobody)]
    # True if what an anonymous viewer may see never changes while the process runs; reads are faster then. A rule that
    # compares with the clock can be written in SQL (`Post.publish_at <= utcnow()`), and does not change either.
    remembers_anonymous: ClassVar[bool] = False

    async def recognize_reader(
        self,
        connection: HTTPConnection,  # noqa: ARG002 - for subclasses
        source: ReadSource,  # noqa: ARG002 - for subclasses
    ) -> Recognized[Viewer | None] | None:
        """Return the viewer that `reader` would return, found without FastAPI; None to let FastAPI call `reader`.

        Raises what `reader` would raise. Statements run on `source`, as the read itself will.
        """
        return Recognized(None) if self.reader is Policy.reader else None

    async def recognize_writer(
        self,
        connection: HTTPConnection,  # noqa: ARG002 - for subclasses
        session: AsyncSession,  # noqa: ARG002 - for subclasses
    ) -> Recognized[Viewer] | None:
        """Return the viewer that `writer` would return, found without FastAPI; None to let FastAPI call `writer`."""
        return Recognized(None) if self.writer is Policy.writer else None  # type: ignore[arg-type]  # nobody gives None

    def viewer_values(self, viewer: Viewer) -> Hashable | None:  # noqa: ARG002 - for subclasses
        """Return all values of a viewer that `where`, `related` and `hidden` use; None if they may use others, as here.

        What a viewer may see is cached by these values, and the hooks are not called again for equal ones. So they may
        use nothing else that changes: no clock, no setting, no other row.
        """
        return None

    def sample_viewers(self) -> Iterable[Viewer | None]:
        """Return viewers of all kinds; what `hidden` and `read_only` return for them is checked at start."""
        return (None,)

    def identity(self, viewer: Viewer | None) -> str | None:
        """Return a text that is unique to this viewer; None for an anonymous one."""
        return None if viewer is None else str(viewer.id)  # type: ignore[attr-defined]  # a viewer without one overrides

    @override
    def where(self, viewer: Viewer | None, action: str) -> ColumnElement[bool]:
        """Return the condition on the rows of the model to which the viewer may do `action`.

        Actions are "view", "add", "change", "delete", and those that a plugin names itself ("moderate"). Return
        `false()` for an action that you do not know. A row that was added or changed has to fulfil the condition
        afterwards, too; in subqueries of "add" on the model's own table the new rows of the request do not count.
        `true()` and `false()` cost nothing: with `false()` the viewer is refused without a statement.
        """
        return false()

    @override
    def explain(self, viewer: Viewer | None, action: str) -> str:
        """Return the sentence with which an action is refused (403)."""
        said = REFUSALS.get(action, f"You may not {action} this.")
        return gettext(said)

    def related(self, viewer: Viewer | None) -> Mapping[str, ColumnElement[bool]]:  # noqa: ARG002 - for subclasses
        """Return conditions on the rows of related models, by the name of the relation (`post` or `post.tags`).

        They replace the "view" condition of the related model's own policy: `{"tags": true()}` shows all tags of each
        post that is shown. Hidden rows are left out of nested objects and match no filter.
        """
        return {}

    def hidden(self, viewer: Viewer | None) -> frozenset[str]:  # noqa: ARG002 - for subclasses
        """Return the fields (`email`, `author.email`) that are not shown, nor used to filter, order or search."""
        return frozenset()

    def read_only(self, viewer: Viewer | None) -> frozenset[str]:  # noqa: ARG002 - for subclasses
        """Return the fields that the viewer may not write: a body that names one is refused with 403."""
        return frozenset()


class ReadOnly(Policy[Model, Viewer, Create]):
    """Everybody may read everything; nobody may change anything."""

    @override
    def where(self, viewer: Viewer | None, action: str) -> ColumnElement[bool]:
        """Return a condition that all rows fulfil, to view them."""
        return true() if action == "view" else false()


class Open(ReadOnly[Model, Viewer, Create]):
    """Everybody may do everything: for prototypes, and for APIs that nobody else can reach."""

    @override
    def where(self, viewer: Viewer | None, action: str) -> ColumnElement[bool]:
        """Return a condition that all rows fulfil."""
        return true()


def remembers_viewers(policy: Policy) -> bool:
    """Return True if what a viewer may see is cached by the policy's `viewer_values`."""
    says = type(policy).viewer_values is not Policy.viewer_values
    return says and bool(getattr(policy, "remembers_viewers", True))


def not_found(name: str, key: object) -> NotFoundError:
    """Return the error for a row that does not exist or is hidden from the viewer, who cannot tell which."""
    return NotFoundError(f"There is no {name} {_shown(key)}.")


def _shown(key: object) -> object:
    return quoted(key) if isinstance(key, str) else key_text(key)
