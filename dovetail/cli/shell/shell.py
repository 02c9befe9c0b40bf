"""`manage.py shell`: try code with the models, a session and the settings at hand."""

import asyncio
import sys
from importlib.util import find_spec

import click
from sqlalchemy import select

from dovetail.cli.shell.console import Transactions, interact, interact_with_ipython, run_code
from dovetail.cli.state import State
from dovetail.plugin import Context


@click.command()
@click.option("--command", "-c", "code", help="Run this code and leave; `await` may stand anywhere in it.")
@click.option("--plain", is_flag=True, help="Use Python's own prompt even if IPython is installed.")
@click.pass_obj
def shell(state: State, *, code: str | None, plain: bool) -> int:
    """Start a Python prompt at which `await` may stand anywhere, with models, `session` and `settings` at hand.

    Each input is one transaction: committed if it succeeds, rolled back if it raises. Code may also be piped in.
    """
    if code is None and not sys.stdin.isatty():
        code = sys.stdin.read()
    with asyncio.Runner() as runner:
        opened = state.open()
        context = runner.run(opened.__aenter__())
        transactions = Transactions(runner, context.database.sessions())
        names = shell_namespace(context) | {"session": transactions.session}
        try:
            if code is not None:
                return run_code(code, names, transactions)
            banner = _banner(context, names)
            if plain or find_spec("IPython") is None:
                interact(banner, names, transactions)
            else:
                interact_with_ipython(banner, names, transactions)
            return 0
        finally:
            transactions.close()
            runner.run(opened.__aexit__(None, None, None))


def shell_namespace(context: Context) -> dict[str, object]:
    """Return what the shell knows by name: every model, and what one needs to work with them.

    Of two models with one name the second is found as `<plugin>_<name>`.
    """
    names: dict[str, object] = {
        "context": context,
        "database": context.database,
        "select": select,
        "settings": context.settings,
    }
    for plugin in context.plugins:
        for model in plugin.models:
            name = model.__name__
            names[name if name not in names else f"{plugin.name}_{name}"] = model
    return names


def _banner(context: Context, names: dict[str, object]) -> str:
    models = sorted(name for name, value in names.items() if isinstance(value, type))
    return "\n".join(
        [
            click.style(f"{context.settings.site_name} shell, Python {sys.version.partition(' ')[0]}", bold=True),
            f"Models: {', '.join(models) or 'none'}",
            f"At hand: {', '.join(sorted(set(names) - set(models)))}",
            "`await` may stand anywhere. Each input is one transaction: committed if it succeeds, rolled back if not.",
            "For example: (await session.scalars(select(" + (models[0] if models else "Model") + ").limit(5))).all()",
        ]
    )
