"""The page that explains to superusers why a user may or may not do something, as `manage.py why` does."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from dovetail.contrib.admin.entry.access import allow
from dovetail.contrib.admin.permissions import rights_of, user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.rules.asking import PermissionQuestion, action_in_words, why
from dovetail.contrib.auth.rules.model_policies import find_model_policy, model_policies
from dovetail.contrib.auth.rules.paths import UnexplainableRuleError
from dovetail.contrib.auth.users import get_user_by_login, load_permissions
from dovetail.errors import InvalidInputError, NotFoundError, quoted
from dovetail.plugin import context_of
from dovetail.translation.texts import gettext

LONGEST = 200  # maximum characters of a field
FIELDS = ("user", "action", "model", "key")


async def show_why(site: SiteContext, request: Request) -> Response:
    """Show the form, and below it the explanation."""
    allow(user_of(request).is_superuser)
    models, name_of = model_policies(context_of(request_context().session)), rights_of(request).name_of
    given = {name: request.query_params.get(name, "").strip() for name in FIELDS}
    context: dict[str, object] = {
        "given": given,
        "models": sorted(((name_of(one.model), one.label) for one in models), key=lambda pair: pair[0].casefold()),
        "actions": {action: action_in_words(action) for one in models for action in one.actions},
        "title": gettext("Why may they?"),
        "subtitle": gettext("Permissions"),
    }
    status = HTTPStatus.OK
    if given["model"]:
        try:
            _check_lengths(given)
            user = await _user(given["user"])
            model_policy = find_model_policy(context_of(request_context().session), given["model"])
            asked = PermissionQuestion(
                user, given["action"], model_policy, given["key"].split(), name_of(model_policy.model)
            )
            context["code"] = model_policy.label
            context["lines"] = await why(request_context().session, asked)
        except (InvalidInputError, NotFoundError, UnexplainableRuleError) as error:
            context["error"], status = str(error), HTTPStatus.UNPROCESSABLE_ENTITY
    return await site.render(request, "sqladmin/why.html", context, status)


def _check_lengths(given: Mapping[str, str]) -> None:
    longest = max(map(len, given.values()))
    if longest > LONGEST:
        told = gettext("This has %(count)s characters, and may have %(longest)s at most.")
        raise InvalidInputError(told % {"count": longest, "longest": LONGEST})


async def _user(name: str) -> User | None:
    if not name:
        return None
    session = request_context().session
    user = await get_user_by_login(session, name)
    if user is None:
        raise NotFoundError(
            gettext("There is no user %(name)s; leave it empty for somebody unknown.") % {"name": quoted(name)}
        )
    await load_permissions(session, user)
    return user
