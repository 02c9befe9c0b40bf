"""Declare the settings of files, read from the environment under `MEDIA_`."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from dovetail.settings import Positive


class MediaSettings(BaseModel):
    """The settings of files."""

    root: Path = Path("var/media")  # the folder of the files, which all machines of a site share; below the site's own
    max_pixels: Positive = 40_000_000  # width times height of an image: each takes four bytes while it is looked at
    keep_days: Annotated[int, Field(ge=1)] = 30  # for which a file stays that no row refers to: a change may be undone
