"""Rename the constraints, indexes and sequences with a table's name when PostgreSQL renames the table."""

import re

# Foreign keys of other tables end with the name of the table they refer to; see NAMING_CONVENTION.
_BLOCK = """\
DO $$ DECLARE item record; BEGIN
FOR item IN SELECT conrelid::regclass AS relation, conname AS name FROM pg_constraint
  WHERE conrelid = 'TARGET'::regclass AND conname ~ '^(ck|fk|pk|uq)_OLD(_|$)'
  LOOP EXECUTE 'ALTER TABLE ' || item.relation || ' RENAME CONSTRAINT ' || quote_ident(item.name) || ' TO '
  || quote_ident(regexp_replace(item.name, '^(..)_OLD', '\\1_NEW')); END LOOP; \
FOR item IN SELECT conrelid::regclass AS relation, conname AS name FROM pg_constraint
  WHERE confrelid = 'TARGET'::regclass AND conname ~ '^fk_.*_OLD$'
  LOOP EXECUTE 'ALTER TABLE ' || item.relation || ' RENAME CONSTRAINT ' || quote_ident(item.name) || ' TO '
  || quote_ident(regexp_replace(item.name, '_OLD$', '_NEW')); END LOOP; \
FOR item IN SELECT relation.oid::regclass AS relation, relname AS name FROM pg_index
  JOIN pg_class AS relation ON relation.oid = indexrelid
  WHERE indrelid = 'TARGET'::regclass AND relname ~ '^(ix|uq)_OLD(_|$)'
  LOOP EXECUTE 'ALTER INDEX ' || item.relation || ' RENAME TO '
  || quote_ident(regexp_replace(item.name, '^(..)_OLD', '\\1_NEW')); END LOOP; \
FOR item IN SELECT relation.oid::regclass AS relation, relname AS name FROM pg_depend
  JOIN pg_class AS relation ON relation.oid = objid AND relkind = 'S'
  WHERE refobjid = 'TARGET'::regclass AND deptype IN ('a', 'i') AND relname ~ '^OLD_.*_seq$'
  LOOP EXECUTE 'ALTER SEQUENCE ' || item.relation || ' RENAME TO '
  || quote_ident(regexp_replace(item.name, '^OLD', 'NEW')); END LOOP; \
END $$"""


def renaming_block(old: str, new: str, schema: str | None = None) -> str:
    """Return the statement that renames the constraints, indexes and sequences named after a table just renamed.

    It is a DO block, which looks at the database while it runs, so that it can be written to a file as well. No line
    ends in a semicolon: programs that read such a file split it there.
    """
    quoted = ".".join('"' + part.replace('"', '""') + '"' for part in (schema, new) if part)
    parts = {"OLD": re.escape(old), "NEW": new.replace("\\", "\\\\"), "TARGET": quoted}
    return re.sub("OLD|NEW|TARGET", lambda found: parts[found[0]].replace("'", "''"), _BLOCK)
