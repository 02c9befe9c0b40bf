"""Whoever asks, with whatever token, is answered alike on both roads: every operation, every header, every line."""

from collections import Counter

from tests.contract.roads.callers import CALLERS, LIBRARYS_CALLERS, ODD_CALLERS
from tests.contract.roads.operations import Catalogue
from tests.contract.roads.site import Roads

A_FEW = (
    "get_post",
    "list_posts",
    "list_tag_posts",
    "update_post",
    "delete_post",
    "create_post",
    "list_crates",
    "get_label",
)


async def test_every_operation_answers_each_caller_alike(roads: Roads):
    catalogue = Catalogue(roads.fast.app)
    found = await roads.compare(
        catalogue.request(operation, caller, headers)
        for operation in catalogue.operations
        for caller, headers in (LIBRARYS_CALLERS if operation.is_librarys else CALLERS).items()
    )
    await roads.compare_rows()
    statuses = Counter(record.status for record in found)
    # Nothing was refused for another reason; an undo is, of what was changed since.
    assert set(statuses) == {200, 201, 202, 204, 401, 403, 404, 409, 428}, statuses
    assert sum(statuses[status] for status in (200, 201, 204)) > 250


async def test_however_a_token_is_sent_it_is_read_alike(roads: Roads):
    catalogue = Catalogue(roads.fast.app)
    found = await roads.compare(
        catalogue.request(operation, caller, headers)
        for operation in catalogue.named(*A_FEW)
        for caller, headers in ODD_CALLERS.items()
    )
    await roads.compare_rows()
    assert {record.status for record in found} == {200, 201, 204, 400, 401}
