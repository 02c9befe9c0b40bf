"""The table of what accounts cost is made of three measurements, each of which may be missing."""

import json

from click.testing import CliRunner

from benchmarks.accounts import report, tables
from benchmarks.report.page import PAGES

READS = [
    {"database": "sqlite", "read": "one post", "statements": [1, 1], "cpu": [0.0004, 0.0005]},
    {"database": "postgresql", "read": "one post", "statements": [1, 2], "cpu": [0.0004, 0.0006]},
]
TOKENS = {"date": "2026-11-27", "times": 300, "reads": READS}
WAITS = {"p50": 0.0015, "p99": 0.0213, "longest": 0.1177}
LOGINS = {"date": "2026-11-28", "logins": 50, "seconds": 7.64, "looks": 2211, "waits": WAITS}
ENUMERATION = {"date": "2026-11-29", "tries": 200, "gaps": {"sqlite": {"login": 0.001, "register": 0.0024}}}


def test_the_table_of_accounts_says_what_each_measurement_found_and_when():
    lines = tables.text(TOKENS, LOGINS, ENUMERATION).splitlines()
    assert "| one post, without and with a token: CPU, µs | 400 and 500 (1.25) | 400 and 600 (1.50) |" in lines
    assert "| one post, without and with a token: statements | 1 and 1 | 1 and 2 |" in lines
    assert "| twenty posts, without and with a token: statements | - | - |" in lines
    assert "| 50 logins at once, s | 7.6 | - |" in lines
    assert "| `/health/live` meanwhile: p50, p99, longest, ms | 1.5, 21.3, 117.7 | - |" in lines
    assert lines[-3].endswith("widest gap between medians, ms | 2.4 (register) | - |")
    assert all(date in lines[-1] for date in ("2026-11-27, medians of 300", "2026-11-28, 2,211", "2026-11-29, 200"))


def test_what_was_not_measured_is_a_dash():
    lines = tables.text(None, None, ENUMERATION).splitlines()
    assert "| logins at once | - | - |" in lines
    assert lines[-1] == "`...enumeration` on 2026-11-29, 200 tries each."


def test_the_table_of_accounts_is_written_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = "<!-- benchmark: accounts -->\nold\n<!-- end -->\n<!-- benchmark: summary -->\nkept\n<!-- end -->\n"
    for name in PAGES:
        name.parent.mkdir(exist_ok=True)
        name.write_text(page, encoding="utf-8")
    tables.keep("logins", LOGINS)
    assert json.loads((tmp_path / "var" / "benchmark-logins.json").read_text()) == LOGINS
    done = CliRunner().invoke(report.main)
    assert done.exit_code == 0, done.output
    for name in PAGES:
        written = name.read_text(encoding="utf-8")
        assert "| 50 logins at once, s | 7.6 | - |" in written
        assert "old" not in written
        assert "kept" in written
