"""Who reads rows while others wait sees what they may see, whoever sends the statement."""

import pytest

from tests.database.pool.crowds import answers_of, crowd, get_each, seen


@pytest.fixture
def library_settings(make_settings, library_url):
    settings = {"database_pool_size": 1, "database_pool_timeout": 30}
    return make_settings(plugins=("tests.library",), database_url=library_url, **settings)


@pytest.fixture
def viewers(client, owner, stranger, staff):
    """The clients of viewers, each of whom may see other rows or fields."""
    return client, owner, stranger, staff


@pytest.fixture
async def paths(shelf, make_book):
    """The addresses of books, the last two of which one viewer each may see, and the staff."""
    private = [await make_book(title=f"of {number}", owner_id=number, is_public=False) for number in (1, 2)]
    return [f"/api/books/{book.id}" for book in (*shelf, *private)]


async def test_viewers_who_see_different_rows_and_fields_are_not_read_together(
    viewers, paths, database, count_statements, database_kind
):
    alone = {viewer: await get_each(viewer, paths) for viewer in viewers}
    with count_statements() as statements:
        async with crowd(database, *((viewer, path) for path in paths for viewer in viewers)) as tasks:
            pass
        together = iter(await answers_of(tasks))
    for number in range(len(paths)):
        for viewer in viewers:
            found, expected = next(together), alone[viewer][number]
            if expected.is_success:
                assert seen(found) == seen(expected)
            else:
                assert found.status_code == expected.status_code
    assert len({tuple(one.status_code for one in answers) for answers in alone.values()}) == len(viewers)
    assert len(statements) == (len(viewers) if database_kind == "postgresql" else len(tasks))
