"""Import email-validator so that it compiles its expressions when the first address is checked.

FastAPI imports it to know whether it is there. To compile what it looks for takes a fortieth of a start, and of
`check`, neither of which checks an address. Python's own LazyLoader does not do: a second import loads the module.
(https://docs.python.org/3/library/importlib.html#importlib.util.LazyLoader)

Import this module before FastAPI.
"""

import importlib.util
import sys
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from threading import RLock
from types import ModuleType

NAME = "email_validator"


class DeferredModule(ModuleType):
    """A module that runs when somebody first looks for a name in it."""

    def __init__(self, spec: ModuleSpec, loader: Loader) -> None:
        super().__init__(spec.name)
        self.__spec__, self.__loader__, self.__file__ = spec, loader, spec.origin
        self.__package__, self.__path__ = spec.name, list(spec.submodule_search_locations or ())
        self.__dict__.update(_turn=RLock(), _run=loader.exec_module)

    def __getattr__(self, name: str) -> object:
        """Run the module if nobody has, and return what it calls `name`. Raise AttributeError if it has none."""
        names = self.__dict__
        with names["_turn"]:  # if another thread runs it, its names are there when it is done
            if run := names.pop("_run", None):  # before it runs, for it looks at itself too
                run(self)
        if name in names:
            return names[name]
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


def _defer(name: str) -> None:
    spec = None if name in sys.modules else importlib.util.find_spec(name)
    if spec is not None and spec.loader is not None:
        sys.modules[name] = DeferredModule(spec, spec.loader)


_defer(NAME)
