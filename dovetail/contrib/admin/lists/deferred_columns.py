"""Load only the columns that a list or an export needs: those that it shows, and those that their code reads.

A list of posts does not need their texts. But `__str__`, a property or a formatter may read any column. So the names in
the code of `__str__` and properties are loaded too. If a column is still missing when a row is shown, the query is
repeated with it, and it is loaded from then on.

The same is done with objects that a page only names, such as the post in a filter of comments; if a column is missing,
the whole request is repeated. That is possible for safe requests only, so others load whole objects.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import lru_cache
from typing import TypeVar

from sqlalchemy import inspect
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapper, load_only
from sqlalchemy.orm.interfaces import ORMOption
from starlette.requests import Request

from dovetail.contrib.admin.columns.code_names import names_in_text_of
from dovetail.state import StateKey

T = TypeVar("T")
MOST_KEPT = 256  # maximum cached options, which depend on chosen and hidden columns
MISSED = re.compile(r"'(\w+\.\w+)' is not available due to raiseload=True")  # the message of SQLAlchemy


class DeferredColumns:
    """The columns that have to be loaded; missing columns are added when they are read."""

    def __init__(self) -> None:
        self._learned: set[str] = set()
        self._make_once = lru_cache(MOST_KEPT)(self._make)  # cached, since creating one takes longer than a statement

    def only(
        self, model: type[object], names: Iterable[str], relations: Iterable[str], hidden: frozenset[str]
    ) -> ORMOption:
        """Return the loader option for the columns that showing `names` needs, and the keys of `relations`.

        Columns in `hidden` are not loaded, except such keys.
        """
        mapper: Mapper[object] = inspect(model)
        return self._make_once(mapper, frozenset(names), frozenset(relations), hidden)

    def _make(
        self, mapper: Mapper[object], names: frozenset[str], relations: frozenset[str], hidden: frozenset[str]
    ) -> ORMOption:
        model = mapper.class_
        wanted = {*names, *names_in_text_of(model)}
        for name in tuple(wanted):
            wanted.update(_read_by(mapper.all_orm_descriptors.get(name, vars(model).get(name))))
        wanted.update(one.rpartition(".")[2] for one in self._learned if one.partition(".")[0] in _names(model))
        wanted -= hidden
        needed = {*mapper.primary_key, *(c for name in relations for c in mapper.relationships[name].local_columns)}
        wanted.update(mapper.get_property_by_column(column).key for column in needed)
        columns = [getattr(model, name) for name in sorted(wanted.intersection(mapper.column_attrs.keys()))]
        return load_only(*columns, raiseload=True)

    async def retry_with_missed(self, session: AsyncSession | None, work: Callable[[], Awaitable[T]]) -> T:
        """Return the result of `work`; repeat it with one more column whenever it misses one.

        `session` is the one that `work` uses, or None if it opens its own.
        """
        while True:
            known = frozenset(self._learned)
            try:
                return await work()
            except InvalidRequestError as error:
                if not self._learn(error, known):
                    raise
                if session is not None:
                    session.expunge_all()  # attributes that are loaded would not be refreshed

    async def repeat_with_missed(self, request: Request, work: Callable[[], Awaitable[T]]) -> T:
        """Return the result of `work`, which handles a safe request in its own transaction, as `retry_with_missed`."""
        OF_NAMED.set(request, self)
        return await self.retry_with_missed(None, work)

    def _learn(self, error: InvalidRequestError, known: frozenset[str]) -> bool:
        """Load the column that was missing from now on. Return False if the error has another reason.

        `known` are the columns that were added before the failed work began; other requests may have added more.
        """
        missed = MISSED.search(str(error))
        if missed is None or missed[1] in known:
            return False
        self._learned.add(missed[1])
        self._make_once.cache_clear()
        return True


OF_NAMED = StateKey[DeferredColumns]("dovetail_admin_named_columns", "this request is no safe one")


def columns_of_named(request: Request) -> DeferredColumns | None:
    """Return the columns to load of objects that a page only names; None for a request that loads whole objects."""
    return OF_NAMED.find(request)


def _read_by(attribute: object) -> Iterator[str]:
    """Return the names in the code of a method, a property or a hybrid, which include the attributes it reads."""
    function = attribute.fget if isinstance(attribute, property | hybrid_property) else attribute
    code = getattr(function, "__code__", None)
    return iter(code.co_names if code is not None else ())


def _names(model: type[object]) -> set[str]:
    return {cls.__name__ for cls in model.__mro__}
