"""Write docs/coming-from-django-admin.md: `python -m tests.docs.django_admin.page`."""

from collections import Counter
from itertools import groupby

from tests.docs.asvs.answers import REPOSITORY, place_of
from tests.docs.django_admin.rows import MISSING, NOT_NEEDED, WORKS, Row, read_rows

PAGE = REPOSITORY / "docs" / "coming-from-django-admin.md"
HEAD = """\
# Coming from Django's admin

Django 5.2 has {all} options of its admin. Of these {works} work here, {unneeded} are not needed, and {missing} are
missing. [The back office](back-office.md) tells how a view is written; options are called as in Django where Django has
them, and what no view has is refused when the site starts, with the name to write.

This page is written by `python -m tests.docs.django_admin.page` of `tests/docs/django_admin/rows.txt`. Whatever works
is executed by the test that it leads to, and a test fails if that is gone.
"""


def write_page() -> str:
    """Return the page."""
    found = read_rows()
    counts = Counter(row.verdict for row in found)
    head = HEAD.format(all=len(found), works=counts[WORKS], unneeded=counts[NOT_NEEDED], missing=counts[MISSING])
    parts = [head]
    for section, rows in groupby(found, lambda row: row.section):
        lines = "\n".join(map(_line, rows))
        parts.append(f"## {section}\n\n| Django | Dovetail | |\n|---|---|---|\n{lines}\n")
    return "\n".join(parts)


def _line(row: Row) -> str:
    here = "" if row.here == "-" else row.here
    if row.verdict == NOT_NEEDED:
        here, verdict = f"not needed because {here}", NOT_NEEDED.removesuffix(" because")
    else:
        verdict = f"**{row.verdict}**" if row.verdict == MISSING else row.verdict
    return f"| `{row.name}` | {_linked(row, verdict)} | {here} |"


def _linked(row: Row, verdict: str) -> str:
    return f"[{verdict}](../{place_of(row.shown)[0].as_posix()})" if row.shown else verdict


if __name__ == "__main__":
    PAGE.write_text(write_page(), encoding="utf-8")
