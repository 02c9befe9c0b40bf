"""Whatever is sent for a body is taken or refused alike on both roads, and leaves the same rows behind."""

from collections import Counter
from functools import partial

import pytest

from tests.contract.roads import bodies
from tests.contract.roads.asgi import Request
from tests.contract.roads.callers import NOBODY, OWNER, STAFF, viewer
from tests.contract.roads.operations import JSON, Catalogue
from tests.contract.roads.site import Roads

OWN = OWNER + viewer(1)
SINGLE = (
    *("create_post", "update_post", "create_product", "update_product", "replace_product"),
    *("create_note", "update_note", "create_stamp", "update_stamp", "create_book", "replace_book"),
    *("create_comment", "update_comment"),
)
A_FEW = ("create_post", "update_post", "replace_product", "create_stamp")
FOR_STAFF = ("create_label", "update_label")


@pytest.mark.parametrize("kind", bodies.KINDS, ids=lambda kind: kind.__name__)
async def test_a_body_is_read_alike(roads: Roads, kind):
    catalogue = Catalogue(roads.fast.app)
    names = SINGLE if kind is bodies.changed else (*A_FEW, *FOR_STAFF)
    found = await roads.compare(
        catalogue.request(
            operation, name, headers=headers + (STAFF if operation.name in FOR_STAFF else OWN), parts=parts
        )
        for operation in catalogue.named(*names)
        for name, headers, parts in kind(partial(catalogue.body, operation))
    )
    await roads.compare_rows()
    statuses = Counter(record.status for record in found)
    assert statuses.keys() <= {200, 201, 400, 403, 409, 413, 415, 422}, statuses
    assert statuses[200] > 1 or kind is bodies.raw


async def test_who_may_not_write_is_told_so_before_or_after_the_body_is_looked_at_alike(roads: Roads):
    catalogue = Catalogue(roads.fast.app)
    found = await roads.compare(
        catalogue.request(operation, name, headers=headers + caller, parts=parts)
        for operation in catalogue.named("create_post", "update_product", "create_label")
        for caller in (NOBODY, OWN)
        for kind in (bodies.typed, bodies.raw)
        for name, headers, parts in kind(partial(catalogue.body, operation))
    )
    await roads.compare_rows()
    assert {401, 403} <= {record.status for record in found}


async def test_a_client_that_hangs_up_within_its_body_leaves_the_same_behind(roads: Roads):
    catalogue = Catalogue(roads.fast.app)
    found = await roads.compare(
        Request(
            name=f"{operation.name} {part!r}",
            method=operation.method,
            target=catalogue.target(operation),
            headers=JSON + caller,
            parts=(part,),
            hangs_up=True,
        )
        for operation in catalogue.named(*SINGLE, *FOR_STAFF)
        for caller in (OWN, NOBODY)
        for part in (b"", b'{"title')
    )
    await roads.compare_rows()
    assert {record.status for record in found} == {499}
