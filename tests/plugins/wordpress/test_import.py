"""What an import leaves in the database, on each of them."""

from datetime import UTC, datetime

import pytest

from tests.plugins.wordpress.support import ANNA, FILES, Site, category, count_statements, export, post

POSTS = "SELECT title FROM blog_post ORDER BY id"
DRAFTS = "SELECT title FROM blog_post WHERE NOT is_published ORDER BY id"


def tags_of(site: Site, title: str) -> list[str]:
    return site.column(
        "SELECT t.name FROM blog_tag t JOIN blog_post_tag pt ON pt.tag_id = t.id JOIN blog_post p ON p.id = pt.post_id "
        "WHERE p.title = :title ORDER BY t.name",
        title=title,
    )


def times(site: Site, column: str) -> list[datetime]:
    values = site.column(f"SELECT {column} FROM blog_post ORDER BY id")
    return [
        (datetime.fromisoformat(value) if isinstance(value, str) else value).replace(tzinfo=UTC) for value in values
    ]


def test_a_whole_export_arrives(site: Site) -> None:
    result = site.run(FILES / "wxr-1.2.xml")
    assert result.code == 0
    assert result.out.splitlines() == [
        "Imported: authors 2, tags 3, published posts 1, drafts 1, comments 2, guests 1.",
        "Skipped: items of type page 1.",
    ]
    assert site.rows(
        "SELECT title, username, is_published FROM blog_post p JOIN auth_user u ON u.id = p.author_id ORDER BY p.id"
    ) == [
        ("Fog & signals 🌫️", "keeper", True),
        ("An idea", "Jose.Diaz", False),
    ]
    assert tags_of(site, "Fog & signals 🌫️") == ["fog & wind", "signal"]
    assert site.column("SELECT name FROM blog_tag ORDER BY name") == ["fog & wind", "never used", "signal"]
    assert times(site, "created_at") == [
        datetime(2024, 2, 5, 7, 30, tzinfo=UTC),
        datetime(2024, 2, 20, 20, 15, tzinfo=UTC),
    ]
    assert times(site, "updated_at") == [datetime(2024, 2, 6, 9, tzinfo=UTC), datetime(2024, 2, 20, 20, 15, tzinfo=UTC)]


def test_a_second_run_changes_nothing_and_says_so(site: Site) -> None:
    site.run(FILES / "wxr-1.2.xml")
    before = site.count_all()
    result = site.run(FILES / "wxr-1.2.xml")
    assert result.code == 0
    assert result.out.splitlines()[:2] == [
        "Nothing new: not one row was added.",
        "Already here: authors 2, tags 3, posts 2, comments 2.",
    ]
    assert site.count_all() == before


def test_what_was_edited_here_survives_a_later_export(site: Site) -> None:
    site.load(export(post(1, title="Old title")))
    site.rows("UPDATE blog_post SET title = 'Better title'")
    result = site.load(export(post(1, title="Changed there"), post(2, title="New")))
    assert site.column(POSTS) == ["Better title", "New"]
    assert result.out.splitlines() == ["Imported: published posts 1.", "Already here: authors 1, posts 1."]


def test_a_post_that_was_deleted_here_comes_back(site: Site) -> None:
    site.load(export(post(1)))
    site.rows("DELETE FROM blog_post")
    assert site.count_all() == {"auth_user": 1}
    site.load(export(post(1)))
    assert site.column(POSTS) == ["A title"]


def test_a_dry_run_counts_and_writes_nothing(site: Site) -> None:
    result = site.run("--dry-run", FILES / "wxr-1.2.xml")
    assert result.out.splitlines()[0].startswith("Imported: authors 2, tags 3, published posts 1, drafts 1")
    assert result.out.splitlines()[-1] == "This was a dry run: nothing was written."
    assert site.count_all() == {}


@pytest.mark.parametrize(
    "text",
    [
        "&amp; &nbsp; &lt;script&gt; &#8217;",
        "👩\u200d🚒 e\u0301 \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0010fffd",
        "\u202eabc\u202c \u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd",
        "tab\tnew\nline\u2028separator\u00a0no-break\u00ad\ufeff\x7f\x85",
        "' \" \\ % %s :name {x} $1 -- ; DROP TABLE blog_post",
        '<!-- wp:image {"id":1} --><img src=\'a.png\'/><!-- /wp:image -->[gallery ids="1,2"]',
    ],
)
def test_content_arrives_character_for_character(site: Site, text: str) -> None:
    site.load(export(post(content=text)))
    assert site.column("SELECT content FROM blog_post") == [text]


def test_only_what_was_public_is_published(site: Site) -> None:
    site.load(
        export(
            post(1, title="public"),
            post(2, title="draft", status="draft"),
            post(3, title="pending", status="pending"),
            post(4, title="private", status="private"),
            post(5, title="scheduled", status="future"),
            post(6, title="secret", post_password="enter"),
            post(7, title="of a plugin", status="wc-odd"),
        )
    )
    assert site.column("SELECT title FROM blog_post WHERE is_published") == ["public"]
    assert site.column(DRAFTS) == ["draft", "pending", "private", "scheduled", "secret", "of a plugin"]


def test_what_is_no_post_is_counted_by_kind(site: Site) -> None:
    result = site.load(
        export(
            post(1, status="trash"),
            post(2, status="auto-draft"),
            post(3, post_type="page"),
            post(4, post_type="attachment", status="inherit"),
            post(5, post_type="<![CDATA[we\nird, 9 posts]]>"),
            post(6),
            post(6),
        )
    )
    assert result.out.splitlines() == [
        "Imported: authors 1, published posts 1.",
        (
            "Skipped: posts in the trash 1, posts never saved 1, items of type page 1, items of type attachment 1, "
            "items of type weird9posts 1, posts listed twice 1."
        ),
    ]


def test_titles_are_never_empty_and_never_too_long(site: Site) -> None:
    result = site.load(export(post(1, title=""), post(2, title="x" * 201), post(3, title="é" * 200)))
    assert site.column(POSTS) == ["(no title)", "x" * 199 + "…", "é" * 200]
    assert "Changed: titles cut 1." in result.out


def test_tags_have_the_blog_s_own_spelling(site: Site) -> None:
    names = ["Python", "  PYTHON ", "R&amp;D", "r&d", "a\u200bb", "x" * 60, "\u00ad"]
    site.load(export(post(1, *map(category, names), category("Recipes", "category"))))
    assert tags_of(site, "A title") == ["ab", "python", "r&d", "recipes", "x" * 47 + "..."]


def test_tags_that_the_site_has_are_used(site: Site) -> None:
    site.rows("INSERT INTO blog_tag (name) VALUES ('python')")
    result = site.load(export(post(1, category("Python"), category("New"))))
    assert site.column("SELECT name FROM blog_tag ORDER BY name") == ["new", "python"]
    assert "tags 1" in result.out.splitlines()[1]


def test_a_new_author_can_neither_log_in_nor_administer(site: Site) -> None:
    site.load(export(post()))
    assert site.rows(
        "SELECT username, email, full_name, hashed_password, is_active, is_verified, is_superuser FROM auth_user"
    ) == [("anna", "anna@example.org", "Anna Ek", "!", True, False, False)]


USER = (
    "INSERT INTO auth_user (username, email, hashed_password) VALUES (:username, :email, 'x')"  # the rest has defaults
)


@pytest.mark.parametrize(
    ("username", "email"),
    [("editor", "ANNA@example.org"), ("Anna", "someone@example.com")],
)
def test_an_author_is_the_user_of_the_same_address_or_name(site: Site, username: str, email: str) -> None:
    site.rows(USER, username=username, email=email)
    site.load(export(post()))
    assert site.rows("SELECT u.username FROM blog_post p JOIN auth_user u ON u.id = p.author_id") == [(username,)]
    assert site.count_all()["auth_user"] == 1


def author(login: str, email: str) -> str:
    return ANNA.replace("anna@example.org", email).replace("anna", login)


def test_two_authors_never_become_one_because_their_names_are_alike(site: Site) -> None:
    site.rows(USER, username="ben", email="ben@example.org")
    head = (
        author("Ben", "other@example.org")
        + author("b&amp;n", "ben@example.org")
        + author("b*n", "")
        + author("b n", "")
    )
    site.load(export(*(post(n, login=x, title=x) for n, x in enumerate(["Ben", "b&n", "b*n", "b n"], 1)), head=head))
    found = dict(site.rows("SELECT p.title, u.username FROM blog_post p JOIN auth_user u ON u.id = p.author_id"))
    assert found["b&n"] == "ben"
    assert len(set(found.values())) == 4
    assert found["Ben"].startswith("Ben-")
    assert site.load(export(post(9, login="b*n", title="b*n"), head=head)).out.startswith(
        "Imported: published posts 1."
    )
    again = site.column(
        "SELECT u.username FROM blog_post p JOIN auth_user u ON u.id = p.author_id WHERE p.title = 'b*n'"
    )
    assert again == [found["b*n"]] * 2


@pytest.mark.parametrize("email", ["", "nobody", "admin@localhost", "a@b@c", "x" * 400 + "@example.org"])
def test_an_author_without_a_usable_address_gets_one_that_is_nobody_s(site: Site, email: str) -> None:
    site.load(export(post(), head=author("anna", email)))
    (found,) = site.column("SELECT email FROM auth_user")
    assert found.endswith("@example.invalid")


def test_a_login_that_is_an_address_does_not_become_public(site: Site) -> None:
    site.load(export(post(login="zoe.lind@example.com"), head=""))
    assert site.rows("SELECT username, full_name FROM auth_user") == [("zoe.lind", "zoe.lind")]


def test_an_author_whom_the_export_does_not_list_is_made(site: Site) -> None:
    site.load(export(post(1, login="ghost"), post(2, login=""), post(3, login=">ANNA"), post(4, login="Γιώργος")))
    found = site.column("SELECT u.username FROM blog_post p JOIN auth_user u ON u.id = p.author_id ORDER BY p.id")
    assert (found[0], found[2]) == ("ghost", "anna")
    assert found[1].startswith("author-")
    assert found[3].startswith("author-")
    assert len(set(found)) == 4


def test_posts_without_any_date_get_the_present(site: Site) -> None:
    site.load(export(post(post_date="", post_date_gmt="0000-00-00 00:00:00", status="draft")))
    assert abs((times(site, "created_at")[0] - datetime.now(UTC)).total_seconds()) < 60


def test_removed_characters_are_told(site: Site) -> None:
    result = site.load(export(post(content="a\x00b\x0bc")))
    assert site.column("SELECT content FROM blog_post") == ["abc"]
    assert "Changed: characters that XML forbids removed 2." in result.out


def test_a_log_gets_plain_lines_about_the_progress(site: Site) -> None:
    result = site.load(export(*(post(number) for number in range(450))))
    assert "\r" not in result.err
    assert result.err.splitlines()[-3:] == [
        "Importing: 200 of 450 items",
        "Importing: 400 of 450 items",
        "Importing: 450 of 450 items",
    ]


def test_the_number_of_statements_grows_with_batches_and_not_with_posts(site: Site, database_kind: str) -> None:
    def load(first: int, posts: int) -> int:
        content = export(*(post(first + n, category(f"tag {n % 30}"), category("x")) for n in range(posts)))
        result, statements = count_statements(lambda: site.load(content))
        assert f"published posts {posts}" in getattr(result, "out", "")
        return statements

    load(0, 1)
    small, large = load(1_000, 10), load(2_000, 400)
    # A batch more: find posts, insert posts, keys, tags, and what extensions ask. SQLite gets a statement a post.
    assert large - small <= 12 + (390 if database_kind == "sqlite" else 0)


def test_a_batch_is_bounded_by_its_size_too(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugins.wordpress.importer.BATCH_CHARACTERS", 10_000)
    result = site.load(export(*(post(n, content="x" * 6_000) for n in range(6))))
    assert [line for line in result.err.splitlines() if line.startswith("Importing")] == [
        f"Importing: {done} of 6 items" for done in (2, 4, 6)
    ]
    assert site.count_all()["blog_post"] == 6


def test_the_blog_does_not_import_comments() -> None:
    folder = FILES.parents[3] / "plugins" / "blog"
    assert folder.is_dir()
    assert [path.name for path in folder.rglob("*.py") if "comment" in path.read_text(encoding="utf-8").lower()] == []
