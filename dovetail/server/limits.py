"""Limits to what a connection may ask of the server before an application sees anything of it."""

from dataclasses import dataclass

from dovetail.settings import Settings


@dataclass(frozen=True)
class Limits:
    """The limits of one server; seconds are measured by the monotonic clock."""

    head_bytes: int = 65_536  # request line and headers together
    headers: int = 100
    pipelined: int = 100  # requests that wait behind the one that is being answered
    head_seconds: float = Settings.model_fields["request_head_timeout"].default
    body_seconds: float = Settings.model_fields["request_body_timeout"].default
    body_rate: int = 16_384  # bytes a second: the time for a body grows by a second for each so many that came
    is_patient: bool = True  # whether a server that is told to stop waits for the next request of an open connection

    @property
    def period(self) -> float:
        """Seconds between two checks of a connection."""
        return min(1.0, self.head_seconds / 4, self.body_seconds / 4)

    @classmethod
    def from_settings(cls, settings: Settings) -> "Limits":
        """Return the limits that a site's settings ask for; in development the server stops at once."""
        return cls(
            head_seconds=settings.request_head_timeout,
            body_seconds=settings.request_body_timeout,
            is_patient=not settings.debug,
        )


def limits_of(app: object) -> Limits:
    """Return the limits of an ASGI application, as its settings have them; a server may have wrapped it (`.app`)."""
    while app is not None:
        settings = getattr(getattr(app, "state", None), "settings", None)
        if isinstance(settings, Settings):
            return Limits.from_settings(settings)
        app = getattr(app, "app", None)
    return Limits()
