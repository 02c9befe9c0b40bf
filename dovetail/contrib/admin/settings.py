"""Settings of the back office, read from the environment with the prefix `ADMIN_`."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from dovetail.errors import quoted_setting
from dovetail.settings import Names, Positive

HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")


def check_image_hosts(hosts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of hosts, with or without a port. Raise ValueError for anything else, such as a URL."""
    wrong = next((host for host in hosts if not HOST.fullmatch(host)), None)
    if wrong is not None:
        raise ValueError(f"{quoted_setting(wrong)} is no name of a host, such as images.example.com, in small letters")
    return hosts


class AdminSettings(BaseModel):
    """The settings of the back office."""

    session_lifetime: Positive = 43_200  # seconds from login until a session ends, in any case: a working day
    # Seconds after which an unused session ends. Use is recorded every five minutes only.
    session_idle_seconds: Annotated[int, Field(ge=900)] = 3600
    secure_cookies: bool | None = None  # HTTPS only; None: in production, and for requests by HTTPS
    pool_share: Annotated[float, Field(gt=0, le=1)] = 0.5  # share of the connections of a process; at least one
    statement_timeout: Annotated[float, Field(gt=0, le=3600)] = 10.0  # seconds
    import_rows: Positive = 10_000  # maximum rows of an imported file
    presence: bool = True  # whether pages of an object show who else has it open
    action_limit: Positive = 100_000  # maximum objects of an action on all matching rows
    image_hosts: Annotated[Names, AfterValidator(check_image_hosts)] = ()  # allowed for images in Markdown
