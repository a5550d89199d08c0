"""Draw results: `figure.py performance.json performance.svg`. Needs matplotlib.

Bars show ratios to bare azure-core, lines what grows. Colours are those of Okabe and Ito, which colour-blind readers
can tell apart; each line has a marker of its own too.
"""

import json
import sys
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator
from tables import NAMES, number
from workloads import CONTENDERS, SCALING, WORKLOADS

COLOURS = {"ours": "#0072B2", "core": "#999999", "b9": "#E69F00", "openai": "#009E73", "mistralai": "#CC79A7"}
MARKERS = {"ours": "o", "core": "s", "b9": "^", "openai": "D", "mistralai": "v"}
STYLE = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "font.sans-serif": ["DejaVu Sans", "sans-serif"],
    "svg.fonttype": "none",
    "svg.hashsalt": "performance",  # the same file for the same numbers
}


def brief(value: float) -> str:
    """Write a round number for an axis: 10, 1k, 100k, 10M."""
    for unit, sign in ((1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:g}{sign}"
    return f"{value:g}"


def bars(axes: Axes, operations: dict[str, dict[str, float]]) -> None:
    """Draw each workload's ratios to bare azure-core."""
    names = [name for name in WORKLOADS if "core" in operations.get(name, {})]
    others = [name for name in CONTENDERS if name != "core"]
    width = 0.8 / len(others)
    for place, contender in enumerate(others):
        for row, name in enumerate(names):
            if contender not in operations[name]:
                continue
            ratio = operations[name][contender] / operations[name]["core"]
            at = row + (place - (len(others) - 1) / 2) * width
            axes.barh(at, ratio - 1, height=width * 0.9, left=1, color=COLOURS[contender])
            axes.annotate(
                number(ratio),
                (ratio, at),
                xytext=(3 if ratio >= 1 else -3, 0),
                textcoords="offset points",
                ha="left" if ratio >= 1 else "right",
                va="center",
                fontsize=7,
            )
    axes.set_xscale("log")
    axes.axvline(1, color=COLOURS["core"], linewidth=1.5)
    axes.set_yticks(range(len(names)), [WORKLOADS[name].title.replace("`", "") for name in names])
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.invert_yaxis()
    axes.margins(x=0.08, y=0.01)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: brief(value)))
    axes.minorticks_off()
    axes.set_xlabel("processor time, as a multiple of bare azure-core's (less is better; logarithmic)")


def lines(axes: Axes, found: dict[str, dict[str, float]], across: str, up: str) -> None:
    """Draw what grows, for each contender."""
    for contender, values in found.items():
        points = sorted((int(size), value) for size, value in values.items() if value > 0)
        if points:
            style = {"color": COLOURS[contender], "marker": MARKERS[contender], "markersize": 4, "linewidth": 1.4}
            axes.plot(*zip(*points, strict=True), **style, zorder=3 if contender == "ours" else 2)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 100 * low else (1,)))
    axes.xaxis.set_major_locator(LogLocator(numticks=9))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: brief(value)))
    axes.minorticks_off()


def draw(results: dict[str, Any]) -> Figure:
    """Draw the whole picture."""
    figure = Figure(figsize=(10, 11.5), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=[1, 1.05])
    bars(above.subplots(), results["operations"])
    panels = below.subplots(2, len(SCALING), squeeze=False)
    for column, (name, scaling) in enumerate(SCALING.items()):
        found = results["scaling"][name]
        lines(panels[0][column], found["cpu"], "", f"processor time, {scaling.cpu_unit}")
        lines(panels[1][column], found["memory"], scaling.axis, f"memory, {scaling.memory_unit}")
    handles = [
        mpl.lines.Line2D([], [], color=COLOURS[name], marker=MARKERS[name], linewidth=3, label=NAMES[name])
        for name in CONTENDERS
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), frameon=False)
    return figure


def main() -> None:
    """Read and draw."""
    data, picture = sys.argv[1:]
    with open(data, encoding="utf-8") as file:
        results = json.load(file)
    with mpl.rc_context(STYLE):
        draw(results).savefig(picture, metadata={"Date": None} if picture.endswith(".svg") else None, dpi=110)


if __name__ == "__main__":
    main()
