"""The tutorial of Django as a plugin."""

from dovetail.plugin import Plugin, lazy

plugin = Plugin(
    name="polls",
    depends_on=("auth",),
    models=lazy("tests.contrib.admin.polls.models:Question", "tests.contrib.admin.polls.models:Choice"),
    admin_views=lazy("tests.contrib.admin.polls.admin:QuestionAdmin"),
)
