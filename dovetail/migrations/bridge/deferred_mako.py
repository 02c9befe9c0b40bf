"""Import Alembic without pygments, which Mako would import if it is installed: half of the cost of the import.

Alembic writes its files with Mako, whose module of exceptions imports pygments for pages that show errors in HTML.
The module is loaded when something of it is used. (https://docs.python.org/3/library/importlib.html#importlib.util.LazyLoader)

Import this module before Alembic.
"""

import importlib
import importlib.util
import sys
from types import ModuleType


def _load_when_used(package: ModuleType, name: str) -> None:
    full_name = f"{package.__name__}.{name}"
    spec = importlib.util.find_spec(full_name)
    if full_name in sys.modules or spec is None or spec.loader is None:
        return
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[full_name] = module
    setattr(package, name, module)  # otherwise an import from the package would access the module, which loads it
    spec.loader.exec_module(module)


_load_when_used(importlib.import_module("mako"), "exceptions")
