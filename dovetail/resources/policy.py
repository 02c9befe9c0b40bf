"""Decide who may do what to which rows, once: REST, the back office and whatever else shows rows ask the same policy.

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
    """Somebody who reads or writes."""

    viewer: Somebody
    values: Hashable | None = None  # all that was loaded of them, if what they may see is to be remembered by that


class Policy(DeprecatedHooks[Model, Viewer, Create]):
    """Decides rows and fields for a viewer; this one lets nobody see or change anything.

    Subclasses open what they want open. `reader` and `writer` are the `Annotated` dependencies that give the viewer of
    a read and of a write, for example OptionalUser and CurrentUser; a viewer of None is somebody unknown. Every hook is
    asked once a request and action, whatever the number of rows: what it returns becomes part of the statements.
    """

    reader: ClassVar[object] = Annotated[None, Depends(nobody)]
    writer: ClassVar[object] = Annotated[None, Depends(nobody)]
    # True if what somebody unknown may see never changes while the process runs; reads are faster then. A rule
    # that compares with the clock says so in SQL (`Post.publish_at <= utcnow()`), and may be remembered too.
    remembers_anonymous: ClassVar[bool] = False

    async def recognize_reader(
        self,
        connection: HTTPConnection,  # noqa: ARG002 - for subclasses
        source: ReadSource,  # noqa: ARG002 - for subclasses
    ) -> Recognized[Viewer | None] | None:
        """Return whom `reader` would give, found without FastAPI; None if `reader` has to be asked.

        Raises what `reader` would raise. A statement that it takes runs on `source`, as the read itself will.
        """
        return Recognized(None) if self.reader is Policy.reader else None

    async def recognize_writer(
        self,
        connection: HTTPConnection,  # noqa: ARG002 - for subclasses
        session: AsyncSession,  # noqa: ARG002 - for subclasses
    ) -> Recognized[Viewer] | None:
        """Return whom `writer` would give, found without FastAPI; None if `writer` has to be asked."""
        return Recognized(None) if self.writer is Policy.writer else None  # type: ignore[arg-type]  # nobody gives None

    def viewer_values(self, viewer: Viewer) -> Hashable | None:  # noqa: ARG002 - for subclasses
        """Return all that `where`, `related` and `hidden` look at of a viewer; None if it cannot be told, as here.

        What a viewer may see is remembered by these values, so that the hooks are not asked about equal ones again:
        they may look at nothing else that changes, be it a clock, a setting or another row.
        """
        return None

    def sample_viewers(self) -> Iterable[Viewer | None]:
        """Return viewers of all kinds, of whom is asked at the start which fields `hidden` and `read_only` name."""
        return (None,)

    def identity(self, viewer: Viewer | None) -> str | None:
        """Return a text that only this viewer has; None for somebody unknown."""
        return None if viewer is None else str(viewer.id)  # type: ignore[attr-defined]  # a viewer without one overrides

    @override
    def where(self, viewer: Viewer | None, action: str) -> ColumnElement[bool]:
        """Return the condition on the rows of the model to which the viewer may do `action`.

        Actions are "view", "add", "change", "delete", and what a plugin names itself ("moderate"); an action that is
        not known here is allowed of no row. A row that was added or changed has to fulfil the condition as it is
        afterwards, too. The condition is asked once a statement; `true()` costs nothing, and `false()` says without a
        look at any row that the viewer may not.
        """
        return false()

    @override
    def explain(self, viewer: Viewer | None, action: str) -> str:
        """Return the sentence by which an action is refused, with 403."""
        said = REFUSALS.get(action, f"You may not {action} this.")
        return gettext(said)

    def related(self, viewer: Viewer | None) -> Mapping[str, ColumnElement[bool]]:  # noqa: ARG002 - for subclasses
        """Return conditions on the rows of related models, by the name of the relation (`post` or `post.tags`).

        They take the place of what the policy of the related model says of "view": `{"tags": true()}` shows the tags of
        whatever post is shown. What they hide is left out of nested objects and matches no filter.
        """
        return {}

    def hidden(self, viewer: Viewer | None) -> frozenset[str]:  # noqa: ARG002 - for subclasses
        """Return the fields (`email`, `author.email`) that are not shown, filtered, ordered or searched."""
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
    """Return True if a policy says by what values what a viewer may see is to be remembered."""
    says = type(policy).viewer_values is not Policy.viewer_values
    return says and bool(getattr(policy, "remembers_viewers", True))


def not_found(name: str, key: object) -> NotFoundError:
    """Return the error for a row that is not there or is hidden from the viewer: nobody can tell the two apart."""
    return NotFoundError(f"There is no {name} {_shown(key)}.")


def _shown(key: object) -> object:
    return quoted(key) if isinstance(key, str) else key_text(key)
