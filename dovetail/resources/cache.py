"""A memory of a fixed size, for what takes long to make and is the same for many requests."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")
MAXIMUM = 500  # entries; a plan, and what else is kept, takes some kilobytes


class Cache(OrderedDict[Hashable, Any]):
    """Keeps what was used last, up to `maximum` entries; what is only looked at with `get` counts as used when made."""

    def __init__(self, maximum: int = MAXIMUM) -> None:
        super().__init__()
        self._maximum = maximum

    def remember(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what `make` made for `key`, now or before."""
        try:
            self.move_to_end(key)
        except KeyError:
            self[key] = make()
            if len(self) > self._maximum:
                self.popitem(last=False)
        return self[key]  # type: ignore[no-any-return]  # what make() made
