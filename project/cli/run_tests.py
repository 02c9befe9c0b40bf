"""`manage.py test`: run the tests."""

import subprocess
import sys
from importlib.util import find_spec

import click


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def test(*, arguments: tuple[str, ...]) -> int:
    """Run pytest on the site; every argument goes to pytest, e.g. `manage.py test plugins/blog -k tags`."""
    if find_spec("pytest") is None:
        raise click.ClickException("pytest is not installed; run `make install`")
    # In a process of its own: pytest counts on importing everything itself.
    return subprocess.call([sys.executable, "-m", "pytest", *arguments])  # noqa: S603 - no shell
