"""Judge a mutant in a process that imports the site anew: what runs on import, and what survived in a copy."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import pytest

from tests.mutants.choice import Choice
from tests.mutants.host import Limits, verdict_of
from tests.mutants.in_commands import hand_on
from tests.mutants.loading import Mutated
from tests.mutants.modules import COMMANDS
from tests.mutants.mutations import Mutant
from tests.mutants.processes import BROKEN, FAILED, OPTIONS, PASSED, leave, run_forked, run_tests
from tests.mutants.record import Verdict
from tests.mutants.template import use_template


class UnfitTestsError(Exception):
    """No test that is named imports the module."""


def judge_fresh(path: str, mutant: Mutant, choice: Choice, limits: Limits, scratch: Path) -> Verdict:
    """Return what becomes of a mutant; the template lies in `scratch`.

    Raise UnfitTestsError if no test imports the module.
    """
    names = choice.by_line(mutant.line) if choice.is_in_function(mutant.line) else []
    # Behind those that run the line, all: what is made once is made for the first test that needs it.
    names = [name for name in dict.fromkeys([*names, *choice.of_module()]) if limits.match in name]
    names = choice.within(names, limits.a_mutant)
    files = sorted({name.partition("::")[0] for name in names})
    mutated = Mutated(path, mutant.source)

    def import_and_run() -> NoReturn:
        sys.meta_path.insert(0, mutated)
        with suppress(Exception):  # a mutant may raise anything
            pytest.main([*OPTIONS, *files], plugins=[_Runner(mutated, names, choice, scratch)])
        leave(FAILED)  # it could not be imported

    code, killer = run_forked(scratch / "mutant", import_and_run)
    if code == BROKEN:
        raise UnfitTestsError(
            f"{path}:{mutant.line}: no test imports the module, or none can be run; name others in modules.py"
        )
    if code == FAILED and killer:
        choice.note_killer(killer)
    return verdict_of(path, mutant, code, killer, len(names))


class _Runner:
    """A plugin for pytest: it runs some tests over a mutant that was imported."""

    def __init__(self, mutated: Mutated, names: Sequence[str], choice: Choice, scratch: Path) -> None:
        self._mutated, self._names, self._choice, self._scratch = mutated, names, choice, scratch

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> NoReturn:
        """Run the tests until one fails."""
        try:
            use_template(session, self._scratch)
            hand_on(self._mutated.path, self._mutated.text, Path(os.environ["TMPDIR"]))
            run_tests(session, self._names, self._choice.seconds)
        except Exception:  # noqa: BLE001 - it is ours, and no test's: whatever it is, nothing was found out
            leave(BROKEN)
        loaded = getattr(sys.modules.get(self._mutated.name), "__loader__", None) is self._mutated
        leave(PASSED if loaded or self._mutated.path in COMMANDS else BROKEN)
