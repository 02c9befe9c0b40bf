"""What was measured, as one picture."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib import ticker

from benchmarks.middleware import ALL, NONE
from benchmarks.report.figures import BASE, Figures, Spread
from benchmarks.report.tables import title_of
from benchmarks.run import MIDDLEWARE

SHORT = {
    "W1": "one post",
    "W1t": "token",
    "W2": "twenty",
    "W2t": "token",
    "W3": "total",
    "W4": "create",
    "W5": "nothing",
    "W6": "change",
    "W7": "of a tag",
    "W8": "cursor",
    "W9": "of an author",
}
OTHER = "#56B4E9"  # a checkout that was measured beside this one
# Okabe and Ito's colours, which the colour-blind can tell apart.
COLOURS = {
    "raw": "#777777",
    "dovetail": "#0072B2",
    "tutorial": "#E69F00",
    "django_ninja": "#009E73",
    "django_rest_framework": "#CC79A7",
}


def draw(figures: Figures, path: Path) -> None:
    """Draw four panels: W1 to W9, page sizes, depth, middleware. The same figures give the same bytes."""
    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "dovetail", "font.size": 9})
    mpl.rcParams.update({"axes.spines.top": False, "axes.spines.right": False})
    panels = [["workloads"] * 3, ["pages", "depth", "middleware"]]
    figure, axes = plt.subplot_mosaic(panels, figsize=(15, 9), layout="constrained")
    _workloads(figures, axes["workloads"])
    _pages(figures, axes["pages"])
    _depth(figures, axes["depth"])
    _middleware(figures, axes["middleware"])
    handles, labels = axes["pages"].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)
    figure.savefig(path, format=path.suffix[1:], facecolor="white", metadata={"Date": None})
    plt.close(figure)


def _workloads(figures: Figures, axes: Any) -> None:
    names = [name for name in figures.contestants("W1") if name != BASE]
    width = 0.8 / len(names)
    for number, name in enumerate(names):
        ratios = [figures.ratio(workload, name, "rate") for workload in SHORT]
        heights = [ratio.middle if ratio else 0 for ratio in ratios]
        places = [place + (number - (len(names) - 1) / 2) * width for place in range(len(heights))]
        bars = axes.bar(places, heights, width, color=COLOURS.get(name, OTHER))
        labels = [f"{ratio.middle:.2f}" if ratio else "" for ratio in ratios]
        axes.bar_label(bars, labels, fontsize=7, rotation=90, padding=2)
    axes.axhline(1, color=COLOURS[BASE], linewidth=1)
    axes.set_xticks(range(len(SHORT)), [f"{name}\n{text}" for name, text in SHORT.items()])
    axes.set_title("Requests a second, in multiples of raw ASGI + asyncpg")


def _pages(figures: Figures, axes: Any) -> None:
    sizes = figures.workloads("limit ")
    for name in figures.contestants(sizes[0]):
        points = [(int(size.split()[1]), _cost(figures, size, name)) for size in sizes]
        axes.plot(*zip(*points, strict=True), marker="o", color=COLOURS.get(name, OTHER), label=_plain(name))
    axes.set(xscale="log", xlabel="posts a page")
    _scale(axes)
    axes.set_xticks([number for number, _ in points], [str(number) for number, _ in points])
    axes.xaxis.minorticks_off()
    axes.set_title("CPU a request by page size, server + PostgreSQL, ms")


def _depth(figures: Figures, axes: Any) -> None:
    for kind, style in (("offset ", "-"), ("cursor ", ":")):
        for name in figures.contestants(f"{kind}0"):
            points = [(int(each.split()[1]), _cost(figures, each, name)) for each in figures.workloads(kind)]
            axes.plot(*zip(*points, strict=True), style, marker="o", markersize=4, color=COLOURS.get(name, OTHER))
    axes.set(xlabel="posts before the page: by offset (solid) and by cursor (dotted)")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    _scale(axes)
    axes.set_title("CPU a request by depth, server + PostgreSQL, ms")


def _middleware(figures: Figures, axes: Any) -> None:
    whole, workloads = f"without {NONE}", figures.workloads(f"{MIDDLEWARE} ")
    names = [each for each in figures.contestants(workloads[0]) if each not in (whole, f"without {ALL}")][::-1]
    height = 0.8 / len(workloads)
    for number, workload in enumerate(reversed(workloads)):
        costs = [figures.difference(workload, name, "cpu", whole) for name in names]
        found = [cost or Spread(0, 0, 0) for cost in costs]
        middles = [cost.middle * 1e6 for cost in found]
        low = [(cost.middle - cost.low) * 1e6 for cost in found]
        high = [(cost.high - cost.middle) * 1e6 for cost in found]
        places = [place + (number - (len(workloads) - 1) / 2) * height for place in range(len(names))]
        title = workload.removeprefix(f"{MIDDLEWARE} ")
        colour = ("#56B4E9", COLOURS["dovetail"])[number % 2]
        axes.barh(places, middles, height, color=colour, label=f"{title} {SHORT[title]}")
        axes.errorbar(
            [cost.middle * 1e6 for cost in found], places, xerr=[low, high], fmt="none", color="#333333", lw=1
        )
    titles = [name.removeprefix("without ").removesuffix("Middleware") for name in names]
    axes.set_yticks(range(len(names)), titles)
    axes.legend(frameon=False)
    axes.set_xlabel("median of the rounds; the line is from the lowest to the highest")
    axes.set_title("Dovetail by middleware, µs of CPU a request")


def _scale(axes: Any) -> None:
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_locator(ticker.NullLocator())
    axes.grid(visible=True, axis="y", alpha=0.3)


def _cost(figures: Figures, workload: str, contestant: str) -> float:
    found = (figures.value(workload, contestant, key) for key in ("cpu", "postgres"))
    return sum(value or 0 for value in found) * 1e3


def _plain(contestant: str) -> str:
    return title_of(contestant).strip("*")
