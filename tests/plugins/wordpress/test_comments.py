"""What a WordPress import leaves of the comments below its posts."""

import json
from collections import Counter

import pytest

from plugins.wordpress.export.reader import Item, read_export
from plugins.wordpress.export.source import ExportError, Source
from plugins.wordpress_comments.reader import Remark, read_remarks
from tests.plugins.wordpress import support
from tests.plugins.wordpress.support import ANNA, FILES, Site, count_statements, export, post, remark

site = support.site

COMMENTS = (
    "SELECT c.content, p.content, u.full_name, c.status FROM comments_comment c "
    "LEFT JOIN comments_comment p ON p.id = c.parent_id JOIN auth_user u ON u.id = c.author_id ORDER BY c.id"
)
WRITERS = "SELECT u.username FROM comments_comment c JOIN auth_user u ON u.id = c.author_id ORDER BY c.id"


def parents(site: Site) -> dict[str, str | None]:
    return {content: parent for content, parent, _, _ in site.rows(COMMENTS)}


def test_comments_arrive_with_writer_thread_status_and_date(site: Site) -> None:
    site.run(FILES / "wxr-1.2.xml")
    assert site.rows(COMMENTS) == [
        ("Can it be heard at <em>sea</em>? 🚢", None, "Bo & Ray", "approved"),
        ("For six miles.", "Can it be heard at <em>sea</em>? 🚢", "Ines O\u2019Hara", "approved"),
    ]
    dates = [str(value)[:19] for value in site.column("SELECT created_at FROM comments_comment ORDER BY id")]
    assert dates == ["2024-02-05 09:00:00", "2024-02-05 10:00:00"]


def test_threads_of_any_depth_become_one_level_of_replies(site: Site) -> None:
    deep = [remark(n, content=f"c{n}", parent=str(n - 1)) for n in range(1, 6)]
    site.load(export(post(1, *reversed(deep), remark(9, content="alone"))))
    assert parents(site) == {"c1": None, "c2": "c1", "c3": "c1", "c4": "c1", "c5": "c1", "alone": None}


def test_a_thread_goes_on_where_one_of_its_comments_is_left_out(site: Site) -> None:
    site.load(
        export(
            post(
                1,
                remark(1, content="first"),
                remark(2, content="ping", parent="1", type="pingback"),
                remark(3, content="to the ping", parent="2"),
                remark(4, content="thrown away", approved="trash"),
                remark(5, content="to the thrown away", parent="4"),
                remark(6, content="to that", parent="5"),
                remark(7, content="to nobody", parent="999"),
            )
        )
    )
    assert parents(site) == {
        "first": None,
        "to the ping": "first",
        "to the thrown away": None,
        "to that": "to the thrown away",
        "to nobody": None,
    }


def test_replies_that_go_round_in_a_circle_are_still_one_thread(site: Site) -> None:
    circle = [
        remark(1, content="a", parent="2"),
        remark(2, content="b", parent="1"),
        remark(3, content="c", parent="3"),
    ]
    site.load(export(post(1, *circle)))
    found = parents(site)
    assert found["c"] is None
    assert sorted(map(str, (found["a"], found["b"]))) in (["None", "a"], ["None", "b"])


def test_a_thread_of_twenty_thousand_is_read_in_linear_time(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("deep") / "export.xml"
    file.write_text(export(post(1, *(remark(n, parent=str(n - 1)) for n in range(20_000, 0, -1)))), encoding="utf-8")
    (item,) = (entry for entry in read_export(Source(file, 10**9), 10**9) if isinstance(entry, Item))
    roots = Counter(found.root for found in read_remarks(item, Counter()))
    assert roots == {None: 1, "1": 19_999}


@pytest.mark.parametrize(
    ("approved", "status"),
    [
        ("1", "approved"),
        ("approve", "approved"),
        ("0", "pending"),
        ("hold", "pending"),
        ("", "pending"),
        ("spam", "rejected"),
    ],
)
def test_moderation_is_kept(site: Site, approved: str, status: str) -> None:
    site.load(export(post(1, remark(1, approved=approved))))
    assert site.column("SELECT status FROM comments_comment") == [status]


def test_what_is_no_comment_is_counted(site: Site) -> None:
    result = site.load(
        export(
            post(
                1,
                remark(1, type="pingback"),
                remark(2, type="trackback"),
                remark(3, type="order_note"),
                remark(4, approved="trash"),
                remark(5, content=" \n"),
                remark(6),
                remark(6),
            )
        )
    )
    assert result.out.splitlines()[1] == (
        "Skipped: pingbacks 1, trackbacks 1, comments of type order_note 1, comments in the trash 1, empty comments 1, "
        "comments listed twice 1."
    )
    assert site.count_all()["comments_comment"] == 1


def test_a_guest_is_a_user_who_cannot_log_in_and_whose_address_stays_free(site: Site) -> None:
    site.load(export(post(1, remark(1), remark(2, author="&lt;Bo&gt; &lt;3"), remark(3, author="", author_email=""))))
    users = site.rows(
        "SELECT full_name, email, is_active, hashed_password, is_superuser FROM auth_user WHERE username <> 'anna' "
        "ORDER BY id"
    )
    assert [(name, *rest) for name, _, *rest in users] == [
        ("Bo Ray", False, "!", False),
        ("<Bo> <3", False, "!", False),
        ("Anonymous", False, "!", False),
    ]
    assert all(email.startswith("guest-") and email.endswith("@example.invalid") for _, email, *_ in users)


def test_people_who_share_an_address_stay_different_people(site: Site) -> None:
    remarks = [remark(n, author=name) for n, name in enumerate(("Bo", "Jo", "Bo"), 1)]
    site.load(export(post(1, *remarks)))
    first, second, third = site.column(WRITERS)
    assert first == third != second


def test_an_author_of_the_export_is_recognised_by_the_address(site: Site) -> None:
    site.load(export(post(1, remark(1, author_email="Anna@Example.org"))))
    assert site.column(WRITERS) == ["anna"]


def test_entering_a_users_address_does_not_attribute_a_comment_to_them(site: Site) -> None:
    site.rows("INSERT INTO auth_user (username, email, hashed_password) VALUES ('root', 'r@example.org', 'x')")
    remarks = [
        remark(1, author="root", author_email="r@example.org", user_id="1"),  # of the site, but not in the export
        remark(2, author="Anna Ek", author_email="anna@example.org", approved="0"),  # typed, and not moderated yet
        remark(3, author="Anna Ek", author_email="anna@example.org", approved="0", user_id="1"),
    ]
    site.load(export(post(1, *remarks)))
    root, typed, known = site.column(WRITERS)
    assert root.startswith("root-")
    assert typed.startswith("Anna.Ek-")
    assert known == "anna"


def test_a_later_export_brings_new_comments_below_posts_that_are_here(site: Site) -> None:
    site.load(export(post(1, remark(1, content="one"))))
    site.rows("UPDATE comments_comment SET content = 'edited', status = 'rejected'")
    result = site.load(export(post(1, remark(1, content="one"), remark(2, content="two", parent="1"))))
    assert result.out.splitlines() == ["Imported: comments 1.", "Already here: authors 1, posts 1, comments 1."]
    assert parents(site) == {"edited": None, "two": "edited"}


def test_a_later_export_with_another_thread_never_makes_a_reply_to_a_reply(site: Site) -> None:
    site.load(export(post(1, remark(1, content="top"), remark(2, content="reply", parent="1"))))
    later = [remark(1, approved="trash"), remark(2, content="reply", parent="1"), remark(3, content="new", parent="2")]
    site.load(export(post(1, *later)))
    assert parents(site) == {"top": None, "reply": "top", "new": "top"}


def test_comments_with_numbers_of_no_use_are_told_apart_by_what_they_say(site: Site) -> None:
    content = export(post(1, remark(0, content="a"), remark(0, content="b"), remark(1, content="c", id="")))
    site.load(content)
    assert site.load(content).out.startswith("Nothing new")
    assert set(parents(site)) == {"a", "b", "c"}


def test_comments_on_two_posts_may_have_one_number(site: Site) -> None:
    site.load(export(post(1, remark(1, content="a")), post(2, remark(1, content="b"))))
    assert set(parents(site)) == {"a", "b"}


def test_comments_of_pages_go_with_the_pages(site: Site) -> None:
    site.load(export(post(1, remark(1), post_type="page"), post(2)))
    assert "comments_comment" not in site.count_all()


def test_without_the_comments_plugin_the_posts_are_imported_alone(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    plugins = [
        "dovetail.contrib.throttling",
        "dovetail.contrib.auth",
        "dovetail.contrib.admin",
        "plugins.blog",
        "plugins.wordpress",
    ]
    monkeypatch.setenv("PLUGINS", json.dumps(plugins))
    result = site.run(FILES / "wxr-1.2.xml")
    assert result.out.splitlines()[0] == "Imported: authors 2, tags 3, published posts 1, drafts 1."
    monkeypatch.delenv("PLUGINS")
    result = site.run(FILES / "wxr-1.2.xml")
    assert result.out.splitlines()[0] == "Imported: comments 2, guests 1."


def test_a_failure_among_the_comments_takes_the_posts_back(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_item: Item, _skipped: Counter[str]) -> list[Remark]:
        raise ExportError("the last one is broken")

    monkeypatch.setattr("plugins.wordpress_comments.importer.read_remarks", fail)
    assert site.refuse(export(post(1, remark(1)))) == "manage.py: the last one is broken"


def test_statements_do_not_grow_with_the_guests(site: Site, database_kind: str) -> None:
    def load(number: int, remarks: int) -> int:
        below = (remark(n, author=f"Guest {number} {n}") for n in range(1, remarks + 1))
        return count_statements(lambda: site.load(export(post(number, *below), head=ANNA)))[1]

    few, many = load(1, 5), load(2, 205)
    assert many - few <= 4 + (200 if database_kind == "sqlite" else 0)  # SQLite gets a statement a comment
