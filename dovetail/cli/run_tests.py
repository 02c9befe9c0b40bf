"""`manage.py test`: run the tests."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from dovetail.cli.state import State


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def test(state: State, /, arguments: tuple[str, ...]) -> int:
    """Run pytest on the site; every argument goes to pytest, e.g. `manage.py test plugins/blog -k tags`.

    Tests of a plugin that lies elsewhere have the site's fixtures too.
    """
    if find_spec("pytest") is None:
        raise click.ClickException("pytest is not installed; run `make install`")
    # In a process of its own: pytest counts on importing everything itself.
    return subprocess.call([sys.executable, "-m", "pytest", *_configuration(state), *arguments])  # noqa: S603 - no shell


def _configuration(state: State) -> list[str]:
    """Pytest would look for a configuration beside the tests it is given, and not find ours."""
    # Not from the settings themselves: what is wrong with them is for the tests to say.
    path = Path(state.settings_class.model_fields["base_dir"].default) / "pyproject.toml"
    return ["-c", str(path)] if path.is_file() else []
