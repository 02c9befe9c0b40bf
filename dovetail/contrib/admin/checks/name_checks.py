"""Find unknown options and hooks of views, and name the option to use instead."""

from collections.abc import Iterator
from difflib import get_close_matches
from inspect import get_annotations, isroutine

from dovetail.contrib.admin.options.names import INSTEAD, RENAMED
from dovetail.contrib.admin.views import ModelAdmin

CLOSE = 0.85  # how much a method of the author's own may resemble one of ours


def find_unknown_names(view: type[ModelAdmin]) -> Iterator[str]:
    """Find attributes of a view, or of its base classes, with a name that nothing in the back office uses."""
    known = _known()
    for cls in view.__mro__:
        if cls in ModelAdmin.__mro__:
            continue
        for name, value in vars(cls).items():
            if not name.startswith("_") and name not in known and not name.isupper():
                yield from _refuse(name, value, known)


def _known() -> set[str]:
    own = {name for cls in ModelAdmin.__mro__ for name in (*vars(cls), *get_annotations(cls))}
    return {name for name in own if name not in RENAMED and name not in INSTEAD}


def _refuse(name: str, value: object, known: set[str]) -> Iterator[str]:
    if name in RENAMED:
        yield f"{name} is what SQLAdmin calls it; write {RENAMED[name]}"
        return
    if name in INSTEAD:
        yield f"{name} is no option here; write {INSTEAD[name]}"
        return
    is_option = not (isroutine(value) or isinstance(value, type | property) or hasattr(value, "__get__"))
    near = get_close_matches(name, known, n=1, cutoff=0.6 if is_option else CLOSE)
    if near:
        yield f"{name} is no option of a view; did you mean {near[0]!r}? If it is your own, begin it with an underscore"
    elif is_option:
        yield f"{name} is no option of a view; if it is your own, begin it with an underscore"
