"""A new row by a single statement, which asks all that is to be asked as it inserts.

    INSERT ... SELECT <values> WHERE <rule> AND <all that the body names is there> AND <who asks is who is presumed>

Where it inserts nothing, nothing was done, and who wants the row goes the way of `Writer`, which looks up who asks,
finds or makes what the body names, and knows what to answer. So do hooks, rows within rows, and policies that have to
see what a body names.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Generic

from pydantic import MISSING, BaseModel
from sqlalchemy import Column
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from dovetail.database.error_translation import is_bad_data
from dovetail.database.fast_unit_of_work import presumed_in
from dovetail.resources.declaration.declared import ADD, Create, Model, Replace, Update, Viewer
from dovetail.resources.policy import Policy, Recognized
from dovetail.resources.read.reader import Batch
from dovetail.resources.spec import Spec
from dovetail.resources.sql.insert_statements import NewRow
from dovetail.resources.write.creation.values import NewValues
from dovetail.resources.write.insert import Inserter
from dovetail.resources.write.links import named
from dovetail.resources.write.nested.contracts import NO_VALUES
from dovetail.resources.write.references import References


class CreateAtOnce(Generic[Model, Viewer, Create, Update, Replace]):
    """Inserts a row by one statement on PostgreSQL, where that is all there is to do; SQLite adds what is beside it."""

    def __init__(
        self,
        spec: Spec[Model, Viewer, Create, Update, Replace],
        inserter: Inserter,
        references: References[Model, Viewer, Create, Update, Replace],
        values: NewValues,
    ) -> None:
        self._spec = spec
        self._values = values
        self._inserter = inserter
        self._references = references

    async def create(
        self, session: AsyncSession, recognized: Recognized[Viewer], data: Create
    ) -> tuple[object, Batch, Mapping[str, object]] | None:
        """Insert the row of a body; return its key, what was read of it, and its values. None if nothing was inserted.

        Raises PermissionDeniedError for somebody who may add no row, and InvalidInputError for a value of no use.
        """
        if not self._inserts:
            return None
        links = self._named(data)
        presumed = presumed_in(session)
        if links is None or (presumed is None and not links):
            return None
        visibility = self._spec.written_visibility_of(recognized, ADD)
        if not self._may_write(recognized, data) or not self._references.ask_nothing(recognized, data):
            return None
        values = self._values.of(recognized, data, NO_VALUES)
        try:
            done = await self._inserter.insert_and_read(session, NewRow(values, links, self._by), visibility)
        except DBAPIError as error:
            if presumed is None or not is_bad_data(error):
                raise
            return None  # who may add no row is told that first
        return None if done is None or not done[1].items else (*done, values)

    def _named(self, data: BaseModel) -> dict[str, Sequence[object]] | None:
        """Return the names in a body by relation; None if a function has to find what they are, or they are too long.

        Rows within the body are not the affair of one statement either.
        """
        found: dict[str, Sequence[object]] = {}
        for field in self._spec.links:
            names = named(data, field)
            if not names:
                continue
            if field not in self._by:
                return None
            longest = self._longest[field]
            if longest is not None and any(len(str(name)) > longest for name in names):  # PostgreSQL would cut it
                return None
            found[field] = list(dict.fromkeys(names))
        is_plain = all(getattr(data, field, MISSING) is MISSING for field in self._spec.nested)
        return found if is_plain else None

    def _may_write(self, recognized: Recognized[Viewer], data: BaseModel) -> bool:
        """Return False if somebody may not write a field of a body."""
        if not self._limits_fields:
            return True
        return self._spec.policy.read_only(recognized.viewer).isdisjoint(data.model_fields_set)

    @cached_property
    def _inserts(self) -> bool:
        """True if no hook makes the row or looks at it."""
        return self._spec.create_with is None and "may_create" not in self._spec.policy.old_hooks

    @cached_property
    def _limits_fields(self) -> bool:
        return type(self._spec.policy).read_only is not Policy.read_only

    @cached_property
    def _by(self) -> Mapping[str, Column[object]]:
        """The columns by which rows are found, by relation."""
        finders = self._spec.links.items()
        return {name: find.property.columns[0] for name, find in finders if isinstance(find, InstrumentedAttribute)}

    @cached_property
    def _longest(self) -> Mapping[str, int | None]:
        return {name: getattr(column.type, "length", None) for name, column in self._by.items()}
