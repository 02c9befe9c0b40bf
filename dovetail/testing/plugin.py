"""The pytest plugin of sites and plugins: it loads the fixtures where `dovetail_settings` names a Settings class.

pytest finds it by its entry point wherever Dovetail is installed, so in a run that is about something else it imports
nothing more and starts nothing. See docs/testing.md.
"""

from collections.abc import Iterator
from importlib.util import find_spec
from pkgutil import resolve_name

import pytest

from dovetail.settings import Settings

OPTION = "dovetail_settings"
FIXTURES = ("dovetail.testing.fixtures", "dovetail.testing.browser")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option of pyproject.toml that says where the settings are."""
    parser.addini(OPTION, 'The Settings class of the site under test, as "config.settings:Settings".', default="")


@pytest.hookimpl(tryfirst=True)  # before a conftest imports what pytest is to rewrite
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Load Dovetail's fixtures, and those of each plugin of the site that has a module `testing`.

    Raises pytest.UsageError for settings that cannot be imported, and for fixtures that cannot.
    """
    if not early_config.getini(OPTION):
        return
    try:
        for name in (*FIXTURES, *_fixtures_of_plugins(named_settings(early_config))):
            early_config.pluginmanager.import_plugin(name)
    except ImportError as error:
        raise pytest.UsageError(f"{error}; the fixtures of Dovetail need: pip install 'dovetail[test]'") from error


def named_settings(config: pytest.Config) -> type[Settings]:
    """Return the Settings class that `dovetail_settings` names. Raises pytest.UsageError if there is none."""
    name = str(config.getini(OPTION))
    try:
        found = resolve_name(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise pytest.UsageError(f"{OPTION} is {name!r}, which cannot be imported: {error}") from error
    if not (isinstance(found, type) and issubclass(found, Settings)):
        raise pytest.UsageError(f"{OPTION} is {name!r}, expected a subclass of dovetail.settings.Settings")
    return found


def _fixtures_of_plugins(settings_class: type[Settings]) -> Iterator[str]:
    # The default, not a whole object: what is wrong with the environment, or with a plugin, is for the tests to say.
    packages: tuple[str, ...] = settings_class.model_fields["plugins"].get_default(call_default_factory=True) or ()
    for package in packages:
        try:
            found = find_spec(f"{package}.testing")
        except ModuleNotFoundError:
            continue
        if found is not None:
            yield f"{package}.testing"
