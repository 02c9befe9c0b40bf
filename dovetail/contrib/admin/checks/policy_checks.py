"""Name the models that the back office shows and for which no policy is registered: they are closed."""

from collections.abc import Iterator

from dovetail.contrib.admin.views import ModelAdmin
from dovetail.plugin import CheckMessage, Context, warning


def check_policies(context: Context) -> Iterator[CheckMessage]:
    """Find models with views and without a policy, each once: all their rows are for staff with the permission."""
    named: set[type[object]] = set()
    for plugin in context.plugins:
        for view in plugin.admin_views:
            model: type[object] | None = getattr(view, "model", None) if issubclass(view, ModelAdmin) else None
            if model is None or model in named or context.policies.is_registered(model):
                continue
            named.add(model)
            yield warning(
                "admin.W007",
                f"{view.__name__}: no policy is registered for {model.__name__}: staff with its permission see and "
                "change all rows, nobody else any.",
                f"register one: Plugin(policies=lazy({model.__name__}='...:THE_POLICY'))",
            )
