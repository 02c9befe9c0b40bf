"""The settings of the history, read from the environment under `HISTORY_`."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from dovetail.settings import Names


class HistorySettings(BaseModel):
    """Settings of contrib/history: `HISTORY_DAYS=90`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: Annotated[int, Field(ge=1, le=36_600)] = 365  # that a line is kept; `purge-expired` removes older ones
    undo_days: Annotated[int, Field(ge=0, le=36_600)] = 30  # for which a change can be undone; 0 for never
    ignore: Names = ()  # models whose changes are not written down: `HISTORY_IGNORE=blog.tag,comments.comment`
