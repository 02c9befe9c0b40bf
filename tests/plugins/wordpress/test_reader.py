"""What the reader makes of files, without a database."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from plugins.wordpress.export.reader import Author, Item, Term, plain_text, read_export
from plugins.wordpress.export.source import CHUNK, ExportError, Source
from tests.plugins.wordpress.support import ANNA, FILES, category, export, post

LIMIT = 10_000_000


def read(path: Path, content: str | bytes, max_item_size: int = LIMIT) -> list[Author | Term | Item]:
    file = path / "export.xml"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_export(Source(file, LIMIT), max_item_size))


def items(path: Path, content: str | bytes) -> list[Item]:
    return [entry for entry in read(path, content) if isinstance(entry, Item)]


def test_a_file_of_each_age_is_read() -> None:
    for name, expected in (("wxr-1.0.xml", (0, 2, 1)), ("wxr-1.2.xml", (2, 2, 3))):
        entries = list(read_export(Source(FILES / name, LIMIT), LIMIT))
        counts = tuple(sum(isinstance(entry, kind) for entry in entries) for kind in (Author, Term, Item))
        assert counts == expected, name


def test_an_item_keeps_every_character_of_its_content() -> None:
    first = next(entry for entry in read_export(Source(FILES / "wxr-1.2.xml", LIMIT), LIMIT) if isinstance(entry, Item))
    assert first.content == (
        "<!-- wp:paragraph -->\n<p>Caf&eacute;&nbsp;&amp; bar &lt;b&gt; \u2013 „Nebel“ "
        "\u200f\u0645\u0631\u062d\u0628\u0627\u200e 👩\u200d🚒 e&#769; ]]></p>\n<!-- /wp:paragraph -->"
    )
    assert first.title == "Fog & signals 🌫️"
    assert first.terms == ("Fog & Wind", "Signal")


def test_entities_of_html_outside_cdata_are_understood() -> None:
    entry = next(e for e in read_export(Source(FILES / "wxr-1.0.xml", LIMIT), LIMIT) if isinstance(e, Item))
    assert entry.title == "Grüße \xa0aus\xa0Wien \u2013 Teil\xa01"
    assert entry.content == "Schön war's."
    assert set(entry.terms) == {"Reise", "Bahn"}


@pytest.mark.parametrize("address", ["http://wordpress.org/export/1.2/", "https://wordpress.org/export/1.2/"])
def test_both_forms_of_wordpress_s_namespace_are_known(tmp_path: Path, address: str) -> None:
    found = items(tmp_path, export(post()).replace("http://wordpress.org/export/1.2/", address))
    assert [item.kind for item in found] == ["post"]


def test_white_space_before_the_declaration_is_forgiven(tmp_path: Path) -> None:
    assert len(items(tmp_path, "\ufeff\n\r\n  " + export(post()))) == 1
    assert len(items(tmp_path, " " * (CHUNK + 5) + export(post()))) == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_names_the_encoding(tmp_path: Path, encoding: str) -> None:
    found = items(tmp_path, export(post(content="Ж 😀")).encode(encoding))
    assert [item.content for item in found] == ["Ж 😀"]


@pytest.mark.parametrize(("encoding", "word"), [("windows-1251", "Привет"), ("Shift_JIS", "灯台"), ("GBK", "灯塔")])
def test_a_declared_encoding_is_used(tmp_path: Path, encoding: str, word: str) -> None:
    content = export(post(content=word)).replace("UTF-8", encoding)
    assert [item.content for item in items(tmp_path, content.encode(encoding))] == [word]


def test_utf_16_without_a_mark_is_not_taken_for_nul_bytes(tmp_path: Path) -> None:
    content = export(post(content="Ж")).replace("UTF-8", "UTF-16").encode("utf-16-be")
    assert [item.content for item in items(tmp_path, content)] == ["Ж"]


def test_characters_that_xml_forbids_are_removed_and_counted(tmp_path: Path) -> None:
    file = tmp_path / "export.xml"
    file.write_bytes(export(post(content="a\x00b\x08c\x0bd\x1fe\tf\ufffeg\x7fh")).encode())
    source = Source(file, LIMIT)
    (found,) = (entry for entry in read_export(source, LIMIT) if isinstance(entry, Item))
    assert found.content == "abcde\tfg\x7fh"
    assert source.removed == 5


@pytest.mark.parametrize("at", [CHUNK - 1, CHUNK - 2, CHUNK - 3])
def test_a_character_that_lies_on_the_edge_of_two_pieces_is_whole(tmp_path: Path, at: int) -> None:
    content = export(post(content="😀"))
    start = len(content[: content.index("😀")].encode())
    padded = content.replace("<channel>", "<channel>" + " " * (at - start), 1)
    assert [item.content for item in items(tmp_path, padded)] == ["😀"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, datetime(2020, 5, 1, 10, tzinfo=UTC)),
        ({"post_date_gmt": "0000-00-00 00:00:00"}, datetime(2020, 5, 1, 12, tzinfo=UTC)),
        ({"post_date_gmt": "2020-05-01T10:00:00.001Z"}, datetime(2020, 5, 1, 10, 0, 0, 1000, tzinfo=UTC)),
        ({"post_date_gmt": "", "post_date": "0000-00-00 00:00:00"}, None),
        ({"post_date_gmt": "yesterday", "post_date": "2020-13-45 99:00:00"}, None),
        ({"post_date_gmt": "9999-12-31T23:59:59-23:59", "post_date": ""}, None),
    ],
)
def test_dates_are_utc_and_nonsense_is_no_date(
    tmp_path: Path, fields: dict[str, str], expected: datetime | None
) -> None:
    (item,) = items(tmp_path, export(post(**fields)))
    assert item.created_at == expected
    assert item.updated_at == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tue, 05 May 2020 12:00:00 +0200", datetime(2020, 5, 5, 10, tzinfo=UTC)),
        ("Mon, 30 Nov -0001 00:00:00 +0000", None),
        ("Thu, 01 Jan 1970 00:00:00 +0000", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
        ("", None),
    ],
)
def test_the_rss_date_stands_in_for_a_missing_one(tmp_path: Path, text: str, expected: datetime | None) -> None:
    item = post(1, f"<pubDate>{text}</pubDate>", post_date="", post_date_gmt="0000-00-00 00:00:00")
    assert [found.created_at for found in items(tmp_path, export(item))] == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fish &amp; Chips", "Fish & Chips"),
        ("What&#8217;s\n\tnew", "What\u2019s new"),
        ("&lt;em&gt;", "<em>"),
        ("a\xa0b &nbsp;c", "a\xa0b \xa0c"),
        ("nul &#0; bell &#7; half &#xD800; end\x85", "nul \ufffd bell half \ufffd end"),
    ],
)
def test_names_and_titles_are_what_a_browser_shows(text: str, expected: str) -> None:
    assert plain_text(text) == expected


def test_two_posts_with_one_guid_are_two(tmp_path: Path) -> None:
    first, copy = items(tmp_path, export(post(1, guid="g"), post(2, guid="g")))
    assert first.key != copy.key


def test_terms_of_other_taxonomies_are_left_out(tmp_path: Path) -> None:
    (item,) = items(tmp_path, export(post(1, category("Aside", "post_format"), category("x"), category(" "))))
    assert item.terms == ("x",)


def test_one_item_may_have_only_so_many_characters(tmp_path: Path) -> None:
    content = export(post(title="Small"), post(2, title="Endless", content="x" * 60_000))
    with pytest.raises(ExportError, match=r"'Endless' has more than 50,000 characters; .* WORDPRESS_MAX_ITEM_SIZE"):
        read(tmp_path, content, max_item_size=50_000)


def test_a_million_empty_tags_in_one_item_are_refused_too(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="has more than 50,000 characters"):
        read(tmp_path, export(post(1, "<wp:x/>" * 1_000)), max_item_size=50_000)


def test_small_items_are_forgotten_one_by_one(tmp_path: Path) -> None:
    found = read(tmp_path, export(*(post(n, content="x" * 1000) for n in range(100))), max_item_size=5_000)
    assert len(found) == 101


@pytest.mark.parametrize("name", ["wxr-1.0.xml", "wxr-1.2.xml"])
def test_a_file_cut_anywhere_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    whole = (FILES / name).read_bytes()
    for length in (*range(0, len(whole) - 8, 61), len(whole) - 8):
        with pytest.raises(ExportError) as refusal:
            read(tmp_path, whole[:length])
        assert "\n" not in refusal.value.detail


@pytest.mark.parametrize("name", ["wxr-1.0.xml", "wxr-1.2.xml"])
def test_a_damaged_byte_anywhere_gives_a_result_or_one_refusal(tmp_path: Path, name: str) -> None:
    whole = (FILES / name).read_bytes()
    ends = {"read": 0, "refused": 0}
    for place in range(0, len(whole), 37):
        for byte in (b"<", b"&", b"\xff", b"\0"):
            try:
                read(tmp_path, whole[:place] + byte + whole[place + 1 :])
                ends["read"] += 1
            except ExportError:  # and no other error
                ends["refused"] += 1
    assert all(ends.values())


def test_an_author_s_name_is_put_together_if_there_is_no_display_name(tmp_path: Path) -> None:
    head = ANNA.replace(
        "<wp:author_display_name><![CDATA[Anna Ek]]></wp:author_display_name>",
        "<wp:author_first_name>Anna</wp:author_first_name><wp:author_last_name>Ek</wp:author_last_name>",
    )
    assert read(tmp_path, export(head=head)) == [Author(login="anna", email="anna@example.org", name="Anna Ek")]
