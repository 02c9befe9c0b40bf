"""INSERT of a row by a single statement, which checks all conditions itself.

    INSERT ... SELECT <values> WHERE <rule> AND <all rows that the body names exist> AND <the presumed user exists>

If it inserts nothing, nothing was done, and the caller falls back to `Writer`, which looks up the user, finds or
creates the rows that the body names, and knows which error to answer. `Writer` also does every creation with hooks,
with nested rows, or with a policy that has to look at the rows that the body names.
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


class SingleStatementCreate(Generic[Model, Viewer, Create, Update, Replace]):
    """Inserts a row by one statement on PostgreSQL, where that suffices; on SQLite links and history take more."""

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
        """Insert the row of a body; return its key, the batch read back, and its values. None if nothing was inserted.

        Raise PermissionDeniedError if the viewer may not add rows, InvalidInputError for an invalid value.
        """
        if not self._inserts:
            return None
        links = self._named(data)
        presumed = presumed_in(session)
        if links is None or (presumed is None and not links):
            return None
        visibility = self._spec.written_visibility_of(recognized, ADD)
        if not self._may_write(recognized, data) or not self._references.need_no_check(recognized, data):
            return None
        values = self._values.of(recognized, data, NO_VALUES)
        try:
            done = await self._inserter.insert_and_read(session, NewRow(values, links, self._by), visibility)
        except DBAPIError as error:
            if presumed is None or not is_bad_data(error):
                raise
            return None  # Writer checks the permission before it reports the value
        return None if done is None or not done[1].items else (*done, values)

    def _named(self, data: BaseModel) -> dict[str, Sequence[object]] | None:
        """Return the names in a body by relation; None if one statement cannot link them or the body has nested rows.

        It cannot where a function finds the rows, or a name is longer than its column.
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
        """Return False if the body sets a field that the viewer may not write."""
        if not self._limits_fields:
            return True
        return self._spec.policy.read_only(recognized.viewer).isdisjoint(data.model_fields_set)

    @cached_property
    def _inserts(self) -> bool:
        """True if no hook takes part in creations."""
        return self._spec.create_with is None and "may_create" not in self._spec.policy.old_hooks

    @cached_property
    def _limits_fields(self) -> bool:
        return type(self._spec.policy).read_only is not Policy.read_only

    @cached_property
    def _by(self) -> Mapping[str, Column[object]]:
        """By relation, the column that names its rows, where no function finds them."""
        finders = self._spec.links.items()
        return {name: find.property.columns[0] for name, find in finders if isinstance(find, InstrumentedAttribute)}

    @cached_property
    def _longest(self) -> Mapping[str, int | None]:
        return {name: getattr(column.type, "length", None) for name, column in self._by.items()}
