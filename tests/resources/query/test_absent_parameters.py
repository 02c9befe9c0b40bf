"""A parameter that other lists have is refused with one error that says that there is none of it here."""

from itertools import product

from tests.orders.fixtures import app, orders_url  # noqa: F401 - fixtures

ABSENT = [
    ("ordering", "this list has no ordering to choose; leave the parameter out"),
    ("search", "this list has no search; leave the parameter out"),
    ("expand", "nothing here can be expanded; leave the parameter out"),
]
VALUES = ["x", "-id,x", ""]


async def test_a_list_says_once_what_it_has_none_of(owner):
    for (name, told), value in product(ABSENT, VALUES):
        answer = await owner.get("/api/orders", params={name: value})
        assert answer.status_code == 422, (name, value)
        assert answer.json()["errors"] == [{"pointer": name, "detail": told, "type": "unknown"}], value


async def test_an_object_says_once_that_nothing_of_it_can_be_expanded(owner):
    made = await owner.post("/api/orders", json={"number": "A1"})
    answer = await owner.get(f"/api/orders/{made.json()['id']}", params={"expand": "lines"})
    assert answer.status_code == 422
    assert [one["detail"] for one in answer.json()["errors"]] == [
        "nothing here can be expanded; leave the parameter out"
    ]


async def test_no_message_ends_in_an_empty_list_of_choices(owner):
    for name in ("ordering", "expand", "fields", "search", "filter", "number__in", "limit", "count", "cursor"):
        answer = await owner.get("/api/orders", params={name: "x"})
        assert answer.status_code == 422
        for one in answer.json()["errors"]:
            assert not one["detail"].rstrip().endswith((" of", "among")), one
