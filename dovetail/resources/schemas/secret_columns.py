"""Decide which columns hold secrets: no schema is made of them, and no history writes them down."""

from sqlalchemy import Column

SECRET_WORDS = frozenset({"password", "passwd", "secret", "token", "hash", "credential", "private"})


def is_secret(column: Column[object]) -> bool:
    """Return whether a column holds a secret: it is marked, `info={"secret": True}`, or its name says so."""
    marked: object = column.info.get("secret")
    if marked is not None:
        return bool(marked)
    return not SECRET_WORDS.isdisjoint(column.name.lower().split("_")) and not column.foreign_keys
