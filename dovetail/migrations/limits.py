"""Numbers and names that several modules agree on."""

LOCK_TIMEOUT = 5.0  # seconds a migration waits for a lock, in short tries
BATCH_PREFIX = "_alembic_tmp_"  # what Alembic calls a table while it takes the place of another
