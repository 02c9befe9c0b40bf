"""The comments stand on blog and auth, and neither of the two knows of them."""

import re
from pathlib import Path

import pytest

import dovetail.contrib.auth
import plugins.blog
from plugins.comments.plugin import plugin


def sources(package):
    return sorted(Path(package.__file__).parent.rglob("*.py"))


@pytest.mark.parametrize("package", [plugins.blog, dovetail.contrib.auth])
def test_no_code_of_blog_or_auth_uses_the_comments(package):
    reaches = re.compile(r"plugins[./]comments|comments_comment|CommentStatus|api/comments", re.IGNORECASE)
    found = [path for path in sources(package) if reaches.search(path.read_text(encoding="utf-8"))]
    assert sources(package)
    assert found == []


def test_the_comments_declare_their_dependencies():
    assert set(plugin.depends_on) == {"auth", "blog"}


class TestWithoutComments:
    @pytest.fixture
    def settings(self, make_settings, settings_class, database_url):
        names = tuple(name for name in settings_class.model_fields["plugins"].default if not name.endswith("comments"))
        return make_settings(database_url=database_url, plugins=names)

    async def test_the_site_works_without_the_comments_plugin(self, app, author, client):
        post = (
            await author.client.post("/api/posts", json={"title": "t", "content": "c", "is_published": True})
        ).json()
        assert (await client.get(f"/api/posts/{post['id']}")).status_code == 200
        assert (await client.get(f"/api/posts/{post['id']}/comments")).status_code == 404
        paths = (await client.get("/openapi.json")).json()["paths"]
        assert "/api/posts" in paths
        assert not [path for path in paths if "comment" in path]
        assert (await author.client.delete(f"/api/posts/{post['id']}")).status_code == 204
