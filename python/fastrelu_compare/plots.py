"""The plots, each a small panel that is legible on a phone; a page shows many beside each other."""

import html
import io
import re
from dataclasses import dataclass

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402 (after the choice of the backend)
from matplotlib.lines import Line2D  # noqa: E402

from . import words  # noqa: E402
from .comparison import CACHED, EDGE, PAST  # noqa: E402
from .results import COMPILER, FASTRELU  # noqa: E402

# The palette of M. Okabe and K. Ito, which colour-blind people can tell apart; letters and markers say it again.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P")
INK, FAINT, GRID, GROUND = "#1C1D1F", "#62666B", "#DCDEE1", "#FFFFFF"
# In a page each colour is a variable of its style sheet, which has others for dark mode.
VARIABLES = {INK: "ink", FAINT: "faint", GRID: "grid", GROUND: "ground",
             **{colour: f"result-{i}" for i, colour in enumerate(COLOURS)}}

STYLE = {
    "svg.fonttype": "none", "figure.constrained_layout.use": True,
    "font.family": "sans-serif", "font.size": 9.5, "text.color": INK,
    "axes.titlesize": 10.5, "axes.titleweight": "bold", "axes.titlelocation": "left", "axes.titlecolor": INK,
    "axes.labelcolor": FAINT, "axes.edgecolor": GRID, "axes.spines.top": False, "axes.spines.right": False,
    "xtick.color": FAINT, "xtick.major.size": 0, "xtick.minor.size": 0,
    "ytick.color": FAINT, "ytick.major.size": 0, "ytick.minor.size": 0,
    "grid.color": GRID, "lines.linewidth": 1.8, "lines.markersize": 4.5,
}
LIMIT, LOOP = (0, (4, 2)), (0, (1, 1.5))  # how these lines are broken
WIDTH = 4.6  # inches of 72 points: a phone's width


@dataclass
class Plot:
    kind: str
    zone: str  # "" for plots of all sizes
    alternative: str  # in words, for who does not see it
    dtype: str
    operation: str  # "" for plots of all
    results: list
    figure: object

    @property
    def name(self):
        parts = [part for part in (self.kind, self.operation, self.zone, self.dtype) if part]
        return "-".join(parts).replace(" ", "-").replace("'", "")


def colour(i):
    return COLOURS[i % len(COLOURS)]


def letters(comparison):
    return ", ".join(result.letter for result in comparison.results)


def figure_of(height):
    figure, axes = plt.subplots(figsize=(WIDTH, height))
    figure.patch.set_alpha(0)
    axes.patch.set_alpha(0)
    return figure, axes


# ---- throughput ----------------------------------------------------------------------------------------------


def line_ends(axes, ends):
    """Letters at the right ends of lines, moved apart where they would cover each other. y is a logarithm."""
    low, high = axes.get_ylim()
    apart = (high / low) ** 0.065
    placed = 0
    for y, letter, tint in sorted(ends):
        placed = max(y, placed * apart)
        axes.annotate(letter, (1.015, placed), xycoords=("axes fraction", "data"), annotation_clip=False, color=tint,
                      weight="bold", va="center")


def throughput(comparison, operation, dtype):
    figure, axes = figure_of(3.1)
    rows = [row for row in comparison.rows if row.operation == operation and row.dtype == dtype]
    library = [row for row in rows if row.contender == FASTRELU]
    ends = []
    for i, result in enumerate(comparison.results):
        mine = [(row.bytes, row.values[i].rate) for row in library if row.values[i]]
        if not mine:
            continue
        sizes = [size for size, _ in mine]
        limit = comparison.limits[i]
        if limit.sizes:
            copied = sorted({*sizes, *(size for size in limit.sizes if sizes[0] <= size <= sizes[-1])})
            axes.plot(copied, [limit.rate(size) for size in copied], color=colour(i), linewidth=1.1, linestyle=LIMIT)
        loop = [(row.bytes, row.values[i].rate) for row in rows if row.contender == COMPILER and row.values[i]]
        if loop:
            axes.plot(*zip(*loop), color=colour(i), linewidth=1.1, linestyle=LOOP)
        axes.plot(sizes, [rate for _, rate in mine], color=colour(i), marker=MARKERS[i % len(MARKERS)])
        ends.append((mine[-1][1], result.letter, colour(i)))
    axes.set(xscale="log", yscale="log", ylabel="GB/s", xlabel="bytes that a call reads and writes",
             title=f"{operation} {dtype}")
    first, last = library[0].bytes, library[-1].bytes
    ticks = [size for size in (64, 1 << 10, 1 << 14, 1 << 18, 1 << 22, 1 << 26, 1 << 30) if first <= size <= last]
    axes.set_xticks(ticks or [first], [words.binary(size) for size in ticks or [first]])
    low, high = axes.get_ylim()
    rates = [rate for rate in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000) if low <= rate <= high]
    axes.set_yticks(rates, [str(rate) for rate in rates])
    axes.minorticks_off()
    axes.grid(axis="y")
    line_ends(axes, ends)
    alternative = f"Throughput of {operation} {dtype} by size; the figures are in the table of cases."
    return Plot("throughput", "", alternative, dtype, operation, comparison.results, figure)


# ---- percent of the limit ------------------------------------------------------------------------------------


def limit_map(comparison, zone, dtype):
    shares = {
        operation: [comparison.limit_share(i, zone, dtype, operation) for i in range(len(comparison.results))]
        for operation in comparison.operations
    }
    shares = {operation: found for operation, found in shares.items() if any(found)}
    if not shares:
        return None
    figure, axes = figure_of(0.75 + 0.25 * len(shares))
    shades = matplotlib.colormaps["cividis"]
    for line, (operation, found) in enumerate(shares.items()):
        for column, share in enumerate(found):
            if share is None:
                axes.text(column, line, "–", ha="center", va="center", color=FAINT)
                continue
            shade = shades(min(share, 1.0))  # (a whole number would be an index)
            axes.add_patch(plt.Rectangle((column - 0.49, line - 0.47), 0.98, 0.94, facecolor=shade))
            axes.text(column, line, words.percent(share), ha="center", va="center",
                      color="#FFFFFE" if sum(shade[:3]) < 1.38 else "#000001")  # neither is a page's variable
    axes.set(xlim=(-0.5, len(comparison.results) - 0.5), ylim=(len(shares) - 0.5, -0.5), title=f"{zone}, {dtype}")
    axes.set_xticks(range(len(comparison.results)), [result.letter for result in comparison.results], weight="bold")
    axes.xaxis.tick_top()
    for i, label in enumerate(axes.get_xticklabels()):
        label.set_color(colour(i))
    axes.set_yticks(range(len(shares)), shares)
    axes.spines[:].set_visible(False)
    for label in axes.get_yticklabels():
        label.set_color(INK)
    told = "; ".join(f"{operation} {', '.join(map(words.percent, found))}" for operation, found in shares.items())
    alternative = f"Percent of the limit {zone}, {dtype}, by {letters(comparison)}: {told}."
    return Plot("limit", zone, alternative, dtype, "", comparison.results, figure)


# ---- gain by instruction set ---------------------------------------------------------------------------------


def isa_gain(comparison, zone, dtype):
    bars = [
        (i, result, isa, gain)
        for i, result in enumerate(comparison.results)
        for isa, gain in comparison.isa_gains(i, zone, dtype).items()
        if isa != "scalar"
    ]
    if not bars:
        return None
    figure, axes = figure_of(0.8 + 0.27 * len(bars) + 0.12 * len(comparison.results))
    y, places, before = 0, [], bars[0][0]
    for i, result, isa, gain in bars:
        y += 0.45 * (i != before)
        before = i
        axes.barh(y, gain, height=0.78, color=colour(i))
        axes.annotate(f"{words.times(gain)}×", (gain, y), (3, 0), textcoords="offset points", va="center")
        places.append((y, f"{result.letter} {isa}"))
        y += 1
    axes.axvline(1, color=FAINT, linewidth=1)
    axes.set(ylim=(y - 0.5, -0.5), xlim=(0, 1.18 * max(gain for *_, gain in bars)), title=f"{zone}, {dtype}",
             xlabel="times as fast as plain C")
    axes.set_yticks(*zip(*places))
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    told = ", ".join(f"{result.letter} {isa} {words.times(gain)}" for _, result, isa, gain in bars)
    alternative = f"Times as fast as plain C {zone}, {dtype}: {told}."
    return Plot("gain", zone, alternative, dtype, "", comparison.results, figure)


# ---- small calls ---------------------------------------------------------------------------------------------


def latency(comparison, dtype):
    rows = comparison.smallest_calls(dtype)
    if not rows:
        return None
    figure, axes = figure_of(0.85 + 0.25 * len(rows))
    most = 0
    for i in range(len(comparison.results)):
        points = [(row.values[i].nanoseconds, line) for line, row in enumerate(rows) if row.values[i]]
        if points:
            most = max(most, *(time for time, _ in points))
            axes.plot(*zip(*points), color=colour(i), marker=MARKERS[i % len(MARKERS)], markersize=7, linestyle="")
    told = []
    for line, row in enumerate(rows):
        texts = [f"{value.nanoseconds:.1f}" if value else "–" for value in row.values]
        told.append(f"{row.operation} {', '.join(texts)}")
        axes.annotate(" · ".join(texts), (1.0, line), xycoords=("axes fraction", "data"), ha="right", va="center",
                      annotation_clip=False)
    room = 1 + 0.14 * len(comparison.results)
    axes.set(ylim=(len(rows) - 0.5, -0.5), xlim=(0, room * 1.08 * most), title=f"{rows[0].n} elements, {dtype}",
             xlabel="ns a call")
    axes.set_yticks(range(len(rows)), [row.operation for row in rows])
    axes.grid(axis="both")
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    for label in axes.get_yticklabels():
        label.set_color(INK)
    what = f"Nanoseconds of a call of {rows[0].n} elements, {dtype}, by {letters(comparison)}"
    alternative = f"{what}: {'; '.join(told)}."
    return Plot("latency", "", alternative, dtype, "", comparison.results, figure)


# ---- all of them ---------------------------------------------------------------------------------------------


def all_plots(comparison):
    """One after the other: who takes one closes it (`save`, `inline`)."""
    makers = []
    shown = dict.fromkeys((row.operation, row.dtype) for row in comparison.library)
    makers += [(throughput, operation, dtype) for operation, dtype in shown]
    makers += [(limit_map, zone, dtype) for dtype in comparison.dtypes for zone in (CACHED, EDGE, PAST)]
    makers += [(isa_gain, zone, dtype) for dtype in comparison.dtypes for zone in (CACHED, PAST)]
    makers += [(latency, dtype) for dtype in comparison.dtypes]
    for make, *arguments in makers:
        with matplotlib.rc_context(STYLE):
            plot = make(comparison, *arguments)
            if plot:
                yield plot


def legend(plot):
    """What a page says once and a plot for itself has to say."""
    handles = [
        Line2D([], [], color=colour(i), marker=MARKERS[i % len(MARKERS)], label=f"{result.letter}: {result.name}")
        for i, result in enumerate(plot.results)
    ]
    if plot.kind == "throughput":
        limit = "the fastest copy: the limit"
        handles.append(Line2D([], [], color=FAINT, linewidth=1.1, linestyle=LIMIT, label=limit))
        if any(case.contender == COMPILER for result in plot.results for case in result.times):
            handles.append(Line2D([], [], color=FAINT, linewidth=1.1, linestyle=LOOP, label="the compiler's own loop"))
    plot.figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0, 0), frameon=False, fontsize=8.5)


def save(plot, folder):
    """As PNG and SVG, on white, with a legend."""
    plot.figure.patch.set(alpha=1, facecolor=GROUND)
    legend(plot)
    for suffix, metadata in (("png", {}), ("svg", {"Date": None})):
        with matplotlib.rc_context({**STYLE, "svg.hashsalt": plot.name}):
            plot.figure.savefig(folder / f"{plot.name}.{suffix}", dpi=160, bbox_inches="tight", metadata=metadata)
    plt.close(plot.figure)


def themed(svg, plot):
    """Colours become the page's variables, ids that nothing refers to go, and the size is the page's."""
    svg = svg[svg.index("<svg"):]
    for known, variable in VARIABLES.items():
        svg = re.sub(known, f"var(--{variable})", svg, flags=re.IGNORECASE)
    used = set(re.findall(r"#([\w-]+)", svg))
    svg = re.sub(r' id="([^"]*)"', lambda found: found[0] if found[1] in used else "", svg)
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.DOTALL)
    box = re.search(r'viewBox="[^"]*"', svg)[0]
    label = html.escape(plot.alternative, quote=True)
    head = f'<svg xmlns:xlink="http://www.w3.org/1999/xlink" {box} role="img" aria-label="{label}">'
    return re.sub(r"<svg[^>]*>", lambda _: head, svg, count=1)


def inline(plot):
    """As an element of a page, which brings the colours and the font."""
    text = io.StringIO()
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": plot.name}):
        plot.figure.savefig(text, format="svg", metadata={"Date": None})
    plt.close(plot.figure)
    return themed(text.getvalue(), plot)
