"""What was measured, as Markdown."""

from collections.abc import Iterable, Sequence

from benchmarks.middleware import ALL, NONE
from benchmarks.report.figures import BASE, Figures, Spread
from benchmarks.run import MIDDLEWARE
from benchmarks.servers import CONTESTANTS

QUIET = 0.85  # of a core: what a server that only computes has on a machine that does nothing else
OWN = "dovetail"
NOTHING = "-"  # was not measured, or cannot be
TITLES = {each.name: each.title for each in CONTESTANTS}
WORKLOADS = {
    "W1": "one post with author and tags",
    "W1t": "the same, with a token",
    "W2": "twenty posts with author and tags, of the newest 2,000",
    "W2t": "the same, with a token",
    "W3": "twenty posts, and how many there are",
    "W4": "create a post, with a token",
    "W5": "no database",
    "W6": "change a title, with a token and If-Match",
    "W7": "the newest posts of a tag",
    "W8": "twenty posts by cursor, 10,000 deep",
    "W9": "posts of an author, and how many there are",
}


def summary(figures: Figures) -> str:
    """W1 to W9 in multiples of raw's, a column for each contestant."""
    names = figures.contestants("W1")
    heads = ["", *(title_of(name) for name in names)]
    rows = [
        [f"{workload} {title}", *(_relative(figures, workload, name) for name in names)]
        for workload, title in WORKLOADS.items()
    ]
    note = (
        "Raw in requests a second (CPU of the server a request); the others in multiples of raw's, of the same round.\n"
        f"Faster than Dovetail: {_faster(figures)}."
    )
    return f"{table(heads, rows)}\n\n{note}\n{_setting(figures)}"


def details(figures: Figures) -> str:
    """W1 to W9 in figures of their own."""
    heads = ["", "", "requests/s", "against raw (lowest to highest round)", "CPU, ms", "CPU against raw"]
    rows = [
        [
            workload if contestant == BASE else "",
            title_of(contestant),
            _number(figures.value(workload, contestant, "rate")),
            _spread(figures.ratio(workload, contestant, "rate")),
            _milliseconds(figures.value(workload, contestant, "cpu")),
            _spread(figures.ratio(workload, contestant, "cpu"), 1),
            _milliseconds(figures.value(workload, contestant, "postgres")),
            *(_number(figures.value(workload, contestant, key), 1) for key in ("p50", "p99")),
            _percent(figures.value(workload, contestant, "busy")),
        ]
        for workload in WORKLOADS
        for contestant in figures.contestants(workload)
    ]
    return table([*heads, "PostgreSQL, ms", "p50, ms", "p99, ms", "core busy"], rows)


def title_of(contestant: str) -> str:
    """What a contestant is called; its name, if it belongs to this one run."""
    return TITLES.get(contestant, contestant)


def costs(figures: Figures, *prefixes: str) -> str:
    """CPU milliseconds a request of server + PostgreSQL, of every workload that begins so, a column each."""
    workloads = [name for prefix in prefixes for name in figures.workloads(f"{prefix} ")]
    rows = [
        [title_of(contestant), *(_both(figures, workload, contestant) for workload in workloads)]
        for contestant in figures.contestants(workloads[0])
    ]
    return table(["", *(_column(name) for name in workloads)], rows)


def middleware(figures: Figures) -> str:
    """Microseconds of CPU a request that each middleware costs."""
    whole = f"without {NONE}"
    workloads = figures.workloads(f"{MIDDLEWARE} ")
    rows = [
        [_without(name), *(_microseconds(figures.difference(each, name, "cpu", whole)) for each in workloads)]
        for name in figures.contestants(workloads[0])
        if name != whole
    ]
    rows.append(["a whole request", *(_microseconds(figures.spread(each, whole, "cpu")) for each in workloads)])
    return table(["µs of CPU a request", *(each.removeprefix(f"{MIDDLEWARE} ") for each in workloads)], rows)


def setting(figures: Figures) -> str:
    """Where and with what it was measured."""
    facts = figures.facts
    packages = ", ".join(f"{name} {number}" for name, number in facts["packages"].items())
    return f"{_setting(figures)}\n\nVersions: {packages}."


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown; all columns but the first hold figures."""
    lines = [heads, ["---", *("--:" for _ in heads[1:])], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _setting(figures: Figures) -> str:
    facts = figures.facts
    where = "the server on one of them" if facts["server_has_a_core"] else "not parted between server and load"
    rounds = f"{facts['rounds']} rounds" if facts["rounds"] > 1 else "one round"
    return (
        f"`make bench` on {facts['date']}: {facts['cores']} cores, {where}; Python {facts['python']}, PostgreSQL "
        f"{facts['postgresql']}; a blog of {facts['posts']:,} posts; medians of {rounds} of {facts['seconds']:g} s a "
        f"measurement.{_doubt(figures)}"
    )


def _doubt(figures: Figures) -> str:
    busy = figures.value("W5", BASE, "busy")
    if busy is None or busy > QUIET or not figures.facts["server_has_a_core"]:
        return ""
    return f" **The machine was not quiet:** with no database to wait for, raw had {busy:.0%} of its core."


def _absolute(figures: Figures, workload: str) -> str:
    rate, cpu = (figures.value(workload, BASE, key) for key in ("rate", "cpu"))
    return f"{_number(rate)}/s ({_milliseconds(cpu)} ms)"


def _relative(figures: Figures, workload: str, contestant: str) -> str:
    if contestant == BASE:
        return _absolute(figures, workload)
    rate, cpu = (figures.ratio(workload, contestant, key) for key in ("rate", "cpu"))
    return f"{rate.middle:.2f} ({cpu.middle:.1f})" if rate and cpu else NOTHING


def _faster(figures: Figures) -> str:
    """Who answers more requests a second than Dovetail, and in which workloads."""
    told = []
    for name in figures.contestants("W1"):
        ratios = {workload: figures.ratio(workload, name, "rate") for workload in WORKLOADS}
        own = {workload: figures.ratio(workload, OWN, "rate") for workload in WORKLOADS}
        ahead = [one for one, ratio in ratios.items() if ratio and (mine := own[one]) and ratio.middle > mine.middle]
        told += [f"{title_of(name).strip('*')} in {', '.join(ahead)}"] if ahead else []
    return "; ".join(told) or "nobody"


def _both(figures: Figures, workload: str, contestant: str) -> str:
    server, database = (figures.value(workload, contestant, key) for key in ("cpu", "postgres"))
    if server is None:
        return NOTHING
    return _milliseconds(server) + (f" + {_milliseconds(database)}" if database is not None else "")


def _column(workload: str) -> str:
    kind, number = workload.split()
    return {"limit": "page of", "offset": "offset", "cursor": "cursor at"}[kind] + f" {int(number):,}"


def _number(value: float | None, digits: int = 0) -> str:
    return NOTHING if value is None else f"{value:,.{digits}f}"


def _milliseconds(seconds: float | None) -> str:
    return NOTHING if seconds is None else f"{seconds * 1e3:.3g}"


def _percent(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.0%}"


def _spread(value: Spread | None, digits: int = 2) -> str:
    if value is None:
        return NOTHING
    middle, low, high = (f"{one:.{digits}f}" for one in (value.middle, value.low, value.high))
    return f"{middle} ({low} to {high})"


def _microseconds(value: Spread | None) -> str:
    return NOTHING if value is None else f"{value.middle * 1e6:.0f} ({value.low * 1e6:.0f} to {value.high * 1e6:.0f})"


def _without(contestant: str) -> str:
    name = contestant.removeprefix("without ")
    return name if name == ALL else f"`{name}`"
