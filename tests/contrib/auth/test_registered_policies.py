"""One policy decides about each model: what contradicts it does not start, and what has none is closed and named."""

from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI
from sqlalchemy import ColumnElement, and_, false, true

from dovetail.api.schemas import Schema
from dovetail.application import make_application
from dovetail.cli.checks.system_checks import check_policies
from dovetail.contrib.auth.access import ModelPermissions, UserPolicy
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.permissions.grants import create_group, grant, join_group
from dovetail.errors import ConfigurationError, PermissionDeniedError
from dovetail.resources.policies.closed import Closed
from dovetail.resources.policies.registered import POLICIES, load_policies
from dovetail.resources.policy import Policy, ReadOnly
from dovetail.resources.policy_checks import policy_problems
from dovetail.resources.resource import Resource
from plugins.blog.models import Post, Tag, WordpressItem
from plugins.blog.policies import POSTS, TAGS
from plugins.blog.schemas import PostRead, TagRead
from tests.test_registry import package, plugin

__all__ = ("package",)  # a fixture
SITE = ("dovetail.contrib.throttling", "dovetail.contrib.auth", "plugins.blog")


class ItemRead(Schema):
    key: str


@pytest.fixture
def site(make_settings) -> FastAPI:
    return make_application(make_settings(plugins=SITE))


def problems(site: FastAPI, **resource: object) -> list[str]:
    return list(policy_problems([Resource(**resource)], POLICIES.get(site)))


class Misnamed(UserPolicy[Tag]):
    def hidden(self, viewer: User | None) -> frozenset[str]:
        return frozenset() if viewer is not None and viewer.is_superuser else frozenset({"nmae"})

    def read_only(self, viewer: User | None) -> frozenset[str]:
        return frozenset({"posts.nothing"}) if viewer is not None and viewer.is_superuser else frozenset({"name"})


def test_a_site_knows_the_policy_of_each_model(site):
    policies = POLICIES.get(site)
    assert (policies.of(Post), policies.of(Tag)) == (POSTS, TAGS)
    assert policies.is_registered(User)


def test_a_resource_of_an_internal_model_needs_a_policy_as_it_has_no_permissions(site):
    (problem,) = problems(site, model=WordpressItem, read=ItemRead)
    assert problem == (
        "wordpress_item: WordpressItem is internal, so there is no permission to ask for: give the resource a policy, "
        "or take the model out of internal_models"
    )
    assert problems(site, model=WordpressItem, read=ItemRead, policy=ReadOnly()) == []


def test_a_resource_with_another_policy_than_the_registered_one_is_refused(site):
    (problem,) = problems(site, model=Tag, read=TagRead, policy=ReadOnly())
    assert problem == (
        "tag: its policy is a ReadOnly, and for Tag another object is registered, a TagPolicy: "
        "give the resource that one"
    )
    assert problems(site, model=Tag, read=TagRead, policy=TAGS) == []


def test_a_hidden_name_that_is_no_field_is_refused(site):
    found = problems(site, model=Tag, read=TagRead, policy=Misnamed())[1:]
    assert found == [
        "Misnamed.hidden names 'nmae', which is no field of Tag; did you mean 'name'?",
        "Misnamed.read_only names 'posts.nothing', which is no field of Tag, expected one of id, name",
    ]


def test_a_rule_that_is_no_condition_in_sql_is_refused(site):
    class InPython(UserPolicy[Tag]):
        def where(self, viewer, action):
            return viewer is not None

    assert problems(site, model=Tag, read=TagRead, policy=InPython())[1:] == [
        "InPython.where returns False for 'view', expected a condition in SQL; write true() or false() of sqlalchemy"
    ]


def test_an_object_that_a_policy_may_hide_cannot_be_a_required_field(site):
    class Forgetful(UserPolicy[Post]):
        pass

    for schemas in ({"read": PostRead}, {"fields": ("title",), "listed": PostRead}):
        (problem,) = problems(site, model=Post, **schemas, policy=Forgetful())[1:]
        assert problem == (
            "post: the policy of User may hide 'author', so PostRead.author has to allow null, or Forgetful.related to "
            "say {'author': true()}"
        )


def test_a_policy_of_a_related_model_with_other_viewers_is_refused(site):
    class Robot:
        pass

    class ForRobots(Policy[Post, Robot]):
        writer = Annotated[Robot, Depends(Robot)]

        def where(self, viewer, action):
            return true()

    found = problems(site, model=Post, read=PostRead, policy=ForRobots())[1:]
    assert (
        "post: the policy of 'author' decides for a User, and who asks here is a Robot: "
        "let ForRobots.related say who sees 'author'"
    ) in found


def test_all_mistakes_are_reported_when_the_site_starts(package, make_settings):
    api = """
from fastapi import APIRouter
from dovetail.resources.resource import ReadOnly, Resource
from plugins.blog.models import Tag
from plugins.blog.schemas import TagRead

router = APIRouter()
router.include_router(Resource(model=Tag, read=TagRead, policy=ReadOnly(), name="word").router)
"""
    package("pkg_rules", plugin("rules", routers="lazy('pkg_rules.api:router')"), api=api)
    with pytest.raises(ConfigurationError, match="word: its policy is a ReadOnly"):
        make_application(make_settings(plugins=(*SITE, "pkg_rules")))


@pytest.mark.parametrize(
    ("policies", "said"),
    [
        ({"Pots": POSTS}, "plugin 'blog' has a policy for Pots, expected one of its own models: Post, Tag"),
        ({User: POSTS}, "plugin 'blog' has a policy for User, expected one of its own models: Post, Tag"),
        ({Post: 3}, "plugin 'blog' has a int as the policy of Post, expected an instance of Policy"),
        (
            {Post: ReadOnly},
            "plugin 'blog' has the class ReadOnly as the policy of Post, expected an instance of Policy",
        ),
    ],
)
def test_a_policy_that_is_registered_wrongly_is_refused(policies, said):
    class Blog:
        name = "blog"
        models = (Post, Tag)

    Blog.policies = policies
    with pytest.raises(ConfigurationError) as refused:
        load_policies([Blog])
    assert str(refused.value).startswith(said)


async def test_a_resource_without_a_policy_is_for_staff_with_the_permission(app_with_tags, client, make_client_of):
    client_of = {
        "nobody": client,
        "user": await make_client_of(False, ["blog.view_tag"]),
        "staff": await make_client_of(True, []),
        "permitted": await make_client_of(True, ["blog.view_tag"]),
    }
    statuses = {name: (await one.get("/closed")).status_code for name, one in client_of.items()}
    assert statuses == {"nobody": 401, "user": 403, "staff": 403, "permitted": 200}
    refused = await client_of["staff"].get("/closed")
    assert refused.json()["detail"] == "This takes the permission blog.view_tag."
    assert (await client_of["permitted"].post("/closed", json={"id": 1, "name": "x"})).status_code == 403


@pytest.fixture
def make_client_of(database, make_user, client_for):
    async def make(is_staff: bool, permissions: list[str]) -> httpx.AsyncClient:
        user = await make_user(is_staff=is_staff)
        async with database.unit_of_work() as session:
            await grant(session, user, permissions)
        return await client_for(user)

    return make


@pytest.fixture
def app_with_tags(app: FastAPI) -> FastAPI:
    closed = Resource(model=Tag, read=TagRead, create=TagRead, name="shut", plural="shuts", path="closed")
    app.include_router(closed.router)
    return app


def test_check_names_models_without_a_policy(package, make_settings):
    models = """
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, relationship, mapped_column
from dovetail.database.models import Base, IdMixin

class Shelf(IdMixin, Base):
    __tablename__ = "rules_shelf"

class Box(IdMixin, Base):
    __tablename__ = "rules_box"
    shelf_id: Mapped[int] = mapped_column(ForeignKey("rules_shelf.id"))
    shelf: Mapped[Shelf] = relationship()
"""
    api = """
from fastapi import APIRouter
from dovetail.api.schemas import Schema
from dovetail.resources.resource import ReadOnly, Resource
from pkg_named.models import Box, Shelf

class ShelfRead(Schema):
    id: int

class BoxRead(Schema):
    id: int
    shelf: ShelfRead

router = APIRouter()
router.include_router(Resource(model=Shelf, read=ShelfRead, plural="shelves").router)
router.include_router(Resource(model=Box, read=BoxRead, policy=ReadOnly(), plural="boxes").router)
"""
    listed = "lazy('pkg_named.models:Shelf', 'pkg_named.models:Box')"
    package("pkg_named", plugin("rules", models=listed, routers="lazy('pkg_named.api:router')"), models=models, api=api)
    app = make_application(make_settings(plugins=(*SITE, "pkg_named")))
    found = [(message.id, message.message) for message in check_policies(app)]
    assert found == [
        (
            "kernel.W006",
            "shelf: no policy says who may see and change what: it is for staff with the permission view_shelf.",
        ),
        ("kernel.W007", "box: ReadOnly decides here alone; elsewhere Box has no policy."),
        ("kernel.W008", "box: shelf shows rows of Shelf, which has no policy, to all who see the box."),
    ]


def test_the_old_hooks_work_for_one_release_with_a_warning():
    with pytest.warns(DeprecationWarning, match=r"Old overrides rows and may_update, which the next rel"):

        class Old(ReadOnly):
            def rows(self, viewer: object) -> ColumnElement[bool]:
                return Tag.name == "x"

            def may_update(self, viewer: object, item: object, changes: frozenset[str]) -> None:
                raise PermissionDeniedError("Not so.")

    old = Old()
    assert str(old.where(None, "view")) == str(Tag.name == "x")
    assert [type(old.where(None, action)) for action in ("add", "change", "delete", "moderate")] == [
        type(false()),
        type(true()),
        type(false()),
        type(false()),
    ]


def test_an_old_hook_may_call_super():
    with pytest.warns(DeprecationWarning, match="Narrower overrides rows"):

        class Narrower(ReadOnly):
            def rows(self, viewer: object) -> ColumnElement[bool]:
                with pytest.warns(DeprecationWarning, match="which is SQL"):
                    return and_(super().rows(viewer), Tag.name == "x")

    assert str(Narrower().where(None, "view")) == str(Tag.name == "x")


async def test_an_old_hook_is_called_for_the_row_too(app, session, client_for, make_user):
    with pytest.warns(DeprecationWarning, match="may_update"):

        class OfRows(UserPolicy[Tag]):
            def rows(self, viewer: User | None) -> ColumnElement[bool]:
                return Tag.name != "hidden"

            def may_update(self, viewer: User, item: Tag, changes: frozenset[str]) -> None:
                if item.name == "kept":
                    raise PermissionDeniedError("It is kept.")

    session.add_all([Tag(name=name) for name in ("kept", "free", "hidden")])
    await session.commit()
    words = Resource(model=Tag, read=TagRead, update=TagRead, policy=OfRows(), name="word")
    app.include_router(words.router)
    user = await client_for(await make_user())
    keys = {one["name"]: one["id"] for one in (await user.get("/words")).json()["items"]}
    assert keys.keys() == {"kept", "free"}
    for name, status in (("kept", 403), ("free", 200)):
        body = {"id": keys[name], "name": f"{name} on"}
        assert (await user.patch(f"/words/{keys[name]}", json=body)).status_code == status
    assert (await user.delete(f"/words/{keys['free']}")).status_code == 403


def test_the_closed_policy_and_permissions_on_a_model_decide_alike(site, make_user_of):
    closed, permissions = Closed(Tag), ModelPermissions[Tag]("blog.tag")
    grants = ((), ("blog.view_tag",), ("blog.change_tag", "blog.add_tag"), ("blog.delete_tag", "blog.moderate_tag"))
    for is_staff in (True, False):
        for held in grants:
            user = make_user_of(is_staff, held)
            for action in ("view", "add", "change", "delete", "moderate"):
                answers = [type(one.where(user, action)) for one in (closed, permissions)]
                assert answers[0] is answers[1], (is_staff, held, action)
    assert isinstance(closed.where(None, "view"), type(false()))


@pytest.fixture
def make_user_of():
    def make(is_staff: bool, held: tuple[str, ...]) -> User:
        user = User(id=1, is_active=True, is_staff=is_staff, is_superuser=False)
        user.remember_permissions(held)
        return user

    return make


async def test_a_user_with_three_groups_costs_at_most_one_statement_more_than_a_stranger(
    client, database, make_user, client_for, count_statements
):
    user = await make_user()
    async with database.unit_of_work() as session:
        session.add_all([Post(title=title, content="x", author_id=user.id, is_published=True) for title in "abc"])
        for number in range(3):
            group = await create_group(session, f"group {number}", ["blog.view_post", "blog.change_post"])
            await join_group(session, user, group)
    reader = await client_for(user)
    for path in ("/api/posts", "/api/posts/1", "/api/posts?count=true", "/api/tags", "/api/posts/1/comments"):
        costs = []
        for one in (client, reader, reader):
            with count_statements() as statements:
                answer = await one.get(path)
            assert answer.status_code == 200
            costs.append(len(statements))
        # When the token comes to an endpoint again, the statement that reads confirms who asks, unless it finds no row.
        assert costs[1:] == [costs[0] + ("?" not in path), costs[0] + (answer.json().get("items") == [])], path
