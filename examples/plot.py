"""Draws what `digits --out FOLDER`, `digits --compare --out FOLDER` and `speed FOLDER/speed.csv` measured: five PNG
files in that folder."""

import csv
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

# The palette of M. Okabe and K. Ito, which colour-blind people can tell apart; markers and dashes say it again.
BLACK, ORANGE, SKY, GREEN, BLUE, VERMILION, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7")
ACTIVATIONS = {"relu": ("ReLU", BLUE, "o"), "tanh": ("tanh", GREEN, "s"), "sigmoid": ("sigmoid", VERMILION, "^")}
VARIANTS = {
    "relu": "ReLU", "leaky": "leaky\nReLU", "prelu": "PReLU", "relu6": "ReLU6", "squared": "squared\nReLU"}
CONTENDERS = {
    "memcpy": (BLACK, "--", None), "C loop": (PURPLE, "--", "x"), "avx512": (BLUE, "-", "o"), "avx2": (SKY, "-", "s"),
    "neon": (BLUE, "-", "o"), "sse2": (GREEN, "-", "^"), "scalar": (ORANGE, "-", "v")}


def read(path):
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        sys.exit(f"plot.py: {path}: no data")
    return rows


def column(rows, name):
    return [float(row[name]) for row in rows]


def save(figure, folder, name):
    figure.savefig(folder / name, dpi=150)
    plt.close(figure)
    print(folder / name)


def plot_functions(folder):
    rows = read(folder / "functions.csv")
    x = column(rows, "x")
    negative = [i for i, value in enumerate(x) if value <= 0]
    positive = [i for i, value in enumerate(x) if value > 0]
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5), constrained_layout=True)
    figure.suptitle("ReLU's derivative is 0 or 1; those of tanh and sigmoid fade away on both sides of 0")

    left.plot(x, column(rows, "relu"), color=BLUE, linewidth=2.5)
    left.set(title="relu(x)", xlabel="x", ylabel="relu(x)", xlim=(-10, 10), ylim=(-0.5, 10.5))

    derivative = column(rows, "relu_derivative")
    for part, label in ((negative, "ReLU"), (positive, None)):
        right.plot([x[i] for i in part], [derivative[i] for i in part], color=BLUE, linewidth=2.5, label=label)
    right.plot(0, 0, "o", color=BLUE, markersize=7)
    right.plot(0, 1, "o", color=BLUE, markersize=7, markerfacecolor="white", markeredgewidth=2)
    right.annotate("0 at x = 0,\nby convention", (0, 0), (3.5, 0.3), arrowprops={"arrowstyle": "->"}, va="center")
    right.plot(x, column(rows, "tanh_derivative"), color=GREEN, linestyle="--", label="tanh: 1 at 0 alone")
    right.plot(x, column(rows, "sigmoid_derivative"), color=VERMILION, linestyle=":", linewidth=2,
               label="sigmoid: at most 1/4")
    right.set(title="the derivative", xlabel="x", ylabel="derivative", xlim=(-10, 10), ylim=(-0.05, 1.1))
    right.legend(loc="center left")
    for axes in (left, right):
        axes.grid(alpha=0.3)
    save(figure, folder, "relu.png")


def plot_training(folder):
    rows = read(folder / "epochs.csv")
    epoch = column(rows, "epoch")
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5), constrained_layout=True)
    last = 100 * float(rows[-1]["test_accuracy"])
    figure.suptitle(f"Training with fastrelu: {last:.1f}% of the test images right after {len(rows)} epochs")
    for kind, label, colour, line, marker in (("train", "training images", BLUE, "-", "o"),
                                              ("test", "test images", VERMILION, "--", "s")):
        style = {"color": colour, "linestyle": line, "marker": marker, "markersize": 4, "label": label}
        left.plot(epoch, column(rows, f"{kind}_loss"), **style)
        right.plot(epoch, [100 * value for value in column(rows, f"{kind}_accuracy")], **style)
    left.set(title="loss", xlabel="epoch", ylabel="cross-entropy (nats)", yscale="log")
    right.set(title="accuracy", xlabel="epoch", ylabel="accuracy (%)")
    for axes in (left, right):
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        axes.legend()
    save(figure, folder, "training.png")


def plot_gradients(folder):
    rows = read(folder / "gradients.csv")
    moments = sorted({int(row["epochs"]) for row in rows})
    layers = sorted({int(row["layer"]) for row in rows})
    figure, panels = plt.subplots(1, len(moments), figsize=(11, 4.8), sharey=True, constrained_layout=True)
    shares = []
    for axes, epochs in zip(panels, moments):
        for name, (label, colour, marker) in ACTIVATIONS.items():
            mine = [row for row in rows if row["activation"] == name and int(row["epochs"]) == epochs]
            norm = column(mine, "norm")
            share = norm[0] / norm[-1] if norm[-1] else float("nan")
            if epochs == 0:
                shares.append(f"{share:.2g} ({label})")
            axes.plot(layers, norm, color=colour, marker=marker, label=f"{label}: first / last = {share:.2g}")
        axes.set(title=f"after {epochs} epochs" if epochs else "before training", yscale="log",
                 xlabel="layer (1: at the input)")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        axes.legend(loc="lower right")
    figure.suptitle(f"Back through {len(layers) - 1} hidden layers: the first layer's gradient starts at "
                    + ", ".join(shares) + " times the last one's")
    panels[0].set_ylabel("norm of the gradient of the layer's weights")
    save(figure, folder, "gradients.png")


def plot_activations(folder):
    rows = read(folder / "activations.csv")
    networks = list(dict.fromkeys(row["layers"] for row in rows))
    names = list(dict.fromkeys(row["activation"] for row in rows))
    figure, panels = plt.subplots(1, 3, figsize=(13, 4.8), constrained_layout=True)
    title = "The same training with ReLU and its variants"
    for row in rows[:len(names)]:  # of the first network
        share = float(row["learning_rate"]) / float(rows[0]["learning_rate"])
        if share != 1:
            title += f"; {VARIANTS[row['activation']]} at {share:.2g} of the learning rate".replace("\n", " ")
    figure.suptitle(title)
    titles = ("right on the test images", "hidden activations off (x <= 0)", "hidden units never on")
    width = 0.8 / len(networks)
    for at, (network, colour, hatch) in enumerate(zip(networks, (BLUE, ORANGE), ("", "//"))):
        mine = [row for row in rows if row["layers"] == network]
        places = [names.index(row["activation"]) + (at - (len(networks) - 1) / 2) * width for row in mine]
        dead = [float(row["never_on"]) / float(row["units"]) for row in mine]
        for axes, values in zip(panels, (column(mine, "test_accuracy"), column(mine, "off"), dead)):
            for place, value, row in zip(places, values, mine):
                if row["test_accuracy"] == "nan":
                    axes.text(place, 0, " diverged", rotation=90, ha="center", va="bottom", fontsize=9)
                else:
                    axes.bar(place, 100 * value, width, color=colour, hatch=hatch, edgecolor="black", linewidth=0.8)
                    axes.text(place, 100 * value, f"{100 * value:.1f}", ha="center", va="bottom", fontsize=8)
            axes.bar(0, 0, color=colour, hatch=hatch, edgecolor="black", linewidth=0.8,
                     label=f"hidden layers: {network}")
    for axes, title in zip(panels, titles):
        axes.set(title=title, xticks=range(len(names)), xticklabels=[VARIANTS[name] for name in names],
                 xlim=(-0.6, len(names) - 0.4), ylabel="%")
        axes.margins(y=0.3 if axes is panels[-1] else 0.1)
        axes.grid(axis="y", alpha=0.3)
        axes.set_axisbelow(True)
    panels[-1].legend(loc="upper left")
    save(figure, folder, "activations.png")


def plot_speed(folder):
    rows = read(folder / "speed.csv")
    figure, axes = plt.subplots(figsize=(11, 5.5), constrained_layout=True)
    figure.suptitle("Speed of relu_f32 on each instruction set, against memcpy and the compiler's loop")
    for name in dict.fromkeys(row["contender"] for row in rows):
        colour, line, marker = CONTENDERS.get(name, (BLACK, "-", "d"))
        mine = [row for row in rows if row["contender"] == name]
        axes.plot(column(mine, "elements"), column(mine, "gigabytes_per_second"), color=colour, linestyle=line,
                  marker=marker, markersize=5, label=name)
    sizes = sorted({int(row["elements"]) for row in rows})
    axes.set_xscale("log", base=4)
    axes.set_xticks(sizes, [size_label(n) for n in sizes])
    axes.set(xlabel="elements of f32, and bytes read and written", ylabel="GB/s, read and written")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend(ncol=2)
    save(figure, folder, "speed.png")


def size_label(elements):
    def short(n, unit):
        for scale, prefix in ((1 << 20, "Mi"), (1 << 10, "Ki")):
            if n >= scale:
                return f"{n / scale:g} {prefix}{unit}"
        return f"{n} {unit}"

    return f"{short(elements, '').strip()}\n{short(8 * elements, 'B')}"


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: plot.py FOLDER")
    folder = Path(sys.argv[1])
    try:
        for plot in (plot_functions, plot_training, plot_gradients, plot_activations, plot_speed):
            plot(folder)
    except OSError as error:
        sys.exit(f"plot.py: {error.filename}: {error.strerror}")


if __name__ == "__main__":
    main()
