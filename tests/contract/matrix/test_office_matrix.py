"""Role x model x action x page of the back office: each opens for the rows that the rule and the permission allow."""

from itertools import product

from httpx import AsyncClient
from sqlalchemy import inspect

from dovetail.contrib.admin.view_base import PERMISSIONS
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.declared import model_permission
from dovetail.contrib.auth.rules.model_policies import ModelPolicy
from tests.contract.matrix.conftest import Matrix
from tests.contract.matrix.office_doors import OfficeDoor, office_doors
from tests.contract.matrix.roles import Role

# Views that let one do less than the rules say, and why.
NARROWER = {
    "auth.user": "nobody manages somebody who may do more",
    "auth.group": "nobody gives what they lack",
    "auth.outgoingmail": "it is sent meanwhile",
}


async def test_every_page_of_the_back_office_opens_for_the_rows_that_the_rule_and_the_permission_allow(
    matrix: Matrix,
) -> None:
    by_model = {one.model: one for one in matrix.models}
    differences = []
    async with matrix.database.unit_of_work(read_only=True) as session:
        for view in matrix.views:
            model_policy = by_model.get(view.model)
            if model_policy is None:
                continue
            asked = await matrix.rows(session, model_policy)
            for role, door in product(matrix.roles.asking(model_policy), office_doors(matrix.office_routes)):
                if not door.is_offered(view):
                    continue
                truth = await matrix.truth(session, model_policy, role, door.action)
                wanted = truth.intersection(asked) if _is_let_in(role, door, model_policy) else frozenset[int]()
                url = f"/admin/{view.identity}"
                found = (await door.opens_for(matrix.office_clients[role.key], url, asked)).intersection(asked)
                is_narrower = model_policy.label in NARROWER and (door.action != "view" or not role.is_superuser)
                is_right = found <= wanted if is_narrower else found == wanted
                if not is_right:
                    more, less = sorted(found - wanted), sorted(wanted - found)
                    differences.append(f"{view.identity} {door.page} {role.name}: more {more}, less {less}")
            for role, relation in product(matrix.roles.asking(model_policy), view.autocomplete_fields):
                target = by_model.get(inspect(view.model).relationships[relation].mapper.class_)
                if target is not None:
                    found = await _looked_up(matrix.office_clients[role.key], view, relation)
                    truth = await matrix.truth(session, target, role, "view")
                    more = sorted(found - truth - ({role.key} if target.model is User else set()))
                    lacks = role.is_superuser and truth and not found
                    if more or lacks:
                        differences.append(f"{view.identity} lookup of {relation} {role.name}: more {more}")
    assert not differences, "\n".join(differences)


async def _looked_up(client: AsyncClient, view: type[ModelAdmin], relation: str) -> frozenset[int]:
    """Return the keys that a lookup offers: the first ones, for nothing was typed."""
    answer = await client.get(f"/admin/{view.identity}/lookup/?name={relation}&term=")
    assert answer.status_code in (200, 303, 400, 403, 404), answer.text
    return frozenset(int(one["id"]) for one in answer.json()["results"]) if answer.status_code == 200 else frozenset()


def _is_let_in(role: Role, door: OfficeDoor, model_policy: ModelPolicy) -> bool:
    """Return True if somebody may enter a page of a view at all."""
    needed = {
        model_permission(model_policy.plugin, verb, model_policy.model.__name__)
        for verb in PERMISSIONS[door.permission]
    }
    return role.is_superuser or (role.is_staff and bool(needed & role.permissions))
