"""What to do about an error that was raised while a plugin was imported: hints for mistakes that are often made."""

import inspect
import pkgutil
import re
import sys
import traceback
from collections.abc import Iterable
from difflib import get_close_matches

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


def first_sentence(text: str) -> str:
    """Return the first sentence of SQLAlchemy's texts, which are two spaces apart, or of FastAPI's."""
    return text.partition(".  ")[0].partition(". If you are using")[0]


def hint_for(error: BaseException) -> str:
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
