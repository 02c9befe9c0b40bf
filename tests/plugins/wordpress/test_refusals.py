"""Files that are no exports, or not to be trusted: one line, exit code 1, nothing written."""

import os
from pathlib import Path

import pytest

from tests.plugins.wordpress.support import ANNA, Site, export, post

BOMB = (
    '<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)


def with_doctype(doctype: str, title: str) -> str:
    return export(post(title=title)).replace("<rss", f"{doctype}<rss", 1).replace("<![CDATA[" + title + "]]>", title)


NO_EXPORTS = [
    (b"", "is empty"),
    (b" \n\n", "ends too early"),
    (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "is not valid utf-8 near byte 0"),
    (b"PK\x03\x04just a zip", "is not well-formed XML"),
    (b"title,content\na,b\n", "is not well-formed XML: syntax error (line 1, column 1)"),
    (b"<html><body>Sorry</body></html>", "starts with <html>, expected <rss>"),
    (b"<!DOCTYPE html><html></html>", "declares a document type or an entity"),
    (b"<rss><channel><item><title>News</title></item></channel></rss>", "<wp:wxr_version> is missing"),
    (b"<rss><channel></channel></rss>", "<wp:wxr_version> is missing"),
    (b"<rss/>", "<wp:wxr_version> is missing"),
    (export(version="1.2").replace(">1.2<", ">2.0<"), "has WXR version '2.0', expected one of 1.0, 1.1, 1.2"),
    (export(post())[:-30], "ends too early, in line"),
    (export(post()).encode()[:-20] + b"\xc3", "ends in the middle of a character"),
    (export(post(content="a]]>b")), "is not well-formed XML"),
    (export(post()).replace("<channel>", "<channel>&nosuch;"), "undefined entity &nosuch;"),
    (export(post()).replace("xmlns:wp=", "xmlns:other="), "is not well-formed XML: unbound prefix"),
    (export(post(content="Ö")).encode("latin-1"), "is not valid UTF-8 near byte"),
    (export(post()).replace("UTF-8", "x-klingon"), "its encoding is 'x-klingon', which does not fit"),
    (export(post()).replace("UTF-8", "zlib"), "its encoding is 'zlib', which does not fit"),
    (export(post()).replace("UTF-8", "unicode_escape"), "is 'unicode_escape', which does not fit"),
    (export(post(content="\ud83d")).encode("utf-16", "surrogatepass"), "is not valid utf-16"),
    (export(post(1, "<wp:x>" * 60 + "</wp:x>" * 60)), "nested 32 levels deep"),
    (with_doctype(BOMB, "&c;"), "declares a document type or an entity"),
    (with_doctype('<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/hostname">]>', "&x;"), "declares a document type"),
    (with_doctype('<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/x.dtd">', "x"), "declares a document type"),
    (with_doctype('<!DOCTYPE rss [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]>', "x"), "declares a document"),
]


def test_a_file_that_is_no_export_is_refused_in_one_line(site: Site) -> None:
    for content, words in NO_EXPORTS:
        assert words in site.refuse(content)


def test_a_file_that_is_missing_is_named(site: Site) -> None:
    result = site.run(site.folder / "none.xml")
    assert (result.code, result.out) == (1, "")
    assert result.err.strip().endswith("none.xml' cannot be read: No such file or directory")


def test_a_directory_is_no_export(site: Site) -> None:
    result = site.run(site.folder)
    assert (result.code, len(result.err.splitlines())) == (1, 1)
    assert "is a directory; expected a WordPress export" in result.err


def test_a_pipe_is_refused_and_not_waited_for(site: Site) -> None:
    os.mkfifo(site.folder / "pipe")
    assert "is not a regular file" in site.run(site.folder / "pipe").err


def test_a_name_with_odd_characters_is_quoted_on_one_line(site: Site) -> None:
    assert len(site.run(site.folder / "no\nsuch\udcff.xml").err.splitlines()) == 1


def test_a_file_over_the_limit_is_refused_before_it_is_read(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORDPRESS_MAX_BYTES", "1000")
    assert site.refuse("<" * 1001).endswith(
        "has 1,001 bytes, the limit is 1,000; let WordPress export it in parts, or set WORDPRESS_MAX_BYTES"
    )


def test_a_post_over_the_limit_is_refused_by_name(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORDPRESS_MAX_ITEM_SIZE", "2000")
    line = site.refuse(export(post(1), post(2, title="Too long", content="x" * 2000)))
    assert "the item 'Too long' has more than 2,000 characters" in line


def test_a_tag_without_an_end_is_given_up_before_the_file_ends(site: Site) -> None:
    line = site.refuse(export().replace("<channel>", "<channel><!-- " + "x" * 19_000_000))
    assert "has a tag that does not end" in line


def test_damage_at_the_very_end_leaves_nothing_of_what_came_before(site: Site) -> None:
    good = "".join(post(number) for number in range(450))
    assert "is not well-formed XML: mismatched tag" in site.refuse(export(good, "<item><title>x</item>"))


def test_a_database_without_tables_ends_in_one_line(
    empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", empty_database_url)
    monkeypatch.setenv("ENVIRONMENT", "test")
    monkeypatch.setenv("SECRET_KEY", "a-secret-for-tests-only-0123456789abcdef")
    site = Site(empty_database_url, tmp_path)
    result = site.run(site.write(export(post(), head=ANNA)))
    assert result.code == 1
    assert len([line for line in result.err.splitlines() if line.startswith("manage.py:")]) == 1
    assert "Traceback" not in result.err
