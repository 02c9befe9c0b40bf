"""PostgreSQL schemas, which migrations create before the first table in them and drop after the last.

A comment marks a schema created by a migration: others are never dropped, nor is one that still contains something.
"""

import re
from collections.abc import Callable, Iterable

Quote = Callable[[str], str]
_MARK = "Made by a migration of Dovetail"
_MAKE = """\
DO $$ BEGIN IF to_regnamespace(NAME) IS NULL THEN CREATE SCHEMA QUOTED; \
COMMENT ON SCHEMA QUOTED IS 'MARK'; END IF; END $$"""
_DROP = """\
DO $$ BEGIN IF obj_description(to_regnamespace(NAME), 'pg_namespace') = 'MARK' \
AND NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace(NAME)) \
AND NOT EXISTS (SELECT FROM pg_type WHERE typnamespace = to_regnamespace(NAME)) \
AND NOT EXISTS (SELECT FROM pg_proc WHERE pronamespace = to_regnamespace(NAME)) \
THEN DROP SCHEMA QUOTED; END IF; END $$"""
_IN_FILE = re.compile(r"""\bschema\s*=\s*(?:"([^"]+)"|'([^']+)')""")


def named_in(source: str) -> set[str]:
    """Return the schemas that the source of a migration names."""
    return {schema for names in _IN_FILE.findall(source) for schema in names if schema}


def making(schema: str, quote: Quote) -> str:
    """Return the statement that makes a schema if it is not there."""
    return _filled(_MAKE, schema, quote)


def dropping(schemas: Iterable[str], quote: Quote) -> Iterable[str]:
    """Return the statements that drop those of the schemas that `making` made, and that are empty."""
    return [_filled(_DROP, schema, quote) for schema in sorted(schemas)]


def _filled(block: str, schema: str, quote: Quote) -> str:
    quoted = quote(schema)
    name = "'" + quoted.replace("'", "''") + "'"
    return block.replace("QUOTED", quoted).replace("NAME", name).replace("MARK", _MARK)
