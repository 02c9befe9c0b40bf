"""The `where` of a list such as the posts of one tag: a condition with placeholders for what the path names.

It holds no values itself, so that one compiled statement serves all requests.
"""

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import BindParameter, ColumnElement
from sqlalchemy.sql import visitors

from dovetail.database.drivers.sqlalchemy_private_statements import cache_key
from dovetail.errors import ConfigurationError

OWN_PLACEHOLDERS = re.compile(r"offset|search|words|(filter|cursor)_.*")  # those of query/where.py


@dataclass(frozen=True, eq=False)
class Within:
    """The condition. Raise ConfigurationError for a placeholder that has the name of one of a list's own."""

    condition: ColumnElement[bool]

    def __post_init__(self) -> None:
        for name in sorted(self.names):
            if OWN_PLACEHOLDERS.fullmatch(name):
                raise ConfigurationError(f"{name!r} is a placeholder of every list; give that of `where` another name")

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the placeholders."""
        found = visitors.iterate(self.condition)
        return frozenset(one.key for one in found if isinstance(one, BindParameter) and one.required)

    @cached_property
    def key(self) -> Hashable | None:
        """The condition's part of a compiled statement's cache key; None if SQLAlchemy cannot cache it."""
        found = cache_key(self.condition)
        return None if found is None else found.key

    @cached_property
    def binds(self) -> tuple[BindParameter[object], ...]:
        """The parameters of the condition, in the order of the key."""
        found = cache_key(self.condition)
        return () if found is None else tuple(found.bindparams)

    def values(self, named: Mapping[str, object]) -> tuple[object, ...]:
        """Return the value of each of `binds`; `named` has those of the placeholders."""
        return tuple([named[bind.key] if bind.required else bind.effective_value for bind in self.binds])
