"""`make bench` measures Dovetail beside others: the whole harness, with little data and no time to speak of."""

import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from benchmarks import agreement, load, middleware
from benchmarks.report import figures, tables
from benchmarks.report import page as report
from benchmarks.servers import CONTESTANTS, Server
from benchmarks.workloads import DEPTHS, SIZES, workloads
from tests.running import ROOT, environment

POSTS = 300
MEASURED = ["raw", "dovetail"]  # what needs no package that only `make bench` installs


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("benchmark") / "results.json"
    command = [sys.executable, "-m", "benchmarks.run", "--rounds", "2", "--seconds", "0.05", "--posts", str(POSTS)]
    command += [f"--contestant={name}" for name in MEASURED]
    command += [f"--only={workload.name}" for workload in workloads(POSTS)]  # all but the middleware
    done = subprocess.run(
        [*command, "--output", path], cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return path


SERVER = Server(CONTESTANTS[0], 0, None, Path(), "", 0)  # type: ignore[arg-type]  # nobody starts it


def request_token(request: load.Request) -> str:
    """Whose token a request carries."""
    text = request if isinstance(request, bytes) else request.write()
    return load.header(text, b"authorization").decode()


def with_middleware(results: Path) -> figures.Figures:
    """The figures, as if the middleware had been measured too."""
    found = figures.read(results)
    more = [
        dict(
            found.measurements[0],
            round=number,
            workload=f"middleware {workload}",
            contestant=f"without {name}",
            cpu=cpu,
        )
        for name, cpu in ((middleware.NONE, 0.0002), ("EdgeMiddleware", 0.00015), (middleware.ALL, 0.0001))
        for workload in ("middleware W1", "middleware W5")
        for number in (1, 2)
    ]
    return figures.Figures(found.facts, [*found.measurements, *more])


def test_every_workload_is_measured_for_every_contestant_in_every_round_each_time_another_first(results):
    measured = figures.read(results).measurements

    wanted = [
        (number, workload.name, contestant)
        for number in (1, 2)
        for workload in workloads(POSTS)
        for contestant in (MEASURED if number == 1 else MEASURED[::-1])
    ]
    assert [(each["round"], each["workload"], each["contestant"]) for each in measured] == wanted
    for each in measured:
        assert each["requests"] > 0
        assert each["cpu"] > 0
        assert each["p50"] <= each["p99"]


def test_the_workloads_are_those_the_page_tells_of():
    names = {workload.name for workload in workloads(50_000)}

    assert names >= set(tables.WORKLOADS)
    assert names >= {f"limit {size}" for size in (1, 20, 100, 500)}
    assert names >= {f"{kind} {depth}" for kind in ("offset", "cursor") for depth in (0, 10_000, 49_000)}
    known = {each.name: each for each in workloads(50_000)}
    for name in ("W1t", "W2t", "W4", "W6"):  # so that no cache of one user flatters anybody
        tokens = {request_token(one) for one in known[name].requests(SERVER)}
        assert len(tokens) > 200, name
    assert len(names) == len(tables.WORKLOADS) + len(SIZES) + 2 * (1 + len(DEPTHS))


def test_ratios_are_taken_within_a_round():
    def measured(number: int, contestant: str, rate: float) -> dict[str, object]:
        return {"round": number, "workload": "W1", "contestant": contestant, "rate": rate}

    found = figures.Figures(
        {},
        [measured(1, "raw", 100), measured(1, "mine", 50), measured(2, "raw", 10), measured(2, "mine", 8)],
    )

    assert found.ratio("W1", "mine", "rate") == figures.Spread(0.65, 0.5, 0.8)
    assert found.value("W1", "raw", "rate") == 55
    assert found.ratio("W1", "nobody", "rate") is None


def test_whoever_is_faster_is_named_with_the_workloads():
    def measured(workload: str, contestant: str, rate: float) -> dict[str, object]:
        cpu = 1 / rate
        return {"round": 1, "workload": workload, "contestant": contestant, "rate": rate, "cpu": cpu, "busy": 1.0}

    rates = {"raw": (100, 50), "dovetail": (60, 60), "tutorial": (10, 70)}
    each = [
        measured(name, who, rate)
        for who, found in rates.items()
        for name, rate in zip(("W1", "W3"), found, strict=True)
    ]
    facts = {"server_has_a_core": True, "rounds": 1, "date": "", "cores": 2, "python": "", "postgresql": "", "posts": 1}

    summary = tables.summary(figures.Figures(facts | {"seconds": 1}, each))

    assert "Faster than Dovetail: raw ASGI + asyncpg in W1; FastAPI + SQLAlchemy ORM in W3." in summary


def test_another_checkout_is_measured_on_a_database_of_its_own(tmp_path):
    other = tmp_path / "older"
    other.symlink_to(ROOT)
    command = [sys.executable, "-m", "benchmarks.run", "--rounds", "1", "--seconds", "0.05", "--posts", str(POSTS)]
    command += ["--contestant=raw", "--only=W6", "--beside", other, "--output", tmp_path / "results.json"]

    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    measured = figures.read(tmp_path / "results.json").measurements
    assert [each["contestant"] for each in measured] == ["raw", f"beside {ROOT.name}"]


def test_a_change_carries_the_etag_of_the_answer_before_and_another_number():
    change = load.Change("/posts/1", '{"title": "{number}"}', "t")

    first = change.write()
    change.answered(b'HTTP/1.1 200 OK\r\nETag: "abc"\r\nContent-Length: 2')
    second = change.write()

    assert b"If-Match: *\r\n" in first
    assert first.endswith(b'\r\n\r\n{"title": "1"}')
    assert b'If-Match: "abc"\r\n' in second
    assert second.endswith(b'\r\n\r\n{"title": "2"}')


def test_the_tables_are_written_between_the_markers_of_the_pages(results):
    found = with_middleware(results)
    texts = {name: write(found) for name, write in report.SECTIONS.items()} | {
        "migrations": "the migrations",
        "startup": "the start",
        "back office": "its pages",
        "accounts": "what a token costs",
    }

    for page in (ROOT / "README.md", ROOT / "docs" / "performance.md"):
        before = page.read_text(encoding="utf-8")
        after = report.fill(before, texts)
        assert before.count("<!-- benchmark: ") == after.count("<!-- benchmark: ") > 0
        assert after.count("<!-- end -->") == before.count("<!-- end -->")
        assert report.fill(after, texts) == after
    assert "| `EdgeMiddleware` | 50 (50 to 50) | 50 (50 to 50) |" in texts["middleware"]
    assert "page of 500" in texts["pages"]
    assert texts["summary"].count("**Dovetail**") == 1
    for workload in tables.WORKLOADS:
        assert texts["summary"].count(f"| {workload} ") == 1
        assert texts["details"].count(f"| {workload} | raw") == 1


def test_every_table_has_a_place_in_a_page():
    pages = "".join((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/performance.md"))

    assert [
        name
        for name in (*report.SECTIONS, "migrations", "startup", "back office", "accounts")
        if f"<!-- benchmark: {name} -->" not in pages
    ] == []


def test_the_table_in_the_readme_is_one_the_report_writes(results):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = text.partition("<!-- benchmark: summary -->\n")[2].partition("<!-- end -->")[0].splitlines()

    written = tables.summary(with_middleware(results)).splitlines()
    rows = slice(2, 2 + len(tables.WORKLOADS))
    assert [title.strip() for title in shown[0].split("|")[2:-1]] == list(tables.TITLES.values())
    assert [line.split("|")[1] for line in shown[rows]] == [line.split("|")[1] for line in written[rows]]
    assert shown[-1].startswith("`make bench` on 20")


def test_figures_without_all_workloads_leave_the_pages_as_they_are(results, tmp_path):
    (tmp_path / "docs").mkdir()
    for name in ("README.md", "docs/performance.md"):
        shutil.copy(ROOT / name, tmp_path / name)

    done = CliRunner().invoke(report.main, ["--figures", str(results), "--folder", str(tmp_path)])

    assert done.exit_code == 1
    assert "has no figures of middleware; run without --only" in done.output
    assert (tmp_path / "README.md").read_bytes() == (ROOT / "README.md").read_bytes()


async def test_a_request_says_which_middleware_it_is_served_without(settings):
    site = middleware.Variants(settings)
    seen = {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(site), base_url="http://localhost") as client:
        for name in middleware.variants():
            answer = await client.get("/health/live", headers={middleware.HEADER.decode(): name})
            assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
            seen[name] = answer.headers
    assert [name for name, headers in seen.items() if "x-request-id" not in headers] == [
        "EdgeMiddleware",
        middleware.ALL,
    ]


def test_a_request_for_a_variant_is_the_same_request_with_one_header_more():
    assert middleware.choose(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "B") == (
        b"GET / HTTP/1.1\r\nbenchmark-without: B\r\nHost: a\r\n\r\n"
    )


def test_a_middleware_that_is_not_there_is_not_measured(settings):
    with pytest.raises(ValueError, match="there is no SessionMiddleware, only EdgeMiddleware, "):
        middleware.make_app(settings, "SessionMiddleware")


def test_a_difference_between_answers_is_named():
    expected, found = {"items": [{"tags": ["a"]}]}, {"items": [{"tags": ["b"]}]}

    assert agreement.first_difference(expected, found) == ".items[0].tags[0] is b, not a"
    assert agreement.first_difference(expected, None) == f"all of it is None, not {expected}"
