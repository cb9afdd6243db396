"""Writes docs/cpus.md from the results in this folder; with --add it takes a result into it first, packed, named by CPU and
compiler and without the host's name; with --check it only says whether the page is up to date."""

import argparse
import gzip
import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "python"))

from fastrelu_compare import tables  # noqa: E402 (of the path above)
from fastrelu_compare.comparison import Comparison  # noqa: E402
from fastrelu_compare.results import Refused, load, read, read_all  # noqa: E402

CASES = re.compile("^(relu|relu_grad|relu_mask|relu_mask_grad)/f32/fastrelu/")  # the page is to be read


def page(paths):
    results, refused = read_all(paths)
    for path, reason in refused.items():
        print(f"{path.name}: {reason}")
    if not results or refused:
        return None
    comparison = Comparison(results)
    return tables.markdown(comparison, [row for row in comparison.library if CASES.search(row.name)])


def add(path, folder):
    """Where it went."""
    result, data = read(path), load(path)
    if result.text("fastrelu_set_part", ""):
        raise Refused(f"only a part of the set: {result.text('fastrelu_set_part')}")
    data["context"].pop("host_name", None)
    words = f"{result.cpu} {result.text('cpu_microarchitecture', '')} {result.compiler}".lower()
    words = list(dict.fromkeys(re.findall(r"[a-z0-9.]+", words)))  # the maker's name once
    target = folder / f"{'-'.join(words)}.json.gz"
    if target.exists():
        raise Refused(f"{target} is there already")
    target.write_bytes(gzip.compress(json.dumps(data, indent=1).encode(), 9, mtime=0))
    return target


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--add", type=Path, metavar="RESULT.json")
    parser.add_argument("--results", type=Path, default=HERE)
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "cpus.md")
    options = parser.parse_args(arguments)
    if options.add:
        try:
            print(f"wrote {add(options.add, options.results)}")
        except Refused as reason:
            print(f"{options.add}: {reason}")
            return 1
    paths = sorted(options.results.glob("*.json.gz"))
    text = page(paths)
    if text is None:
        print(f"{options.page.name} cannot be made of what is in {options.results}")
        return 1
    if not options.check:
        options.page.write_text(text, encoding="utf-8")
        print(f"wrote {options.page}")
        return 0
    if options.page.exists() and options.page.read_text(encoding="utf-8") == text:
        return 0
    print(f"{options.page.name} is not what the results say: python3 bench/results/cpus.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())
