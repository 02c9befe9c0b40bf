"""The settings of the history plugin, read from environment variables that begin with `HISTORY_`."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from dovetail.settings import Names


class HistorySettings(BaseModel):
    """Settings of contrib/history: `HISTORY_DAYS=90`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: Annotated[int, Field(ge=1, le=36_600)] = 365  # how long a line is kept; `purge-expired` deletes older ones
    undo_days: Annotated[int, Field(ge=0, le=36_600)] = 30  # how long a change can be undone; 0 turns undoing off
    ignore: Names = ()  # models that are not recorded: `HISTORY_IGNORE=blog.tag,comments.comment`
