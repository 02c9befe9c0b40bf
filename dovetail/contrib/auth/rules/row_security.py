"""Write rules as PostgreSQL's row-level security, to protect the tables from other programs that access them.

The session names the user (`viewer_functions.py`), and the database applies the same rule as the site. It does not
apply to the owner of a table, so other programs have to connect as another role. Source:
https://www.postgresql.org/docs/current/ddl-rowsecurity.html
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from sqlalchemy import ColumnElement, Select, Table, inspect, literal_column, select
from sqlalchemy.dialects.postgresql.base import PGIdentifierPreparer
from sqlalchemy.sql.visitors import iterate

from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.rules.model_policies import ModelPolicy
from dovetail.contrib.auth.rules.paths import NO_ROWS, UnexplainableRuleError, as_condition, both, either, explore, walk
from dovetail.contrib.auth.rules.viewer_functions import (
    DEFINER,
    QUOTE,
    answered,
    as_text,
    dialect,
    is_known,
    is_unknown,
    quoted,
    viewer_column,
    viewer_functions,
)

ACTIONS = {"SELECT": "view", "INSERT": "add", "UPDATE": "change", "DELETE": "delete"}
# An UPDATE is checked before and after; PostgreSQL has another syntax for each command.
CLAUSES = {
    "SELECT": "USING ({0})",
    "INSERT": "WITH CHECK ({0})",
    "UPDATE": "USING ({0}) WITH CHECK ({0})",
    "DELETE": "USING ({0})",
}
Where: TypeAlias = Callable[[User | None, str], ColumnElement[bool]]  # the type of `Policy.where`


def security_statements(rules: Iterable[ModelPolicy]) -> list[str]:
    """Return the statements that make PostgreSQL apply these rules; they can be run again to replace earlier ones.

    Raise UnexplainableRuleError, which names the model, for a rule that cannot be written as SQL.
    """
    statements: list[str] = []
    for rule in rules:
        try:
            statements += _of_model(rule)
        except UnexplainableRuleError as error:
            message = f"the policy of {rule.model.__name__} cannot be written as SQL: {error}"
            raise UnexplainableRuleError(message) from error
    return [*viewer_functions("\n".join(statements)), *statements]


def row_condition(where: Where, action: str) -> ColumnElement[bool]:
    """Return the rule for one action as a condition on rows, which calls functions in PostgreSQL for the viewer.

    Raise UnexplainableRuleError.
    """
    value_of = viewer_column()
    unknown = walk(lambda _: where(None, action), value_of, lambda _: False, NO_ROWS).value
    known = as_condition(explore(lambda viewer: where(viewer, action), value_of, NO_ROWS), answered)
    return either(both(is_unknown(), unknown), both(is_known(), known))


def _of_model(rule: ModelPolicy) -> Iterator[str]:
    mapper = inspect(rule.model)
    if mapper.inherits is not None:
        raise UnexplainableRuleError("its rows are part of another model's, whose columns the rule may name")
    table: Table = mapper.local_table
    name = _name(table.name)
    yield f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"
    for command, action in ACTIONS.items():
        condition = row_condition(rule.policy.where, action)
        sql = _condition_sql(table, condition)
        if any(isinstance(part, Select) for part in iterate(condition)):
            # The rule uses other rows, and may need some that the viewer cannot see, so it becomes a function.
            function = _name(f"dovetail_{action}_{table.name}")
            body = quoted(f"SELECT {sql}")
            yield f"CREATE OR REPLACE FUNCTION {function}({name} {name}) RETURNS boolean {DEFINER} AS {body}"
            sql = f"{function}({name}.*)"
        policy = _name(f"dovetail_{action}")
        yield f"DROP POLICY IF EXISTS {policy} ON {name}"
        yield f"CREATE POLICY {policy} ON {name} FOR {command} {CLAUSES[command].format(sql)}"


def _condition_sql(table: Table, condition: ColumnElement[bool]) -> str:
    """Return a condition on the rows of a table as text, with its subqueries correlated to the row."""
    statement = as_text(select(literal_column("1")).select_from(table).where(condition))
    sql = statement.partition("\nWHERE ")[2]
    if QUOTE in sql:
        raise UnexplainableRuleError(f"it holds the text {QUOTE}")
    return sql


def _name(name: str) -> str:
    return PGIdentifierPreparer(dialect()).quote(name)
