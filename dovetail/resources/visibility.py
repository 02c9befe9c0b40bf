"""The visibility of a resource to a viewer, in the form that statements are built from.

`Spec.visibility` makes it of a policy. It is applied by `query/where.py` (rows, and rows behind filters), by
`sql/nested_select.py` (rows of related models in answers) and by `query/url.py` (names of fields that are hidden).
Statements are compiled once for each `cache_key` and run with `bind_values`, which differ from viewer to viewer; one
that is used often is found by the `template` of a visibility, since to compare cache keys takes long.
"""

from collections.abc import Hashable, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy import BindParameter, ClauseElement, ColumnElement, true

from dovetail.database.drivers.sqlalchemy_private_statements import cache_key
from dovetail.errors import ConfigurationError
from dovetail.resources.schemas.sources import Build
from dovetail.resources.within import Within

NO_VALUES: Mapping[str, object] = {}


@dataclass(eq=False)
class Visibility:
    """The rows, the rows of related models, and the fields that are hidden.

    With `check`, who reads is told of each row whether it fulfils that too, and who locks.

    `templates` keeps visibilities among which the `template` is looked for; without it there is none.
    """

    rows: ColumnElement[bool]
    related: Mapping[str, ColumnElement[bool]]
    hidden: frozenset[str]
    templates: MutableMapping[Hashable, "Visibility"] | None = None
    check: ColumnElement[bool] | None = None
    expressions: Mapping[Build, ColumnElement[object]] = field(default_factory=dict)  # fields of answers, in SQL

    within: ColumnElement[bool] | None = field(default=None, init=False)  # what a list narrows the rows to besides
    named_values: Mapping[str, object] = field(default_factory=lambda: NO_VALUES, init=False)  # of its placeholders

    def hides(self, name: str) -> bool:
        """Return True if the field `author.username`, or all of `author`, is hidden."""
        parts = name.split(".")
        return any(".".join(parts[: depth + 1]) in self.hidden for depth in range(len(parts)))

    def narrowed(self, within: Within, values: Mapping[str, object]) -> "Visibility":
        """Return the part of the rows that lies `within`, whose placeholders have these values."""
        return _Narrowed(self, within, values)

    @cached_property
    def to_lock(self) -> "Visibility":
        """The same rows with the same question, to be locked: of fields and related rows nothing is asked."""
        return Visibility(self.rows, {}, frozenset(), self.templates, self.check)

    @cached_property
    def once_written(self) -> "Visibility":
        """The same of rows that were just written, whether they may still be seen or not."""
        return Visibility(true(), self.related, self.hidden, self.templates, self.check, self.expressions)

    @cached_property
    def template(self) -> "Visibility | None":
        """A visibility that is kept, with the same `cache_key`: whatever was compiled for it serves this one too."""
        if self.templates is None or not self.is_cacheable:
            return None
        found = self.templates.get(self.cache_key)
        if found is None:
            found = self.templates[self.cache_key] = self
        return found

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
        asked = [] if self.check is None else [("check ", self.check)]  # no relation has such a name
        conditions: list[tuple[str, ClauseElement]] = [("", self.rows), *sorted(self.related.items()), *asked]
        built = [(f"expression {number}", one) for number, one in enumerate(self.expressions.values())]
        for name, element in (*conditions, *built):
            # The same key by which SQLAlchemy finds compiled statements again.
            key = cache_key(element)
            found.append((name, None, ()) if key is None else (name, key.key, tuple(key.bindparams)))
        return found

    @cached_property
    def _templates_within(self) -> dict[Within, "Visibility"]:
        return {}  # as many as there are such lists


class _Narrowed(Visibility):
    """The part of a visibility's rows that lies within what the path of a list names."""

    def __init__(self, whole: Visibility, within: Within, values: Mapping[str, object]) -> None:
        if values.keys() != within.names:
            found, expected = (", ".join(sorted(names)) or "none" for names in (values, within.names))
            raise ConfigurationError(f"values gave the placeholders {found} of a list, expected {expected}")
        super().__init__(whole.rows, whole.related, whole.hidden, expressions=whole.expressions)
        self.within = within.condition
        self.named_values = values
        self._whole, self._place = whole, within

    @cached_property
    def template(self) -> Visibility | None:
        template = self._whole.template
        if template is None or self._place.key is None:
            return None
        return template._templates_within.setdefault(self._place, self)  # noqa: SLF001 - of its own kind

    @cached_property
    def bind_values(self) -> tuple[object, ...]:
        return self._whole.bind_values + self._place.values(self.named_values)

    @cached_property
    def _keys(self) -> list[tuple[str, Hashable, tuple[BindParameter[object], ...]]]:
        place = self._place
        return [*self._whole._keys, ("within ", place.key, place.binds)]  # noqa: SLF001 - no relation has such a name


EVERYTHING = Visibility(true(), {}, frozenset(), {})
