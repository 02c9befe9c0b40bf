"""A Python client is generated from the document, and does with it what people do with a blog."""

import sys
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from dovetail.contrib.auth.testing import PASSWORD
from tests.contract.generated import run, write_document
from tests.contract.site import NAMES, POSTS, STAFF, Site, seed

PACKAGE = "dovetail_client"


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """The folder of the package, and what the generator said."""
    folder = tmp_path_factory.mktemp("python")
    document = write_document(folder)
    said = run(
        *("openapi-python-client", "generate", "--path", document, "--meta", "none"),
        *("--output-path", folder / PACKAGE, "--fail-on-warning"),
        cwd=folder,
    )
    return folder, said


@pytest.fixture
def api(generated, monkeypatch):
    """The generated modules: `api.blog.list_posts.sync(...)`, `api.models.PostCreate`."""
    monkeypatch.syspath_prepend(str(generated[0]))
    found = SimpleNamespace(models=import_module(f"{PACKAGE}.models"), client=import_module(f"{PACKAGE}.client"))
    for folder in sorted(Path(generated[0], PACKAGE, "api").iterdir()):
        if folder.is_dir() and folder.name != "__pycache__":
            names = [path.stem for path in folder.glob("*.py") if path.stem != "__init__"]
            tag = {name: import_module(f"{PACKAGE}.api.{folder.name}.{name}") for name in names}
            setattr(found, folder.name, SimpleNamespace(**tag))
    yield found
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.fixture
def seeded(database_url):
    seed(database_url)
    return database_url


@pytest.fixture
def site(seeded, live_server):
    return Site(live_server.url, seeded)


def test_the_generator_has_nothing_to_warn_of(generated):
    assert "warning" not in generated[1].lower()
    assert "error" not in generated[1].lower()


def test_the_generated_names_are_those_one_would_choose(generated):
    names = {path.stem for path in Path(generated[0], PACKAGE, "models").glob("*.py")}
    assert {"post_page", "post_read", "post_create", "login_form", "comment_status", "count", "problem"} <= names
    assert [name for name in names if name.startswith(("page_", "body")) or name.endswith("_count")] == []


@pytest.fixture
def anonymous(api, site):
    client = api.client.Client(base_url=site.url)
    yield client
    client.get_httpx_client().close()


@pytest.fixture
def log_in(api, site, anonymous):
    with ExitStack() as stack:

        def make(username, password):
            form = api.models.LoginForm(username=username, password=password)
            answer = api.auth.login.sync(client=anonymous, body=form)
            assert isinstance(answer, api.models.AccessTokenRead)
            client = api.client.AuthenticatedClient(base_url=site.url, token=answer.access_token)
            stack.callback(client.get_httpx_client().close)
            return client

        yield make


@pytest.fixture
def staff(log_in):
    return log_in(NAMES[STAFF - 1], PASSWORD)


@pytest.fixture
def newcomer(api, anonymous, log_in):
    password = "a long enough secret"
    data = api.models.UserRegister(username="linus", email="linus@example.org", password=password)
    user = api.auth.register.sync(client=anonymous, body=data)
    assert (user.username, user.is_superuser) == ("linus", False)
    taken = api.models.UserRegister(username="LINUS", email="other@example.org", password=password)
    again = api.auth.register.sync(client=anonymous, body=taken)
    assert (again.status, again.errors[0].pointer) == (409, "/username")
    return log_in("linus", password)


def test_somebody_registers_writes_changes_and_removes_a_post(api, newcomer):
    me = api.users.get_me.sync(client=newcomer)
    data = api.models.PostCreate(title="Hello", content="First.", is_published=True, tags=["Python"])
    post = api.blog.create_post.sync(client=newcomer, body=data)
    assert (post.author_id, post.author.username, [tag.name for tag in post.tags]) == (me.id, "linus", ["python"])

    answer = api.blog.get_post.sync_detailed(post.id, client=newcomer)
    assert answer.parsed == post
    tag = answer.headers["ETag"]
    unchanged = api.blog.get_post.sync_detailed(post.id, client=newcomer, if_none_match=tag)
    assert unchanged.status_code == 304

    change = api.models.PostUpdate(title="Hello again")
    changed = api.blog.update_post.sync(post.id, client=newcomer, body=change, if_match=tag)
    assert (changed.title, changed.content) == ("Hello again", "First.")
    stale = api.blog.update_post.sync(post.id, client=newcomer, body=change, if_match=tag)
    assert isinstance(stale, api.models.Problem)
    assert stale.status == 412

    assert api.blog.delete_post.sync_detailed(post.id, client=newcomer).status_code == 204
    gone = api.blog.get_post.sync(post.id, client=newcomer)
    assert (gone.status, gone.type_) == (404, "urn:dovetail:problem:not-found")


def test_a_post_that_is_sent_twice_with_one_key_is_written_once(api, newcomer):
    data = api.models.PostCreate(title="Once", content="Only.")
    first = api.blog.create_post.sync(client=newcomer, body=data, idempotency_key="k1")
    assert api.blog.create_post.sync(client=newcomer, body=data, idempotency_key="k1") == first


def test_lists_are_filtered_counted_and_paged_by_offset_and_by_cursor(api, anonymous, staff):
    everything = api.blog.list_posts.sync(client=staff, limit=100, count=api.models.Count.TRUE)
    assert everything.total == len(everything.items) == POSTS
    mine = api.blog.list_posts.sync(client=staff, author_id=1, tags_name="python", ordering="id")
    assert [post.author.username for post in mine.items] == [NAMES[0]] * 2
    second = api.blog.list_posts.sync(client=staff, ordering="id", limit=4, offset=4)
    assert ([post.title for post in second.items], second.next_) == (["Post 5", "Post 6"], None)

    page = api.blog.list_posts.sync(client=staff, ordering="id", limit=4, cursor="")
    cursor = page.next_.rpartition("cursor=")[2].partition("&")[0]
    rest = api.blog.list_posts.sync(client=staff, ordering="id", limit=4, cursor=cursor)
    assert [post.id for post in (*page.items, *rest.items)] == [post.id for post in everything.items][::-1]

    assert len(api.blog.list_posts.sync(client=anonymous).items) == POSTS - 1  # the draft is not theirs to see
    wrong = api.blog.list_posts.sync(client=anonymous, ordering="colour")
    assert (wrong.status, wrong.errors[0].pointer) == (422, "ordering")


def test_tags_are_attached_and_taken_off(api, staff):
    answer = api.blog.attach_tag.sync_detailed(1, client=staff, body=api.models.TagAttach(name="New  Tag"))
    assert (answer.status_code, answer.parsed.name) == (201, "new tag")
    again = api.blog.attach_tag.sync_detailed(1, client=staff, body=api.models.TagAttach(name="new tag"))
    assert (again.status_code, again.parsed) == (200, answer.parsed)
    listed = api.blog.list_tag_posts.sync("new tag", client=staff)
    assert [post.id for post in listed.items] == [1]
    assert api.blog.detach_tag.sync_detailed(1, answer.parsed.id, client=staff).status_code == 204
    assert api.blog.list_tag_posts.sync("new tag", client=staff).items == []


def test_a_comment_waits_for_a_moderator(api, anonymous, staff, newcomer):
    data = api.models.CommentCreate(content="Nice.")
    comment = api.comments.create_comment.sync(1, client=newcomer, body=data)
    assert comment.status == api.models.CommentStatus.PENDING

    def seen():
        return [one.id for one in api.comments.list_comments.sync(1, client=anonymous).items]

    assert comment.id not in seen()
    approval = api.models.CommentUpdate(status=api.models.CommentStatus.APPROVED)
    assert api.comments.update_comment.sync(comment.id, client=newcomer, body=approval).status == 403
    assert api.comments.update_comment.sync(comment.id, client=staff, body=approval).status == "approved"
    assert comment.id in seen()
    assert api.comments.delete_comment.sync_detailed(comment.id, client=newcomer).status_code == 204


def test_staff_make_a_user_and_write_in_their_name(api, staff):
    data = api.models.UserCreate(username="mary", email="mary@example.org")
    user = api.users.create_user.sync(client=staff, body=data)
    post = api.models.PostCreate(title="Mary's", content="Text.", author_id=user.id)
    assert api.blog.create_post.sync(client=staff, body=post).author.id == user.id
    found = api.users.list_users.sync(client=staff, search="mary", count=api.models.Count.TRUE)
    assert (found.total, found.items[0]) == (1, user)
    assert api.users.delete_user.sync_detailed(user.id, client=staff).status_code == 204
    assert api.auth.logout.sync_detailed(client=staff).status_code == 204
    assert api.users.get_me.sync(client=staff).status == 401
