"""The comparison compares two roads: what the fast path is for takes it, whoever asks, and only the odd ones do not."""

import pytest

from dovetail.api.front.repeating import Repeating
from tests.contract.roads.callers import CALLERS, OWNER, STAFF
from tests.contract.roads.operations import Catalogue
from tests.contract.roads.site import Road, Roads

# Left to FastAPI are requests in bulk, endpoints of a plugin's own, and what the shop lets it find out.
OWN_ENDPOINTS = {"attach_tag", "detach_tag", "create_comment", "update_comment"}
OWN_ENDPOINTS |= {"create_user", "update_user", "delete_user", "delete_group"}
OWN_ENDPOINTS |= {"get_my_permissions", "get_user_permissions", "set_user_permissions"}
OWN_ENDPOINTS |= {"list_user_sessions", "end_user_sessions", "start_reset"}
OWN_ENDPOINTS |= {"remove_user_factors", "list_user_tokens", "revoke_user_tokens"}
OWN_ENDPOINTS |= {"list_object_changes", "read_feed", "undo_change"}
OWN_READS = {"get_my_permissions", "get_user_permissions", "list_user_sessions", "list_user_tokens"}
OWN_READS |= {"list_object_changes", "read_feed"}
OWN_READER = {"get_note", "list_notes"}  # a dependency of the shop's own
OWN_CONDITIONS = {"list_my_products", "list_products_in_stock", "list_label_products", "list_vendor_products"}


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of requests that were left to FastAPI."""
    found: list[str] = []
    run = Repeating.__call__

    async def note(self, scope, receive, send) -> None:
        found.append(scope["path"])
        await run(self, scope, receive, send)

    monkeypatch.setattr(Repeating, "__call__", note)
    return found


async def test_ordinary_requests_with_a_token_are_answered_without_fastapi(roads: Roads, left):
    catalogue = Catalogue(roads.fast.app)
    names = await names_of_those_left(roads.fast, catalogue, STAFF, left)
    assert {name for name in names if not name.startswith("bulk_")} == OWN_ENDPOINTS | OWN_READER | OWN_CONDITIONS
    names = await names_of_those_left(roads.fast, catalogue, OWNER, left, method="PATCH")
    assert {one for one in names if not one.startswith("bulk_")} == {"update_comment", "update_user"}


async def test_reads_take_the_fast_path_whoever_asks(roads: Roads, left):
    catalogue = Catalogue(roads.fast.app)
    for caller in CALLERS.values():
        names = await names_of_those_left(roads.fast, catalogue, caller, left, method="GET")
        assert names <= OWN_READER | OWN_CONDITIONS | OWN_READS
    names = await names_of_those_left(roads.fast, catalogue, STAFF, left, method="GET")
    assert names <= OWN_READER | OWN_CONDITIONS | OWN_READS


async def names_of_those_left(
    road: Road, catalogue: Catalogue, caller, left: list[str], method: str | None = None
) -> set[str]:
    names = set()
    for operation in catalogue.operations:
        if operation.is_librarys or method not in {None, operation.method}:
            continue
        left.clear()
        await road.send(catalogue.request(operation, "counted", caller))
        if left:
            names.add(operation.name)
    return names
