"""The visibility of a resource to a viewer, in the form that statements are built from.

`Spec.visibility` makes it of a policy. It is applied by `query/where.py` (rows, and rows behind filters), by
`sql/nested_select.py` (rows of related models in answers) and by `query/url.py` (names of fields that are hidden).
Statements are compiled once for each `cache_key` and run with `bind_values`, which differ from viewer to viewer.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import BindParameter, ColumnElement, true

from dovetail.database.drivers.sqlalchemy_private import cache_key


@dataclass(frozen=True, eq=False)
class Visibility:
    """The rows, the rows of related models, and the fields that are hidden."""

    rows: ColumnElement[bool]
    related: Mapping[str, ColumnElement[bool]]
    hidden: frozenset[str]
    is_constant: bool = False  # the same at every request, as that of somebody unknown may be

    def hides(self, name: str) -> bool:
        """Return True if the field `author.username`, or all of `author`, is hidden."""
        parts = name.split(".")
        return any(".".join(parts[: depth + 1]) in self.hidden for depth in range(len(parts)))

    @cached_property
    def cache_key(self) -> Hashable:
        """The part of a compiled statement's cache key that the conditions decide: all but their values."""
        return (self.hidden, tuple((name, key) for name, key, _ in self._keys))

    @cached_property
    def is_cacheable(self) -> bool:
        """False if `cache_key` does not say it all: a type from another library may forbid SQLAlchemy to cache."""
        return all(key is not None for _, key, _ in self._keys)

    @cached_property
    def binds(self) -> tuple[BindParameter[object], ...]:
        """The values in the conditions, in an order that depends on `cache_key` only."""
        return tuple(bind for _, _, binds in self._keys for bind in binds)

    @cached_property
    def bind_values(self) -> tuple[object, ...]:
        """The values that `binds` hold."""
        return tuple(bind.effective_value for bind in self.binds)

    @cached_property
    def _keys(self) -> list[tuple[str, Hashable, tuple[BindParameter[object], ...]]]:
        found: list[tuple[str, Hashable, tuple[BindParameter[object], ...]]] = []
        for name, condition in (("", self.rows), *sorted(self.related.items())):
            # The same key by which SQLAlchemy finds compiled statements again.
            key = cache_key(condition)
            found.append((name, None, ()) if key is None else (name, key.key, tuple(key.bindparams)))
        return found


EVERYTHING = Visibility(true(), {}, frozenset(), is_constant=True)
