"""A revision whose code cannot tell its rules is refused in one line, whatever it does instead."""

import subprocess

import pytest

from dovetail.contrib.auth.rules import versions
from dovetail.errors import InvalidInputError


@pytest.mark.parametrize(
    ("code", "patience", "reason"),
    [
        ("print('hello')", 300, "what it wrote is no JSON"),
        ("raise SystemExit('no such option')", 300, "no such option"),
        ("import time; time.sleep(60)", 0.5, "it took more than 0.5 seconds"),
    ],
)
def test_a_revision_that_tells_no_rules_is_refused_with_the_reason(tmp_path, monkeypatch, code, patience, reason):
    (tmp_path / "manage.py").write_text(code, encoding="utf-8")
    for words in ("init -q", "add .", "-c user.name=a -c user.email=a@example.org commit -q -m first"):
        subprocess.run(["git", *words.split()], cwd=tmp_path, check=True)
    monkeypatch.setattr(versions, "PATIENCE", patience)
    with pytest.raises(InvalidInputError) as refused:
        versions.snapshot_of_revision(tmp_path, "HEAD")
    assert str(refused.value) == f"Revision 'HEAD' cannot tell its rules: {reason}"
