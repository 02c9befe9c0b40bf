"""A policy that cannot decide for a view is refused, and a model without one is named."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import pytest
from starlette.requests import Request

from dovetail.contrib.admin.checks.policy_checks import check_policies, find_unfit_policies
from dovetail.contrib.admin.views import ModelAdmin, action
from dovetail.plugin import Context, Plugin
from dovetail.resources.policies.registered import load_policies
from dovetail.resources.policy import Open, Policy
from tests.contrib.admin.cabinet.models import Folder, Paper
from tests.contrib.admin.cabinet.policies import FOLDERS, PAPERS


class Robot:
    """Somebody who is no user."""


class RobotPolicy(Policy[Paper, Robot]):
    writer: ClassVar[object] = Annotated[Robot, "of a token"]


class PaperAdmin(ModelAdmin, model=Paper):
    list_display = ("title",)
    fields = ("title",)


class PaperDesk(PaperAdmin, model=Paper):
    @action("stamp", "Stamp", rule="stamp")
    async def stamp(self, request: Request, papers: Sequence[Any]) -> None: ...

    @action("burn", "Burn", rule="burn")
    async def burn(self, request: Request, papers: Sequence[Any]) -> None: ...


class FolderAdmin(ModelAdmin, model=Folder):
    list_display = ("name",)
    fields = ("name",)


def plugin(**policies: Policy) -> Plugin:
    return Plugin(
        name="cabinet", models=(Paper, Folder), policies=policies, admin_views=(PaperAdmin, PaperDesk, FolderAdmin)
    )


@pytest.mark.parametrize(
    ("policies", "view", "said"),
    [
        ({"Paper": PAPERS}, PaperAdmin, []),
        ({"Paper": Open()}, PaperAdmin, []),
        ({}, PaperAdmin, []),
        ({"Paper": RobotPolicy()}, PaperAdmin, ["PaperAdmin: the policy of Paper, a RobotPolicy, decides for others"]),
        ({"Paper": PAPERS}, PaperDesk, ["PaperDesk: 'action:burn' follows the rule 'burn', which PaperPolicy.where"]),
        ({}, PaperDesk, ["PaperDesk: 'action:burn' follows the rule", "PaperDesk: 'action:stamp' follows the rule"]),
    ],
)
def test_a_policy_that_cannot_decide_for_a_view_is_refused(policies, view, said):
    found = list(find_unfit_policies(view, load_policies([plugin(**policies)])))
    assert len(found) == len(said)
    assert all(one.startswith(words) for one, words in zip(found, said, strict=True))


def test_a_view_of_an_internal_model_takes_a_policy_for_there_is_no_permission_to_ask_for():
    internal = Plugin(name="cabinet", models=(Paper, Folder), internal_models=("Paper",))
    try:
        (found,) = find_unfit_policies(PaperAdmin, load_policies([internal]))
        with_policy = Plugin(
            name="cabinet", models=(Paper, Folder), internal_models=("Paper",), policies={Paper: PAPERS}
        )
        assert list(find_unfit_policies(PaperAdmin, load_policies([with_policy]))) == []
    finally:
        load_policies([plugin()])
    assert found.startswith("PaperAdmin: Paper is internal, so there is no permission to ask for: register a policy")


def test_each_model_without_a_policy_is_named_once(make_settings):
    context = Context(
        settings=make_settings(),
        database=None,  # type: ignore[arg-type]  # no database is asked
        plugins=[plugin(Folder=FOLDERS)],
        plugin_settings={},
    )
    (found,) = check_policies(context)
    assert found.id == "admin.W007"
    assert "no policy is registered for Paper" in found.message
