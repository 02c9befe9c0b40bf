"""What the back office reads from the environment under `ADMIN_`."""

from pydantic import BaseModel

from project.settings import Positive


class AdminSettings(BaseModel):
    """The settings of the back office."""

    session_lifetime: Positive = 43_200  # seconds from logging in, whatever happens in between: a working day
    secure_cookies: bool | None = None  # HTTPS only; None: in production
