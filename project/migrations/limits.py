"""Numbers and names that several modules agree on."""

LOCK_TIMEOUT = 5.0  # seconds a statement waits for a lock; traffic queues behind it all the while
BATCH_PREFIX = "_alembic_tmp_"  # what Alembic calls a table while it takes the place of another
