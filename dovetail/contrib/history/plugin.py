"""The table of contents of the history."""

from dovetail.contrib.history.settings import HistorySettings
from dovetail.plugin import Plugin, deferred, lazy

plugin = Plugin(
    name="history",
    depends_on=("auth",),
    settings=HistorySettings,
    models=lazy("dovetail.contrib.history.models:RecordedChange"),
    change_log=deferred("dovetail.contrib.history.log:make_log"),
)
