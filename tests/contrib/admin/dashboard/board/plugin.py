"""A plugin that brings widgets of every kind, some of which are slow or broken."""

from dovetail.plugin import Plugin, lazy

plugin = Plugin(
    name="board",
    depends_on=("blog", "comments"),
    extensions={
        "admin.dashboard": lazy(
            *(
                f"tests.contrib.admin.dashboard.board.widgets:{name}"
                for name in ("LATEST", "MINE", "BY_STATUS", "TENS", "MAILS", "SECRETS", "SLOW", "BROKEN", "ODD", "TORN")
            )
        )
    },
)
