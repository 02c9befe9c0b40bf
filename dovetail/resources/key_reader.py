"""Find the primary key of a row by other columns, among the rows that a viewer may see."""

from collections.abc import Mapping

from sqlalchemy import Dialect, Select, bindparam, inspect, select

from dovetail.database.prepared_reads import ReadSource, session_of
from dovetail.errors import ConfigurationError
from dovetail.resources.policy import not_found
from dovetail.resources.query.keys import key_from
from dovetail.resources.spec import Spec
from dovetail.resources.sql.json_values import result_processor
from dovetail.resources.sql.statements import Cache, PreparedStatement, prepare
from dovetail.resources.visibility import Visibility


class KeyReader:
    """Finds the keys of a resource's rows, with statements that are compiled once."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._statements = Cache()

    async def find(self, source: ReadSource, visibility: Visibility, values: Mapping[str, object]) -> object:
        """Return the key of the row whose columns have these `values`.

        Raise NotFoundError if none is visible, and ConfigurationError for a name that is no column.
        """
        prepared = self._prepared(visibility, tuple(values), source.dialect)
        if prepared is None:
            statement = self._select(visibility, tuple(values))
            keys = [key_from(row) for row in await session_of(source).execute(statement, dict(values))]
        else:
            rows = await prepared.fetch(await source.connection(), values, visibility.bind_values)
            types = [getattr(self._spec.model, name).type for name in self._spec.keys]
            steps = [result_processor(kind, source.dialect) for kind in types]
            keys = [
                key_from([value if step is None else step(value) for step, value in zip(steps, row, strict=True)])
                for row in rows
            ]
        if not keys:
            raise not_found(self._spec.singular, next(iter(values.values())))
        return keys[0]

    def _prepared(self, visibility: Visibility, names: tuple[str, ...], dialect: Dialect) -> PreparedStatement | None:
        if visibility.template is None:
            return None
        return self._statements.remember(
            (dialect.name, names, visibility.template),
            lambda: prepare(self._select(visibility, names), dialect, visibility.binds),
        )

    def _select(self, visibility: Visibility, names: tuple[str, ...]) -> Select[object]:
        model = self._spec.model
        columns = {attribute.key: getattr(model, attribute.key) for attribute in inspect(model).column_attrs}
        if strangers := set(names) - columns.keys():
            raise ConfigurationError(
                f"{self._spec.singular}: find_key names {', '.join(sorted(strangers))}, "
                f"expected some of {', '.join(sorted(columns))}"
            )
        equal = [columns[name] == bindparam(name, type_=columns[name].type) for name in names]
        return select(*(columns[name] for name in self._spec.keys)).where(*equal, visibility.rows).limit(1)
