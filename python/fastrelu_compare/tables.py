"""Tables for terminals, in Markdown, and as CSV."""

import csv
import html
import re
from dataclasses import dataclass

from . import words
from .comparison import CACHED, PAST, ZONES
from .predictions import DTYPE, errors, model_of, typical
from .results import FASTRELU, clean, is_number


@dataclass(frozen=True)
class Table:
    title: str
    heads: tuple
    rows: list  # of tuples of texts
    left: int = 1  # columns of words; the others are numbers
    note: str = ""


# ---- what they hold ------------------------------------------------------------------------------------------


def runs(comparison):
    """What was measured, on what: a row a property, a column a result."""
    properties = {
        "microarchitecture": lambda r: r.text("cpu_microarchitecture"),
        "cores usable": lambda r: r.text("cpu_cores"),
        "virtual machine": lambda r: r.text("virtual_machine"),
        "caches named": named_caches,
        "caches felt": lambda r: ", ".join(map(words.binary, r.cache_ends)) or "unknown",
        "memory": memory,
        "frequency policy": lambda r: r.text("frequency_policy"),
        "system": lambda r: r.text("system"),
        "compiler": lambda r: r.compiler,
        "flags": lambda r: r.text("compiler_flags"),
        "fastrelu": lambda r: f"{r.text('fastrelu_version')}, {r.chosen}",
        "measured": lambda r: r.text("date")[:10],
        "load before, after": lambda r: f"{r.text('load_before')}, {r.text('load_after')}",
        "repetitions": lambda r: str(min(map(len, r.times.values()))),
        "noise": lambda r: noises(comparison, r),
        "file": lambda r: clean(r.path.name),
    }
    rows = [(name, *(of(result) for result in comparison.results)) for name, of in properties.items()]
    return Table("What was measured", ("", *(f"{r.letter}: {r.name}" for r in comparison.results)), rows, 99)


def named_caches(result):
    caches = result.embedded("fastrelu_info", {}).get("caches")
    named = caches.items() if isinstance(caches, dict) else ()
    texts = [f"{clean(name).upper()} {words.binary(size)}" for name, size in named if is_number(size)]
    return ", ".join(texts) or "unknown"


def memory(result):
    text = result.text("memory_bytes")
    return words.binary(int(text)) if re.fullmatch("[0-9]{1,18}", text) else "unknown"


def noises(comparison, result):
    noise = comparison.noises[comparison.results.index(result)]
    return f"{100 * noise.of_zone(CACHED):.1f}% {CACHED}, {100 * noise.of_zone(PAST):.1f}% {PAST}"


def limits(comparison, dtype):
    zones = [zone for zone in ZONES[1:] if any(row.zone == zone for row in comparison.library)]
    columns = [(zone, i) for zone in zones for i in range(len(comparison.results))]
    heads = [f"{comparison.results[i].letter} {zone}" for zone, i in columns]
    rows = []
    for operation in comparison.operations:
        shares = [comparison.limit_share(i, zone, dtype, operation) for zone, i in columns]
        if any(shares):
            rows.append((operation, *map(words.percent, shares)))
    return Table(f"Percent of the limit, {dtype}", ("operation", *heads), rows, note=words.LIMIT_EXPLAINED)


def gains(comparison, dtype):
    rows = []
    for i, result in enumerate(comparison.results):
        by_zone = {zone: comparison.isa_gains(i, zone, dtype) for zone in (CACHED, PAST)}
        for isa in result.isas:
            found = [words.times(of[isa]) if isa in of else "–" for of in by_zone.values()]
            rows.append((f"{result.letter}: {result.name}", isa, *found))
    note = "Times as fast as the plain C kernels, on average over operations and sizes."
    return Table(f"Gain by instruction set, {dtype}", ("result", "instruction set", CACHED, PAST), rows, 2, note)


def predicted(comparison, predictions):
    """Cycles by model, and beside them the models' errors on those CPUs that were measured."""
    checked = []
    for result in comparison.results:
        model = model_of(result, predictions)
        found = errors(result, model) if model else {}
        if found:
            checked.append((result, model, found))
    heads = [f"{prediction.cpu}, {prediction.isa}" for prediction in predictions]
    heads += [f"error of {model.cpu} on {result.letter}" for result, model, _ in checked]
    rows = []
    for operation in comparison.operations:
        cycles = [prediction.cycles.get(operation) for prediction in predictions]
        if any(cycles):
            wrong = [found.get(operation) for *_, found in checked]
            texts = ["–" if value is None else words.times(value) for value in cycles]
            texts += ["–" if value is None else f"{100 * (value - 1):+.0f}%" for value in wrong]
            rows.append((operation, *texts))
    note = f"{words.PREDICTED_EXPLAINED} The models are LLVM {predictions[0].llvm}'s."
    for result, model, found in checked:
        where = f"{result.letter} ({result.text('cpu_microarchitecture')})"
        note += f" On {where} {model.cpu} is off by {100 * typical(found):.0f}% on average."
    if not checked:
        note += " None of the CPUs that were measured has a model here, so how wrong they are is not known."
    title = f"Predicted, not measured: cycles for each stored vector, {DTYPE}"
    return Table(title, ("operation", *heads), rows, note=note)


def cases(comparison, rows):
    """Times; what is fastest alone is marked. Of two results also who is faster, and by how much."""
    results = comparison.results
    heads = ["case", "type", "elements", *(["faster"] if len(results) == 2 else [])]
    heads += [result.letter for result in results] + [f"{result.letter} of limit" for result in results]
    found = []
    for row in rows:
        name = row.operation if row.contender == FASTRELU else f"{row.operation} ({row.contender})"
        texts = [
            "–" if value is None else words.duration(value.nanoseconds) + ("*" * (row.best == i and len(results) > 2))
            for i, value in enumerate(row.values)
        ]
        verdict = [verdict_of(comparison, row)] if len(results) == 2 else []
        shares = [words.percent(value and value.limit) for value in row.values]
        found.append((name, row.dtype, words.elements(row.n), *verdict, *texts, *shares))
    note = words.SAME_EXPLAINED if len(results) > 1 else ""
    if len(results) > 2:
        note = f"*: fastest, and not the same as another. {note}"
    return Table("Time of a call", tuple(heads), found, 2, note)


def verdict_of(comparison, row):
    if not row.shared:
        return "–"
    if row.best is None:
        return "same"
    return f"{comparison.results[row.best].letter} {words.times(max(value.slower for value in row.values))}×"


# ---- how they look -------------------------------------------------------------------------------------------


def as_text(table):
    columns = list(zip(table.heads, *table.rows))
    widths = [max(map(len, column)) for column in columns]
    lines = []
    for row in (table.heads, tuple("-" * width for width in widths), *table.rows):
        cells = [text.ljust(w) if i < table.left else text.rjust(w) for i, (text, w) in enumerate(zip(row, widths))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join([f"{table.title}", *lines, *([table.note] if table.note else [])])


def markdown_text(text):
    return re.sub(r"([\\`*_\[\]|~#])", r"\\\1", html.escape(text, quote=False))


def as_markdown(table):
    heads = [markdown_text(head) for head in table.heads]
    rule = ["---" if i < table.left else "---:" for i in range(len(heads))]
    rows = [[markdown_text(text) for text in row] for row in table.rows]
    lines = [f"| {' | '.join(row)} |" for row in (heads, rule, *rows)]
    note = ["", markdown_text(table.note)] if table.note else []
    return "\n".join([f"## {markdown_text(table.title)}", "", *lines, *note])


def summary_lines(comparison):
    lines = [words.lead(comparison), ""]
    for finding in words.findings(comparison):
        lines.append(" ".join([f"{finding.heading} ({finding.range}): {finding.headline}.", *finding.details]))
        shares = [f"{r.letter} {words.percent(s)}" for r, s in zip(comparison.results, finding.limits) if s]
        if shares and len(comparison.results) > 1:
            lines[-1] += f" Of a copy's speed: {', '.join(shares)}."
    return lines


def warning_lines(comparison):
    results = comparison.results
    return [f"{results[i].letter}: {warning}" for i in range(len(results)) for warning in comparison.warnings(i)]


def terminal(comparison, rows):
    blocks = ["\n".join(f"{result.letter}  {result.name}" for result in comparison.results)]
    blocks.append("\n".join(summary_lines(comparison)))
    if warning_lines(comparison):
        blocks.append("\n".join(["Warnings of the runs", *warning_lines(comparison)]))
    blocks.append(as_text(cases(comparison, rows)))
    return "\n\n".join(blocks) + "\n"


def markdown(comparison, rows, predictions=()):
    blocks = ["# fastrelu by CPU", "Written by `fastrelu-compare` from results of `fastrelu-bench`."]
    blocks.append("\n".join(f"- **{r.letter}**: {markdown_text(r.name)}" for r in comparison.results))
    blocks.append("\n".join(f"- {markdown_text(line)}" for line in summary_lines(comparison) if line))
    if warning_lines(comparison):
        lines = [f"- {markdown_text(warning)}" for warning in warning_lines(comparison)]
        blocks.append("\n".join(["Warnings of the runs:", "", *lines]))
    dtype = comparison.dtypes[0]
    tables = [runs(comparison), limits(comparison, dtype), gains(comparison, dtype), cases(comparison, rows)]
    if predictions:
        tables.insert(-1, predicted(comparison, predictions))
    blocks += [as_markdown(table) for table in tables]
    return "\n\n".join(blocks) + "\n"


def write_csv(file, comparison, rows):
    """A line for each case and result."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["operation", "dtype", "contender", "elements", "bytes", "zone", "result", "file", "nanoseconds",
                     "gigabytes_per_second", "percent_of_limit", "times_the_best", "same_as_best"])
    for row in rows:
        for result, value in zip(comparison.results, row.values):
            if value:
                case = [row.operation, row.dtype, row.contender, row.n, row.bytes, row.zone]
                names = [plain(result.name), plain(clean(result.path.name))]
                limit = "" if value.limit is None else f"{100 * value.limit:.4g}"
                time, rate, slower = (f"{figure:.6g}" for figure in (value.nanoseconds, value.rate, value.slower))
                writer.writerow([*case, *names, time, rate, limit, slower, int(value.same)])


def plain(text):
    """No spreadsheet may take a name for a formula."""
    return f"'{text}" if text[:1] in "=+-@" else text
