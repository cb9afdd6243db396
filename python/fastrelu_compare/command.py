"""The command fastrelu-compare."""

import argparse
import re
import sys
from pathlib import Path

from . import predictions, tables, words
from .comparison import Comparison
from .results import FASTRELU, Refused, clean, read_all

DONE, REGRESSED, BAD_INPUT = 0, 1, 2

DESCRIPTION = """\
Compares results that fastrelu-bench wrote: which is faster, by how much, and where the limit lies. Prints a table;
writes Markdown, CSV, a page and plots where asked to. A file that cannot be compared is refused with a reason, and
the others are compared without it."""
EPILOGUE = """\
exit status: 0; 1 where --baseline was given and a case became slower; 2 where a file was refused, nothing was left to
compare, an output could not be written or the options are wrong (with 1 and 2, what could be compared is written)."""


def percentage(text):
    value = float(text.removesuffix("%"))
    if not 0 <= value < 1000:
        raise ValueError
    return value / 100


def expression(text):
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"not a regular expression: {error}") from error


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="fastrelu-compare", description=DESCRIPTION, epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="RESULT.json")
    parser.add_argument("--baseline", type=Path, metavar="BASE.json",
                        help="exit with 1 where a RESULT is slower than this one")
    parser.add_argument("--threshold", type=percentage, default=0.05, metavar="PERCENT",
                        help="what --baseline lets pass in any case (5)")
    parser.add_argument("--noise", type=percentage, metavar="PERCENT",
                        help="differences up to this are the same, instead of what the runs' control says")
    parser.add_argument("--filter", type=expression, default=None, metavar="REGEX",
                        help=f"the cases of the tables, by their names <operation>/<type>/<contender>/n:<elements>; "
                             f"the contender {FASTRELU!r} is the instruction set that the library chose "
                             f"(all of it, and in the CSV and the page every contender)")
    parser.add_argument("--markdown", type=Path, metavar="FILE")
    parser.add_argument("--csv", type=Path, metavar="FILE")
    parser.add_argument("--html", type=Path, metavar="FILE", help="one page that needs no network")
    parser.add_argument("--predictions", type=Path, action="append", default=[], metavar="FILE",
                        help="what tests/mca/mca.py predicts of other CPUs, for the page and the Markdown")
    parser.add_argument("--plots", type=Path, metavar="FOLDER", help="each plot as PNG and SVG")
    return parser.parse_args(arguments)


def complain(text):
    print(f"fastrelu-compare: {text}", file=sys.stderr)


def report_regressions(comparison, options):
    """The status of the results held against the baseline."""
    base = next(i for i, result in enumerate(comparison.results) if result.path == options.baseline)
    status = DONE
    for new, result in enumerate(comparison.results):
        if new == base:
            continue
        found, count, least = comparison.regressions(base, new, options.threshold)
        if not count:
            complain(f"{clean(result.path)}: no case in common with {clean(options.baseline)}")
            status = BAD_INPUT
            continue
        said = f"{words.plural(len(found), 'regression')} of more than {100 * least:.1f}%"
        print(f"\n{clean(result.path)} against {clean(options.baseline)}: {said} in {words.plural(count, 'case')}")
        for regression in found:
            row = regression.row
            before, after = (words.duration(row.values[i].nanoseconds) for i in (base, new))
            case = f"{row.operation}/{row.dtype}/n:{row.n}"
            print(f"  {case}: {before} -> {after}, {words.times(regression.ratio)} times")
        if found:
            status = max(status, REGRESSED)
    return status


def read_predictions(paths, refused):
    found = []
    for path in paths:
        try:
            found += predictions.read(path)
        except Refused as reason:
            refused[path] = str(reason)
    return found


def write_outputs(comparison, rows, library_rows, predicted, options):
    if options.markdown:
        options.markdown.write_text(tables.markdown(comparison, library_rows, predicted), encoding="utf-8")
    if options.csv:
        with open(options.csv, "w", encoding="utf-8", newline="") as file:
            tables.write_csv(file, comparison, rows)
    if options.html or options.plots:
        from . import page, plots  # matplotlib takes a second to load

        if options.plots:
            options.plots.mkdir(parents=True, exist_ok=True)
            for plot in plots.all_plots(comparison):
                plots.save(plot, options.plots)
        if options.html:
            options.html.write_text(page.render(comparison, rows, predicted), encoding="utf-8")


def main(arguments=None):
    options = parse(arguments)
    paths = list(dict.fromkeys([*([options.baseline] if options.baseline else []), *options.files]))
    results, refused = read_all(paths, options.baseline)
    predicted = read_predictions(options.predictions, refused)
    for path, reason in refused.items():
        complain(f"{clean(path)} is not compared: {reason}")
    if not results:
        complain("nothing is left to compare")
        return BAD_INPUT
    comparison = Comparison(results, options.noise)
    rows = [row for row in comparison.rows if not options.filter or options.filter.search(row.name)]
    library_rows = [row for row in rows if row.contender == FASTRELU]
    print(tables.terminal(comparison, library_rows), end="")
    status = BAD_INPUT if refused else DONE
    if options.baseline:
        if options.baseline in refused or len(results) < 2:
            complain("there is no baseline" if options.baseline in refused else "there is nothing beside the baseline")
            status = BAD_INPUT
        else:
            status = report_regressions(comparison, options) or status
    try:
        write_outputs(comparison, rows, library_rows, predicted, options)
    except OSError as error:
        complain(f"{error.filename}: {error.strerror}")
        return BAD_INPUT
    return status
