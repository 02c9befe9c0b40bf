"""Leave a service alone for a while after it failed, so that not every request waits until it times out."""

from time import monotonic


class CircuitBreaker:
    """Lets calls pass until one fails, then none for `pause` seconds, and then one at a time until one succeeds."""

    def __init__(self, pause: float) -> None:
        self.pause = pause
        self._is_open = False
        self._next_try = 0.0

    def lets_pass(self) -> bool:
        """Return whether the service may be called now; `succeed` or `fail` must follow."""
        if not self._is_open:
            return True
        now = monotonic()
        if now < self._next_try:
            return False
        self._next_try = now + self.pause  # others do not wait for what may fail again
        return True

    def succeed(self) -> None:
        """Let all calls pass."""
        self._is_open = False

    def fail(self) -> None:
        """Let no call pass for `pause` seconds."""
        self._is_open, self._next_try = True, monotonic() + self.pause
