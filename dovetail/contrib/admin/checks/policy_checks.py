"""Find views whose policies cannot decide for them, and models without a registered policy."""

from collections.abc import Iterator

from sqladmin import BaseView

from dovetail.contrib.admin.checks.every_view import every_view
from dovetail.contrib.admin.rules.rules import knows
from dovetail.contrib.admin.view_base import followed_rules
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.contrib.auth.user_policies import decides_for_users
from dovetail.plugin import CheckMessage, Context, warning
from dovetail.resources.policies.registered import Policies, is_internal


def check_policies(context: Context) -> Iterator[CheckMessage]:
    """Find models with views and without a policy, each once: all their rows are for staff with the permission."""
    named: set[type[object]] = set()
    for view in every_view(context):
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


def find_unfit_policies(view: type[BaseView], policies: Policies) -> Iterator[str]:
    """Yield a sentence for a policy that decides for no users, and for each rule of an action that no policy knows."""
    model: type[object] | None = getattr(view, "model", None) if issubclass(view, ModelAdmin) else None
    if model is None:
        return
    policy, is_registered = policies.of(model), policies.is_registered(model)
    if is_internal(model) and not is_registered:
        yield (
            f"{view.__name__}: {model.__name__} is internal, so there is no permission to ask for: register a policy "
            "for it, or take it out of internal_models"
        )
    if is_registered and not decides_for_users(policy):
        yield (
            f"{view.__name__}: the policy of {model.__name__}, a {type(policy).__name__}, decides for others than "
            "users, and whoever enters the back office is a User; let its `writer` give one"
        )
    for one in followed_rules(view):
        if not (is_registered and knows(policy, one.rule)):
            yield (
                f"{view.__name__}: {one.action!r} follows the rule {one.rule!r}, which "
                f"{type(policy).__name__}.where allows nobody; name one that it knows"
            )
