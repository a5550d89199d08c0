"""Draw results: `figure.py performance.json FOLDER`, for light and dark pages. Needs matplotlib.

Bars show ratios to this package, like the table beside the picture; lines show scaling. The colours are those of Okabe
and Ito, which colour-blind readers can distinguish; each line also has its own marker.
"""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator
from tables import NAMES, number
from workloads import CONTENDERS, SCALING, WORKLOADS

COLOURS = {
    "ours": "#0072B2",
    "speed": "#56B4E9",
    "core": "#999999",
    "b9": "#E69F00",
    "openai": "#009E73",
    "mistralai": "#CC79A7",
}
MARKERS = {"ours": "o", "speed": "P", "core": "s", "b9": "^", "openai": "D", "mistralai": "v"}
STYLE = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.linewidth": 0.6,
    "font.sans-serif": ["DejaVu Sans", "sans-serif"],
    "svg.fonttype": "none",
    "svg.hashsalt": "performance",  # the same file for the same numbers
}
THEMES = {"light": ("#ffffff", "#1f2328", "#d8dee4"), "dark": ("#0d1117", "#d1d7e0", "#30363d")}
"""Colours of page, text and grid of each theme, as on GitHub."""


def style(theme: str) -> dict[str, Any]:
    """Return matplotlib's settings for a theme."""
    page, text, grid = THEMES[theme]
    coloured = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color")
    return {
        **STYLE,
        **dict.fromkeys(coloured, text),
        **dict.fromkeys(("figure.facecolor", "axes.facecolor", "savefig.facecolor"), page),
        "grid.color": grid,
    }


def brief(value: float) -> str:
    """Format a round number for an axis: 10, 1k, 100k, 10M."""
    for unit, sign in ((1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:g}{sign}"
    return f"{value:g}"


def bars(axes: Axes, operations: dict[str, dict[str, float]]) -> None:
    """Draw each workload's ratios to this package. A bar to the right of the line is slower, one to the left faster."""
    others = CONTENDERS[1:]
    names = [name for name in WORKLOADS if len(operations.get(name, {})) > 1]
    height, row, rows = 0.8 / len(others), 0.0, []
    for name in names:
        present = [contender for contender in others if contender in operations[name]]
        for place, contender in enumerate(present):
            ratio = operations[name][contender] / operations[name]["ours"]
            at = row + place * height
            axes.barh(at, ratio - 1, height=height * 0.9, left=1, color=COLOURS[contender])
            axes.annotate(
                number(ratio),
                (ratio, at),
                xytext=(3 if ratio >= 1 else -3, 0),
                textcoords="offset points",
                ha="left" if ratio >= 1 else "right",
                va="center",
                fontsize=7,
            )
        rows.append(row + (len(present) - 1) / 2 * height)
        row += len(present) * height + 0.2
    axes.set_xscale("log")
    axes.axvline(1, color=COLOURS["ours"], linewidth=2)
    axes.set_yticks(rows, [WORKLOADS[name].title.replace("`", "") for name in names])
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.invert_yaxis()
    axes.margins(x=0.08, y=0.01)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: brief(value)))
    axes.minorticks_off()
    axes.set_xlabel("processor time, as a multiple of this package's (less is better; logarithmic)")


def lines(axes: Axes, found: dict[str, dict[str, float]], across: str, up: str) -> None:
    """Draw the scaling workloads for each contender."""
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
    figure = Figure(figsize=(10, 13), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=[1.25, 1.05])
    bars(above.subplots(), results["operations"])
    panels = below.subplots(2, len(SCALING), squeeze=False)
    for column, (name, scaling) in enumerate(SCALING.items()):
        found = results["scaling"][name]
        lines(panels[0][column], found["cpu"], "", f"processor time, {scaling.cpu_unit}")
        lines(panels[1][column], found["memory"], scaling.axis, f"memory, {scaling.memory_unit}")
    drawn = [name for name in CONTENDERS if any(name in found for found in results["operations"].values())]
    handles = [
        mpl.lines.Line2D([], [], color=COLOURS[name], marker=MARKERS[name], linewidth=3, label=_label(name))
        for name in drawn
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), frameon=False, columnspacing=1.2)
    return figure


def _label(contender: str) -> str:
    return NAMES[contender].replace("`", "")


def main() -> None:
    """Read results and draw them."""
    data, folder = map(Path, sys.argv[1:])
    results = json.loads(data.read_text("utf-8"))
    for theme in THEMES:
        with mpl.rc_context(style(theme)):
            draw(results).savefig(folder / f"performance-{theme}.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
