"""Role x model x action x door of REST, on both roads: each opens for the rows that the declared rule names."""

from itertools import product

from sqlalchemy import ColumnElement, inspect, select

from tests.contract.matrix.conftest import Matrix
from tests.contract.matrix.rest_doors import RestDoor, rest_doors

# What a path names beside the key of a row; a list of part of the rows shows no more than the rule names.
PARAMETERS = {"name": [f"tag {number}" for number in range(1, 7)], "post_id": range(1, 7)}


async def test_every_door_of_rest_opens_for_the_rows_that_the_rule_names(matrix: Matrix) -> None:
    by_model = {one.model: one for one in matrix.models}
    doors = [door for door in rest_doors(matrix.app) if door.spec.model in by_model]
    assert len({door.spec.model for door in doors}) > 3
    differences = []
    async with matrix.database.unit_of_work(read_only=True) as session:
        rows = {one.label: await matrix.rows(session, one) for one in matrix.models}
        truths = {
            (one.label, role.name, action): await matrix.truth(session, one, role, action)
            for one, action in product(matrix.models, ("view", "change", "delete"))
            for role in matrix.roles.asking(one)
        }
    for door in doors:
        model_policy = by_model[door.spec.model]
        for role, path in product(matrix.roles.asking(model_policy), _addresses(door)):
            asked = rows[model_policy.label]
            found = (await door.opens_for(matrix.clients[role.key], path, asked)).intersection(asked)
            wanted = truths[model_policy.label, role.name, door.action].intersection(asked)
            if not (found == wanted if path == door.path else found <= wanted):
                differences.append((path, door.action, role.name, sorted(found - wanted), sorted(wanted - found)))
    assert differences == []


async def test_superusers_pass_wherever_a_rule_lets_anybody_pass(matrix: Matrix) -> None:
    """Each policy of the site lets them do to all rows what it lets anybody do to any."""
    bound = []
    async with matrix.database.unit_of_work(read_only=True) as session:
        for model_policy, action in ((one, action) for one in matrix.models for action in one.actions):
            truths = {
                role: await matrix.truth(session, model_policy, role, action)
                for role in matrix.roles.asking(model_policy)
            }
            (of_superusers,) = [rows for role, rows in truths.items() if role.is_superuser]
            if any(truths.values()) and of_superusers != set(await session.scalars(select(_key(model_policy.model)))):
                bound.append((model_policy.label, action))
    assert bound == []


def _key(model: type[object]) -> ColumnElement[int]:
    (key,) = inspect(model).primary_key
    return key


def _addresses(door: RestDoor) -> list[str]:
    """Return the paths of a door: of a list below something, one for each thing that it may be below."""
    head, _, rest = door.path.partition("{")
    if not rest or rest.endswith("}"):
        return [door.path]
    name, _, tail = rest.partition("}")
    assert name in PARAMETERS, f"{door.path} is below something new: name some of it in PARAMETERS"
    return [f"{head}{value}{tail}" for value in PARAMETERS[name]]
