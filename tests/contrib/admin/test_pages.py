"""Every page of every view of this site, for staff."""

VIEWS = ["auth/user", "blog/post", "blog/tag", "comments/comment"]


async def test_every_view_lists_and_creates(make_user, back_office_for):
    office = await back_office_for(await make_user(username="boss", is_superuser=True))
    for identity in VIEWS:
        page = await office.get(f"/{identity}/")
        assert page.status_code == 200, page.text
        page = await office.get(f"/{identity}/add/")
        assert page.status_code == (403 if identity == "comments/comment" else 200), identity
