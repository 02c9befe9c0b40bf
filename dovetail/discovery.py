"""Discover plugins: import those that the settings name. The error for an unknown name proposes the nearest one."""

import importlib
import importlib.util
import inspect
import pkgutil
import re
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from dovetail.errors import quoted
from dovetail.plugin import Plugin

# A plugin may also call sys.exit(), whose SystemExit no `except Exception` catches: a command would end as if all were
# well.
PLUGIN_FAILURES = (Exception, SystemExit)
NAMES_RESOLVER = "pkgutil.py"  # raises for a name in `lazy` that is wrong: no line of the plugin is to blame
# What SQLAlchemy and Python say, and what to do then.
KNOWN = {
    "most likely due to a circular import": "two modules import each other: import one in the function that uses it",
    "could not assemble any primary key": "derive the model from IdMixin, or give a column primary_key=True",
    "does not have a __table__ or __tablename__": "give it a __tablename__ that begins with the plugin's name and _",
    "can't be correctly interpreted for Annotated Declarative": "write it as Mapped[...], as in title: Mapped[str]",
    "Could not locate SQLAlchemy Core type": "name the column's type, as in mapped_column(JSON)",
    "Invalid args for response field": (
        "write SessionDep for the session, CurrentUser for who asks, and a Schema for what is taken and answered"
    ),
}
NOT_EXPORTED = re.compile(r"cannot import name '(\w+)' from '([\w.]+)'")
UNKNOWN_OPTION = re.compile(r"(\w+)\.__init__\(\) got an unexpected keyword argument '(\w+)'")


@dataclass(frozen=True, kw_only=True)
class InstalledPlugin:
    """A plugin and the package it came from (`plugins.blog`)."""

    plugin: Plugin
    package: str

    @property
    def path(self) -> Path:
        """Return the folder of the package."""
        return Path(str(importlib.import_module(self.package).__file__)).parent

    @property
    def migrations(self) -> Path:
        """Return the folder of the plugin's own history; it need not exist."""
        return self.path / "migrations"


def import_plugins(packages: Sequence[str], problems: list[str]) -> Iterator[InstalledPlugin]:
    """Import `<package>.plugin.plugin` of each package; add to `problems` a sentence for each that fails."""
    for package in dict.fromkeys(packages):
        if packages.count(package) > 1:
            problems.append(
                f"plugin {package!r} is named {packages.count(package)} times in the settings; name it once"
            )
        plugin = _import(package, packages, problems)
        if plugin is not None:
            yield InstalledPlugin(plugin=plugin, package=package)


def describe(error: BaseException, package: str) -> str:
    """Return one line that says what was raised, where in `package`, and what to do if that is known."""
    message = str(error).partition("\n")[0] or "no message"
    hint = _hint_for(error)
    if hint:  # it says in fewer words what the other sentences do
        message, hint = first_sentence(message), f"; {hint}"
    return f"{type(error).__name__}: {message}{_place(error, package)}{hint}"


def first_sentence(text: str) -> str:
    """Return the first sentence of SQLAlchemy's texts, which are two spaces apart, or of FastAPI's."""
    return text.partition(".  ")[0].partition(". If you are using")[0]


def failing_package(error: BaseException, packages: Iterable[str], package: str) -> str:
    """Return the package that was being imported when `error` was raised: one of `packages`, or else `package`.

    A plugin is not to blame for the mistakes of a plugin that it imports, nor for wrong calls of its functions.
    """
    files = [frame.filename for frame in traceback.extract_tb(error.__traceback__) if frame.name == "<module>"]
    if isinstance(error, SyntaxError) and error.filename:
        files.append(error.filename)
    for file in reversed(files):
        for other in sorted(packages, key=len, reverse=True):
            if _is_in(file, other):
                return other
    return package


def _place(error: BaseException, package: str) -> str:
    if isinstance(error, SyntaxError):  # says itself where it is
        return ""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "<frozen" not in frame.filename]
    own = [frame for frame in frames if _is_in(frame.filename, package)]
    frame = (own or frames)[-1]
    file = Path(frame.filename).name
    return "" if file == NAMES_RESOLVER else f" ({file}:{frame.lineno})"


def _is_in(file: str, package: str) -> bool:
    return f"/{package.replace('.', '/')}/" in Path(file).as_posix()


def _import(package: str, packages: Sequence[str], problems: list[str]) -> Plugin | None:
    module = f"{package}.plugin"
    if not all(part.isidentifier() for part in package.split(".")):
        problems.append(f"plugin {quoted(package)}: expected the path of a package, such as 'plugins.blog'")
    elif not _exists(module):
        near = get_close_matches(package, _installed(packages), n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else "is its package installed?"
        problems.append(f"plugin {package!r}: there is no module {module}; {hint}")
    else:
        return _read(package, module, packages, problems)
    return None


def _read(package: str, module: str, packages: Sequence[str], problems: list[str]) -> Plugin | None:
    try:
        plugin = getattr(importlib.import_module(module), "plugin", None)
    except PLUGIN_FAILURES as error:
        guilty = failing_package(error, packages, package)
        problem = f"plugin {guilty!r} raised on import: {describe(error, guilty)}"
        problems += [problem] if problem not in problems else []
        return None
    if isinstance(plugin, Plugin):
        return plugin
    found = "nothing" if plugin is None else f"a {type(plugin).__name__}"
    problems.append(f"plugin {package!r}: {module} has {found} named `plugin`, expected a Plugin")
    return None


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError as error:
        # A parent package may miss a module of its own: importing it will say so.
        return f"{module}.".find(f"{error.name}.") != 0
    except PLUGIN_FAILURES:  # a parent package raised: importing it will say so
        return True


def _installed(enabled: Sequence[str]) -> list[str]:
    """Return the packages that have a `plugin.py`: those that are not enabled yet, or all if there is no such."""
    found = {name for name, path in _packages() if (path / "plugin.py").exists()}
    return sorted(found - set(enabled)) or sorted(found)


def _packages() -> Iterator[tuple[str, Path]]:
    for parent in ("", "plugins", "dovetail.contrib"):
        if parent and not _exists(parent):
            continue
        path = importlib.import_module(parent).__path__ if parent else None
        for module in pkgutil.iter_modules(path):
            folder = getattr(module.module_finder, "path", None)
            if module.ispkg and folder is not None:
                yield f"{parent}.{module.name}".lstrip("."), Path(folder) / module.name


def _hint_for(error: BaseException) -> str:
    """Return what to do about an error, or an empty text."""
    text = str(error)
    for part, hint in KNOWN.items():
        if part in text:
            return hint
    name, known = _wanted(error, text)
    near = get_close_matches(name, [one for one in known if not one.startswith("_")], n=1)
    return f"did you mean {near[0]!r}?" if near else ""


def _wanted(error: BaseException, text: str) -> tuple[str, Iterable[str]]:
    """Return the name that was not found, and those that there are."""
    if isinstance(error, AttributeError) and error.name and error.obj is not None:
        return error.name, dir(error.obj)
    if isinstance(error, ModuleNotFoundError) and error.name:
        parent, _, name = error.name.rpartition(".")
        folders = getattr(sys.modules.get(parent), "__path__", None)
        return name, [module.name for module in pkgutil.iter_modules(folders)] if folders is not None else ()
    if found := NOT_EXPORTED.search(text):
        return found[1], dir(sys.modules.get(found[2]))
    if isinstance(error, TypeError) and (found := UNKNOWN_OPTION.search(text)):
        return found[2], _options(error, found[1])
    return "", ()


def _options(error: BaseException, name: str) -> Iterable[str]:
    """Return the options of the class that was called by this name where the error was raised."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    called = frames[-1].f_globals.get(name) if frames else None
    return inspect.signature(called).parameters if isinstance(called, type) else ()
