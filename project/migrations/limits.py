"""How long things may take."""

LOCK_TIMEOUT = 5.0  # seconds a statement waits for a lock; traffic queues behind it all the while
