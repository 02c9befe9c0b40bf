"""Limits to what a connection may ask of the server before an application sees anything of it."""

from dataclasses import dataclass

from dovetail.settings import Settings


@dataclass(frozen=True)
class Limits:
    """The limits of one server; seconds are those of a clock that nobody sets."""

    head_bytes: int = 65_536  # request line and headers together
    headers: int = 100
    pipelined: int = 100  # requests that wait behind the one that is being answered
    head_seconds: float = Settings.model_fields["request_head_timeout"].default
    body_seconds: float = Settings.model_fields["request_body_timeout"].default
    body_rate: int = 16_384  # bytes; each so many that came are a second more for the rest of the body
    is_patient: bool = True  # whether a server that is told to stop waits for the next request of an open connection

    @property
    def period(self) -> float:
        """Seconds between two looks at a connection."""
        return min(1.0, self.head_seconds / 4, self.body_seconds / 4)

    @classmethod
    def from_settings(cls, settings: Settings) -> "Limits":
        """Return the limits that a site's settings ask for; a developer's server stops at once."""
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
