"""Declare the settings of the back office, read from the environment under `ADMIN_`."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from dovetail.errors import quoted_setting
from dovetail.settings import Names, Positive

HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")


def check_image_hosts(hosts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of hosts, with a port or without. Raise ValueError for anything else, such as an address."""
    wrong = next((host for host in hosts if not HOST.fullmatch(host)), None)
    if wrong is not None:
        raise ValueError(f"{quoted_setting(wrong)} is no name of a host, such as images.example.com, in small letters")
    return hosts


class AdminSettings(BaseModel):
    """The settings of the back office."""

    session_lifetime: Positive = 43_200  # seconds from logging in, whatever happens in between: a working day
    # Seconds after which a session is over that nobody uses. Use is written down every five minutes only.
    session_idle_seconds: Annotated[int, Field(ge=900)] = 3600
    secure_cookies: bool | None = None  # HTTPS only; None: in production, and wherever a request comes by HTTPS
    pool_share: Annotated[float, Field(gt=0, le=1)] = 0.5  # of the connections of a process; one at least
    statement_timeout: Annotated[float, Field(gt=0, le=3600)] = 10.0  # seconds
    import_rows: Positive = 10_000  # of one file that is imported
    presence: bool = True  # whether pages of an object tell who else has it open
    action_limit: Positive = 100_000  # objects that are acted on at once, where all that match are selected
    image_hosts: Annotated[Names, AfterValidator(check_image_hosts)] = ()  # whose images texts in Markdown may show
