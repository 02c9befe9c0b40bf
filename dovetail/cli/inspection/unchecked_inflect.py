"""Import inflect, by which sqlacodegen makes plurals, without having typeguard rewrite each of its functions.

The rewriting takes most of the CPU of `inspectdb`, and only changes the message for an argument that is no text. Import
this module before sqlacodegen.
"""

from contextlib import suppress


def _as_it_is(function: object) -> object:
    return function


with suppress(ModuleNotFoundError):  # an inflect that does without typeguard is for sqlacodegen to import
    import typeguard

    rewritten = typeguard.typechecked
    typeguard.typechecked = _as_it_is  # type: ignore[assignment]  # narrow: inflect calls it so
    try:
        import inflect  # noqa: F401 - from now on every module has this one
    finally:
        typeguard.typechecked = rewritten
