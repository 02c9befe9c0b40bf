"""The models of a site with their policies, by the label that commands and pages use: `blog.post`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from dovetail.contrib.auth.permissions.declared import ACTIONS, EXTENSION_POINT
from dovetail.errors import NotFoundError, quoted
from dovetail.plugin import Context, Plugin
from dovetail.resources.policy import Policy
from dovetail.translation.texts import gettext


@dataclass(frozen=True)
class ModelPolicy:
    """A model and its policy; `actions` are the four standard ones and those its plugin has permissions for."""

    plugin: str
    model: type[object]
    policy: Policy
    actions: Sequence[str] = ACTIONS

    @property
    def label(self) -> str:
        """The name of the model: `blog.post`."""
        return f"{self.plugin}.{self.model.__name__.lower()}"

    @property
    def rule(self) -> str:
        """The name of the deciding function: `plugins.blog.policies.PostPolicy.where`."""
        cls = next(cls for cls in type(self.policy).__mro__ if "where" in vars(cls))
        return f"{cls.__module__}.{cls.__qualname__}.where"


def model_policies(context: Context) -> list[ModelPolicy]:
    """Return all models of the enabled plugins, in their order."""
    return [one for plugin in context.plugins for one in _of_plugin(context, plugin)]


def find_model_policy(context: Context, label: str) -> ModelPolicy:
    """Return the model with this label, in any case. Raise NotFoundError, which suggests a similar one."""
    known = {one.label: one for one in model_policies(context)}
    found = known.get(label.lower())
    if found is None:
        near = get_close_matches(label.lower(), known, n=1)
        raise NotFoundError(
            gettext("There is no model %(label)s; did you mean %(near)s?") % {"label": quoted(label), "near": near[0]}
            if near
            else gettext("There is no model %(label)s; expected one of %(known)s.")
            % {"label": quoted(label), "known": ", ".join(known)}
        )
    return found


def _of_plugin(context: Context, plugin: Plugin) -> Iterator[ModelPolicy]:
    custom = [str(codename) for codename, _ in plugin.extensions.get(EXTENSION_POINT, ())]
    for model in plugin.models:
        suffix = f"_{model.__name__.lower()}"
        own = [name.removesuffix(suffix) for name in custom if name.endswith(suffix)]
        yield ModelPolicy(plugin.name, model, context.policies.of(model), (*ACTIONS, *own))
