"""Writes docs/cpus.md from the results in this folder; with --check it only says whether the page is up to date."""

import argparse
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "python"))

from fastrelu_compare import tables  # noqa: E402 (of the path above)
from fastrelu_compare.comparison import Comparison  # noqa: E402
from fastrelu_compare.results import read_all  # noqa: E402

CASES = re.compile("^(relu|relu_grad|relu_mask|relu_mask_grad)/f32/fastrelu/")  # the page is to be read


def page(paths):
    results, refused = read_all(paths)
    for path, reason in refused.items():
        print(f"{path.name}: {reason}")
    if not results or refused:
        return None
    comparison = Comparison(results)
    return tables.markdown(comparison, [row for row in comparison.library if CASES.search(row.name)])


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--results", type=Path, default=HERE)
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "cpus.md")
    options = parser.parse_args(arguments)
    paths = sorted(path for path in options.results.glob("*.json") if path.name != "schema.json")
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
