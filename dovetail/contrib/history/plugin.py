"""The table of contents of the history."""

from dovetail.contrib.history.settings import HistorySettings
from dovetail.plugin import AfterMigrate, Command, Plugin, deferred, lazy

plugin = Plugin(
    name="history",
    depends_on=("auth",),
    settings=HistorySettings,
    models=lazy("dovetail.contrib.history.models:RecordedChange", "dovetail.contrib.history.models:LogStart"),
    internal_models=("LogStart",),
    policies=lazy(RecordedChange="dovetail.contrib.history.policies:CHANGES"),
    routers=lazy(history="dovetail.contrib.history.api:router"),
    admin_views=lazy(
        "dovetail.contrib.history.admin.views:RecordedChangeAdmin",
        "dovetail.contrib.history.admin.trash:TrashPage",
        "dovetail.contrib.history.admin.undo_page:UndoPage",
    ),
    commands=(
        Command(
            name="history",
            help="List what was changed last, or archive old lines.",
            run="dovetail.contrib.history.commands:history",
        ),
    ),
    extensions={
        "auth.expired": lazy("dovetail.contrib.history.keeping.old_lines:EXPIRED"),
        "admin.object_pages": lazy("dovetail.contrib.history.admin.views:HISTORY"),
        "admin.last_change": lazy("dovetail.contrib.history.admin.last_change:find_last_change"),
        "admin.message_notes": lazy("dovetail.contrib.history.admin.undo_page:attach_undo"),
        "admin.dashboard": lazy("dovetail.contrib.history.admin.recent:RECENT_CHANGES"),
    },
    after_migrate=AfterMigrate(
        is_due=deferred("dovetail.contrib.history.log_start:is_due"),
        run=deferred("dovetail.contrib.history.keeping.log_names:begin_log"),
    ),
    change_log=deferred("dovetail.contrib.history.recording.log:make_log"),
)
