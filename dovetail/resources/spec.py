"""The declaration of a REST API, and what each viewer may see and change by it.

The packages that write rows and answer requests work with a Spec. `Resource` is its subclass with the router. The
fields of both are listed in `declaration/declared.py`.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property, partial

from pydantic import BaseModel
from sqlalchemy import ColumnElement, and_, true

from dovetail.errors import DovetailError, FieldError, NotAuthenticatedError, PermissionDeniedError
from dovetail.resources.conditions import is_always, is_never
from dovetail.resources.declaration.checked import check_declaration
from dovetail.resources.declaration.declared import VIEW, Create, Model, Replace, Update, Viewer
from dovetail.resources.declaration.derived import Derived
from dovetail.resources.declaration.given import check_given
from dovetail.resources.policy import Policy, Recognized, remembers_viewers
from dovetail.resources.schemas.sources import Build
from dovetail.resources.sql.statements import Cache
from dovetail.resources.visibility import Visibility

MAXIMUM_VIEWERS = 2_000  # whose visibilities are cached, as many as tokens are presumed; each is some kilobytes
SEE = "see"  # a key of the cache of visibilities; the others are `lock to ...` and `answer ...` with each action


@dataclass(frozen=True, kw_only=True, eq=False)
class Spec(Derived[Model, Viewer, Create, Update, Replace]):
    """The declaration of a REST API. All names are checked when it is made.

    Raise ConfigurationError for a name that does not exist, with the names that do.
    """

    def __post_init__(self) -> None:
        check_given(self)
        self._complete()
        check_declaration(self)

    def visibility(self, viewer: Viewer | None, where: ColumnElement[bool] | None = None) -> Visibility:
        """Return what `viewer` may see of the rows for which `where` holds.

        If the policy shows no row at all, raise PermissionDeniedError, or NotAuthenticatedError without a viewer.
        """
        if where is None:
            return self._remembered(SEE, viewer, partial(self._seen_by, viewer))
        return self._seen_by(viewer, where)

    def visibility_of(self, recognized: Recognized[Viewer | None]) -> Visibility:
        """Return what a viewer may see whom the policy has recognized. Raises as `visibility` does."""
        return self._remembered_of(SEE, recognized, self._seen_by)

    def lock_visibility(self, viewer: Viewer | None, action: str) -> Visibility:
        """Return the rows that a viewer may see, and as `check` those to which they may do `action`.

        It is for locking rows: fields and related rows are left out. Raises as `visibility` does.
        """
        return self._remembered(f"lock to {action}", viewer, partial(self._lockable_by, viewer, action))

    def written_visibility(self, viewer: Viewer | None, action: str) -> Visibility:
        """Return what a viewer may see of rows to which they just did `action`, and as `check` where they may do it.

        Raise PermissionDeniedError if they may do it to no row.
        """
        return self._remembered(f"answer {action}", viewer, partial(self._written_by, viewer, action))

    def written_visibility_of(self, recognized: Recognized[Viewer], action: str) -> Visibility:
        """Return the same for a viewer whom the policy has recognized."""
        return self._remembered_of(f"answer {action}", recognized, lambda viewer: self._written_by(viewer, action))

    def remembered_by(self, recognized: Recognized[Viewer]) -> Hashable | None:
        """Return the values by which a viewer's visibility is cached; None if it is not cached."""
        return recognized.values if self._remembers_viewers else None

    def change_visibility(self, recognized: Recognized[Viewer], action: str) -> Visibility:
        """Return what a viewer may see, as `visibility_of` does, and as `check` the rows to which they may do `action`.

        A write derives all that it asks of a row from it (`to_lock`, `after_write`), so that the policy is asked once.
        Raises as `visibility` does; a viewer who may do `action` to no row is not refused here.
        """
        return self._remembered_of(f"see and {action}", recognized, partial(self._changeable_by, action))

    def refusal(self, viewer: Viewer | None, action: str) -> DovetailError:
        """Return the error for somebody who may not do `action`."""
        if viewer is None and self.policy.reader is not Policy.reader:
            return NotAuthenticatedError()
        return PermissionDeniedError(self.policy.explain(viewer, action))

    def check_fields(self, viewer: Viewer | None, data: BaseModel) -> None:
        """Raise PermissionDeniedError if a body names a field that the viewer may not write."""
        found = sorted(self.policy.read_only(viewer) & data.model_fields_set)
        if found:
            errors = [
                FieldError(pointer=f"/{one}", detail="You may not write this.", type="read_only") for one in found
            ]
            raise PermissionDeniedError(f"You may not write {', '.join(found)}; leave it out.", errors=errors)

    def kept_fields(self, viewer: Viewer | None) -> frozenset[str]:
        """Return the fields that stay as they are unless a body names them: those the viewer cannot read or write."""
        return self.policy.read_only(viewer) | self.policy.hidden(viewer)

    def version_for(self, viewer: Viewer | None) -> tuple[str, ...]:
        """Return the attributes that the ETag for this viewer is made of."""
        return self.reader.version_within(self.access.hidden(None if self._reads_as_nobody else viewer))

    def version_in(self, visibility: Visibility) -> tuple[str, ...]:
        """Return the attributes that the ETag for the viewer of this visibility is made of."""
        return self.reader.version_within(self.access.hidden(None) if self._reads_as_nobody else visibility.hidden)

    @cached_property
    def _reads_as_nobody(self) -> bool:
        return self.policy.reader is Policy.reader

    def _seen_by(self, viewer: Viewer | None, where: ColumnElement[bool] | None = None) -> Visibility:
        rows = self._rows(viewer)
        related, hidden = self.access.related(viewer), self.access.hidden(viewer)
        narrowed = rows if where is None else and_(rows, where)
        return Visibility(narrowed, related, hidden, self._templates, None, self.expressions(viewer))

    def _lockable_by(self, viewer: Viewer | None, action: str) -> Visibility:
        return Visibility(self._rows(viewer), {}, frozenset(), self._templates, self._check(viewer, action))

    def _written_by(self, viewer: Viewer | None, action: str) -> Visibility:
        check = self._check(viewer, action)
        if check is not None and is_never(check):
            raise self.refusal(viewer, action)
        related, hidden = self.access.related(viewer), self.access.hidden(viewer)
        return Visibility(true(), related, hidden, self._templates, check, self.expressions(viewer))

    def _changeable_by(self, action: str, viewer: Viewer | None) -> Visibility:
        related, hidden = self.access.related(viewer), self.access.hidden(viewer)
        rows, check = self._rows(viewer), self._check(viewer, action)
        return Visibility(rows, related, hidden, self._templates, check, self.expressions(viewer))

    def expressions(self, viewer: Viewer | None) -> dict[Build, ColumnElement[object]]:
        """Return the SQL of fields that are functions of the viewer (`From`)."""
        return {build: build(viewer) for build in self.builds}

    def _rows(self, viewer: Viewer | None) -> ColumnElement[bool]:
        rows = self.policy.where(viewer, VIEW)
        if is_never(rows):
            raise self.refusal(viewer, VIEW)
        return rows

    def _check(self, viewer: Viewer | None, action: str) -> ColumnElement[bool] | None:
        condition = self.policy.where(viewer, action)
        return None if is_always(condition) else condition

    def _remembered_of(
        self,
        what: str,
        recognized: Recognized[Viewer | None],
        make: Callable[[Viewer | None], Visibility],
    ) -> Visibility:
        """Return what `_remembered` returns, without loading the viewer if their visibility is cached."""
        values = recognized.values
        if values is None or not self._remembers_viewers:
            viewer = recognized.viewer
            return self._remembered(what, viewer, partial(make, viewer))
        return self._kept(what, values, lambda: make(recognized.viewer))

    def _remembered(self, what: str, viewer: Viewer | None, make: Callable[[], Visibility]) -> Visibility:
        """Return what `make` returns, or the cached result for a viewer with the same values."""
        if viewer is None:
            is_remembered = self.policy.remembers_anonymous and self._remembers_anonymous
            return self._kept(what, None, make) if is_remembered else make()
        values = self.policy.viewer_values(viewer) if self._remembers_viewers else None
        return make() if values is None else self._kept(what, values, make)

    def _kept(self, what: str, values: Hashable, make: Callable[[], Visibility]) -> Visibility:
        kept = self._seen.get(what)
        if kept is None:
            kept = self._seen[what] = Cache(MAXIMUM_VIEWERS)
        found: Visibility | None = kept.get(values)
        if found is None:
            found = kept[values] = make()
        return found

    @cached_property
    def _remembers_viewers(self) -> bool:
        """True if all policies promise that what a viewer may see depends on the viewer's values alone."""
        return all(map(remembers_viewers, self.access.policies.values()))

    @cached_property
    def _remembers_anonymous(self) -> bool:
        """True if the policies of related models promise that what an anonymous viewer may see never changes."""
        return all(one.remembers_anonymous for one in self.access.policies.values())

    @cached_property
    def _seen(self) -> dict[str, Cache]:
        """The cached visibilities: a cache by the viewer's values for each kind (see SEE)."""
        return {}

    @cached_property
    def _templates(self) -> Cache:
        """The templates of visibilities, by their cache keys."""
        return Cache()
