"""The part of a resource that a viewer may see, as SQL conditions and names of fields.

`Spec.visibility` makes it from a policy. It is applied by `query/where.py` (rows of the list, and rows in filters over
relations), by `sql/nested_select.py` (nested rows in answers) and by `query/url.py` (names of hidden fields).

Viewers whose conditions differ in values only share a compiled statement: it is compiled once for each `cache_key` and
run with each viewer's `bind_values`. Comparing cache keys takes long, so the first visibility with a key is kept as
`template`, and statements are looked up by that object.
"""

from collections.abc import Hashable, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import cached_property

from sqlalchemy import BindParameter, ClauseElement, ColumnElement, true

from dovetail.database.drivers.sqlalchemy_private_statements import cache_key
from dovetail.errors import ConfigurationError
from dovetail.resources.conditions import has_subquery
from dovetail.resources.schemas.sources import Build
from dovetail.resources.within import Within

NO_VALUES: Mapping[str, object] = {}


@dataclass(eq=False)
class Visibility:
    """The rows, the rows of related models, and the hidden fields.

    `check` is a second condition, which statements answer for each row as a value: may the viewer do an action to it?
    `templates` is where the `template` is looked up and kept; without it there is none.
    """

    rows: ColumnElement[bool]
    related: Mapping[str, ColumnElement[bool]]
    hidden: frozenset[str]
    templates: MutableMapping[Hashable, "Visibility"] | None = None
    check: ColumnElement[bool] | None = None
    expressions: Mapping[Build, ColumnElement[object]] = field(default_factory=dict)  # fields of answers, in SQL

    check_reads: dict[Hashable, bool] = field(default_factory=dict, init=False)  # see `check_reads_own_tables`
    within: ColumnElement[bool] | None = field(default=None, init=False)  # the `where` of a list, see Resource.add_list
    named_values: Mapping[str, object] = field(default_factory=lambda: NO_VALUES, init=False)  # of its placeholders

    def hides(self, name: str) -> bool:
        """Return True if the field `author.username`, or all of `author`, is hidden."""
        parts = name.split(".")
        return any(".".join(parts[: depth + 1]) in self.hidden for depth in range(len(parts)))

    def narrowed(self, within: Within, values: Mapping[str, object]) -> "Visibility":
        """Return this visibility for a list that is narrowed by `within`, with the values of its placeholders."""
        return _Narrowed(self, within, values)

    @cached_property
    def check_asks_rows(self) -> bool:
        """True if `check` looks at other rows than the one that it is asked of."""
        return self.check is not None and has_subquery(self.check)

    @cached_property
    def to_lock(self) -> "Visibility":
        """The same rows and check, for a statement that locks: fields and related rows are left out."""
        return Visibility(self.rows, {}, frozenset(), self.templates, self.check)

    @cached_property
    def after_write(self) -> "Visibility":
        """The same fields and check for rows that were just written, which the viewer may see no longer."""
        return Visibility(true(), self.related, self.hidden, self.templates, self.check, self.expressions)

    @cached_property
    def template(self) -> "Visibility | None":
        """The kept visibility with the same `cache_key`: statements that are compiled for it serve this one too."""
        if self.templates is None or not self.is_cacheable:
            return None
        found = self.templates.get(self.cache_key)
        if found is None:
            found = self.templates[self.cache_key] = self
        return found

    @cached_property
    def cache_key(self) -> Hashable:
        """The conditions without their values: a part of the cache key of compiled statements."""
        return (self.hidden, tuple((name, key) for name, key, _ in self._keys))

    @cached_property
    def is_cacheable(self) -> bool:
        """False if SQLAlchemy cannot cache a condition: a type from another library may forbid it."""
        return all(key is not None for _, key, _ in self._keys)

    @cached_property
    def binds(self) -> tuple[BindParameter[object], ...]:
        """The bind parameters of the conditions, in an order that depends on `cache_key` only."""
        return tuple(bind for _, _, binds in self._keys for bind in binds)

    @cached_property
    def bind_values(self) -> tuple[object, ...]:
        """The values of `binds`, in their order."""
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
    """A visibility that is narrowed by the `where` of a list."""

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
