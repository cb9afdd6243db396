"""Draws FILE.json, which `side_by_side --out FILE.json` wrote, as FILE.png: the time of each contender over fastrelu's by
size, a panel for each operation and dtype."""

import json
import math
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

# The palette of M. Okabe and K. Ito, which colour-blind people can tell apart; markers and dashes say it again.
BLACK, ORANGE, SKY, GREEN, BLUE, VERMILION, PURPLE, GREY = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7", "#777777")
STYLES = {
    "fastest copy": (BLACK, "--", None), "identity": (GREY, ":", None), "compiler": (PURPLE, "-", "x"),
    "XNNPACK": (GREEN, "-", "^"), "XNNPACK run": (GREEN, "--", "v"), "oneDNN": (VERMILION, "-", "s"),
    "ATen": (ORANGE, "-", "D"), "Eigen": (SKY, "-", "P"), "Highway": (BLUE, "-", "o")}
LOW, HIGH = 0.5, 4  # what lies beyond is drawn at the edge


def ratios(row):
    """The ratio of each line of the plot in one row; of the copies only the fastest."""
    result = {c["name"]: c["ratio"] for c in row["contenders"] if c["kind"] in ("peer", "hand_loop", "compiler")}
    result.update({c["name"]: c["ratio"] for c in row["contenders"] if c["name"] == "identity"})
    copies = [c["ratio"] for c in row["contenders"] if c["kind"] == "copy"]
    if copies:
        result["fastest copy"] = min(copies)
    return result


def size_label(elements):
    if elements < 1024 or elements & (elements - 1):
        return f"{elements:,}"
    return f"$2^{{{elements.bit_length() - 1}}}$"


def draw(axes, rows, noise):
    sizes = [row["n"] for row in rows]
    by_row = [ratios(row) for row in rows]
    axes.axhspan(1 - noise, 1 + noise, color="#DDDDDD", zorder=0)
    axes.axhline(1, color=BLACK, linewidth=1, zorder=1)
    for name, (colour, line, marker) in STYLES.items():
        points = [(n, values[name]) for n, values in zip(sizes, by_row) if name in values]
        if not points:
            continue
        where = [n for n, _ in points]
        axes.plot(where, [min(max(ratio, LOW), HIGH) for _, ratio in points], color=colour, linestyle=line,
                  marker=marker, markersize=5, linewidth=1.4, label=name, clip_on=False, zorder=3)
    axes.set(xscale="log", yscale="log", ylim=(LOW, HIGH), title=f"{rows[0]['operation']} {rows[0]['dtype']}")
    axes.set_xticks(sizes, [size_label(n) for n in sizes], fontsize=8, rotation=60)
    axes.set_yticks([0.5, 0.7, 1, 1.4, 2, 3, 4], ["≤ 0.5", "0.7", "1", "1.4", "2", "3", "≥ 4"])
    axes.minorticks_off()
    axes.grid(alpha=0.3)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: plot.py FILE.json")
    path = Path(sys.argv[1])
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        panels = {}
        for row in data["rows"]:
            panels.setdefault((row["operation"], row["dtype"]), []).append(row)
    except OSError as error:
        sys.exit(f"plot.py: {error.filename}: {error.strerror}")
    except (ValueError, KeyError) as error:
        sys.exit(f"plot.py: {path} is not what side_by_side writes: {error}")
    columns = list(dict.fromkeys(dtype for _, dtype in panels))
    operations = list(dict.fromkeys(operation for operation, _ in panels))
    noise = data["control"]["percentile_90"]
    figure = plt.figure(figsize=(1 + 3.9 * len(columns), 2.2 + 3 * len(operations)), constrained_layout=True)
    grid = figure.add_gridspec(len(operations) + 1, len(columns), height_ratios=[1] * len(operations) + [0.2])
    labels = {}
    for line, operation in enumerate(operations):
        for column, dtype in enumerate(columns):
            if (operation, dtype) not in panels:
                continue
            axes = figure.add_subplot(grid[line, column])
            draw(axes, panels[operation, dtype], noise)
            handles, names = axes.get_legend_handles_labels()
            labels.update(zip(names, handles))
            if column == 0:
                axes.set_ylabel("time / fastrelu's time")
    versions = ", ".join(f"{peer['name']} {peer['version']}" for peer in data["peers"]
                         if not peer["version"].startswith("with"))
    figure.suptitle(f"Above 1 fastrelu is faster. {data['cpu']}, {data['system']}\n{versions}; "
                    f"medians of {data['repetitions']}, grey: the noise, {100 * noise:.1f}%", fontsize=11)
    ordered = [name for name in STYLES if name in labels]
    legend = figure.add_subplot(grid[-1, :])
    legend.axis("off")
    legend.legend([labels[name] for name in ordered], ordered, loc="center", frameon=False,
                  ncol=math.ceil(len(ordered) / (1 if len(columns) > 2 else 3)))
    target = path.with_suffix(".png")
    figure.savefig(target, dpi=130)
    print(target)


if __name__ == "__main__":
    main()
