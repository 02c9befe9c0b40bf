"""Private parts of Alembic that Dovetail depends on, one function each.

Alembic is pinned to one minor version; tests/migrations/bridge/test_alembic_private.py fails when one of these changes.
"""

import re
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any, TypeVar, cast

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import _alter_column, _render_cmd_body
from alembic.ddl._autogen import ComparisonResult as ComparisonResult
from alembic.ddl.impl import DefaultImpl
from alembic.operations import ops
from alembic.operations.batch import ApplyBatchImpl, BatchOperationsImpl
from alembic.runtime.environment import EnvironmentContext
from alembic.script import Script, ScriptDirectory
from alembic.script.revision import RevisionMap
from alembic.util import memoized_property
from alembic.util.sqla_compat import _is_type_bound
from sqlalchemy import Constraint, CursorResult, Dialect, Executable
from sqlalchemy.sql.compiler import DDLCompiler

BATCH_PREFIX = "_alembic_tmp_"  # the name of a table begins so while it takes the place of another (ApplyBatchImpl)

T = TypeVar("T")
Choose = Callable[[Sequence[Script]], Sequence[Script]]
_read_files = ScriptDirectory._load_revisions  # noqa: SLF001 - there is no public way to add a revision without a file


EQUAL = ComparisonResult.Equal()


def difference(said: str) -> ComparisonResult:
    """Return what a comparison of two indexes or constraints returns if they differ; `said` says how."""
    return ComparisonResult.Different(said)


def batch_name(table: str) -> str:
    """Return the name of what is about to take the place of a table."""
    return ApplyBatchImpl._calc_temp_name(table)  # noqa: SLF001 - it cuts long names


def environment(context: ModuleType) -> EnvironmentContext:
    """Return the object behind the module `alembic.context`, as env.py sees it."""
    return cast("EnvironmentContext", context._proxy)  # noqa: SLF001 - only its functions are public


def parents(script: Script) -> tuple[str, ...]:
    """Return the ids of what must be applied before `script`: the revisions below it and those it depends on."""
    return (*script._versioned_down_revisions, *script._resolved_dependencies)  # noqa: SLF001 - the public ones are as written in the file, labels among them


def down_revisions(script: Script) -> tuple[str, ...]:
    """Return the ids of the revisions right below `script` in its own branch."""
    return script._versioned_down_revisions  # noqa: SLF001 - `down_revision` is a text, a tuple or None


def dependencies(script: Script) -> tuple[str, ...]:
    """Return the full ids of the revisions of other branches that `script` depends on."""
    return script._resolved_dependencies  # noqa: SLF001 - `dependencies` holds branch labels too


def reload(script: ScriptDirectory, choose: Choose) -> None:
    """Make a ScriptDirectory read its revision files again, and let `choose` select those that form the graph."""
    script.revision_map = RevisionMap(lambda: choose(list(_read_files(script))))


def set_choice(choose: Choose) -> None:
    """Let `choose` select the files that form the graph of every ScriptDirectory, unless `reload` sets another one."""
    ScriptDirectory._load_revisions = lambda self: iter(choose(list(_read_files(self))))  # type: ignore[method-assign]  # noqa: SLF001 - there is no public way to leave a file out


def set_version_locations(folders: Callable[[], Sequence[Path]]) -> None:
    """Let every ScriptDirectory without `version_locations` of its own find its revisions in `folders()`.

    Alembic asks before it runs env.py, so env.py is too late to say it.
    """
    standard = ScriptDirectory.__dict__["_version_locations"].fget

    def version_locations(self: ScriptDirectory) -> Sequence[Path]:
        return cast("Sequence[Path]", standard(self)) if self.version_locations else folders()

    wanted = memoized_property(version_locations)
    wanted.__name__ = "_version_locations"
    ScriptDirectory._version_locations = wanted  # type: ignore[method-assign]  # noqa: SLF001 - `version_locations` in alembic.ini is a fixed text


def is_type_bound(constraint: Constraint) -> bool:
    """Return True if a constraint comes with the type of a column, as the CHECK of an Enum does."""
    return bool(_is_type_bound(constraint))


def is_made_on(constraint: Constraint, dialect: Dialect) -> bool:
    """Return False for a constraint that comes with a type and is not made here: a native enum needs none."""
    rule = constraint._create_rule  # noqa: SLF001 - see above
    return rule is None or bool(rule(compiler_of(dialect)))


def compiler_of(dialect: Dialect) -> DDLCompiler:
    """Return the DDL compiler, which writes parts of statements that change a schema."""
    return dialect.ddl_compiler(dialect, None)  # type: ignore[arg-type]  # as Alembic does


def rendered_body(operations: ops.OpContainer, context: AutogenContext) -> str:
    """Return the Python code of operations, without Alembic's comments around it; add imports to `context.imports`."""
    lines = _render_cmd_body(operations, context).splitlines()
    code = "\n".join(line for line in lines if not line.startswith("# ###")).strip()
    return re.sub(r"(?m)^(with op\.batch_alter_table\([^,\n]+), schema=None\)", r"\1)", code)


def rendered_alteration(operation: ops.AlterColumnOp, context: AutogenContext) -> str:
    """Return the Python code of an ALTER COLUMN."""
    return _alter_column(context, operation)


def command_name(environment: EnvironmentContext) -> str:
    """Return the name of the raw Alembic command that runs (`upgrade`), or "" if none does."""
    options: object = environment.config.cmd_opts
    return str(options.cmd[0].__name__) if options is not None and hasattr(options, "cmd") else ""


def set_batch_hook(hear: Callable[[BatchOperationsImpl], None]) -> None:
    """Let `hear` look at every batch that makes a table anew, before Alembic looks for what the batch names."""
    flush = BatchOperationsImpl.flush

    def heard(batch: BatchOperationsImpl) -> None:
        if batch._should_recreate():  # noqa: SLF001 - Alembic asks a dialect about some batches only
            hear(batch)
        flush(batch)

    BatchOperationsImpl.flush = heard  # type: ignore[assignment,method-assign]  # there is no public way


class StatementHook(DefaultImpl):
    """Lets a dialect run each statement of an operation in its own way; stands before Alembic's class."""

    @abstractmethod
    def run_statement(self, construct: Executable | str, run: Callable[[], T]) -> T | None:
        """Run the statement `construct` by calling `run`."""

    def _exec(
        self,
        construct: Executable | str,
        execution_options: Mapping[str, object] | None = None,
        multiparams: Sequence[Mapping[str, object]] | None = None,
        params: Mapping[str, object] = MappingProxyType({}),
    ) -> CursorResult[Any] | None:
        run = partial(super()._exec, construct, execution_options, multiparams, params)
        return self.run_statement(construct, run)


class NoIdentities(DefaultImpl):
    """Lets a dialect know no IDENTITY; stands before Alembic's class."""

    def _compare_identity_default(self, *_identities: object) -> tuple[set[str], set[str], bool]:
        return set(), set(), False  # nothing to change
