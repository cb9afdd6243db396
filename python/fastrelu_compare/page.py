"""The comparison as one page that needs no network."""

from pathlib import Path

import jinja2
from markupsafe import Markup

from . import plots, tables, words
from .results import FASTRELU

HERE = Path(__file__).parent
KINDS = (  # of plots: how they begin, heading, what they show
    ("throughput", "Throughput by size",
     "Higher is faster. Solid: fastrelu, with the instruction set that it chose. Dashed: the fastest copy of as many "
     "bytes in the same run, the limit. Dotted, where it was timed: the compiler's own loop."),
    ("limit", "Percent of the limit", words.LIMIT_EXPLAINED),
    ("gain", "Gain by instruction set",
     "How many times as fast as the plain C kernels each instruction set is, on average over operations and sizes."),
    ("latency", "Small calls",
     "What a call of a few elements takes: to the left is faster. The figures stand in the order of the letters."),
)


def sections(comparison):
    found = {kind: [] for kind, *_ in KINDS}
    for plot in plots.all_plots(comparison):
        found[plot.kind].append({"svg": Markup(plots.inline(plot)), "operation": plot.operation, "dtype": plot.dtype})
    return [
        {"kind": kind, "heading": heading, "text": text, "plots": found[kind]}
        for kind, heading, text in KINDS
        if found[kind]
    ]


def cells(comparison, rows):
    for row in rows:
        pair = [value.nanoseconds for value in row.values] if row.shared and len(row.values) == 2 else None
        yield {
            "row": row,
            "contender": "" if row.contender == FASTRELU else row.contender,
            "elements": words.elements(row.n),
            "times": [words.duration(value.nanoseconds) if value else "–" for value in row.values],
            "limits": [words.percent(value and value.limit) for value in row.values],
            "verdict": tables.verdict_of(comparison, row),
            "ratio": pair[1] / pair[0] if pair else "",
        }


def filters(rows):
    """(label, name, [(value, text, whether it is chosen at first), ...]) of each."""
    every = ("", "all", False)
    operations, dtypes, contenders = (
        list(dict.fromkeys(getattr(row, name) for row in rows)) for name in ("operation", "dtype", "contender")
    )
    others = sorted(contender for contender in contenders if contender != FASTRELU)
    return [
        ("Operation", "operation", [every, *((name, name, False) for name in operations)]),
        ("Type", "dtype", [every, *((name, name, name == dtypes[0]) for name in dtypes)]),
        ("Elements", "n", [every, *((n, words.elements(n), False) for n in sorted({row.n for row in rows}))]),
        ("Kernels", "contender", [
            (FASTRELU, "chosen by fastrelu", True), every, *((name, name, False) for name in others)]),
    ]


def render(comparison, rows, predictions=()):
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined)
    environment.filters["zip"] = zip
    return environment.get_template("page.html").render(
        style=Markup((HERE / "page.css").read_text(encoding="utf-8")),
        script=Markup((HERE / "page.js").read_text(encoding="utf-8")),
        results=comparison.results,
        lead=words.lead(comparison),
        findings=words.findings(comparison),
        percent=words.percent,
        warnings=[(result, comparison.warnings(i)) for i, result in enumerate(comparison.results)],
        runs=tables.runs(comparison),
        sections=sections(comparison),
        predicted=tables.predicted(comparison, predictions) if predictions else None,
        filters=filters(rows),
        cells=cells(comparison, rows),
        same_explained=words.SAME_EXPLAINED,
        mean_explained=words.MEAN_EXPLAINED,
        colours=len(plots.COLOURS),
    )
