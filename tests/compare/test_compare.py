"""What fastrelu-compare makes of results, and of files that are none."""

import csv
import gzip
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from contextlib import redirect_stderr, redirect_stdout
from importlib.util import find_spec
from pathlib import Path

SKIPPED = 77  # for ctest a test that was skipped
ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench" / "results"
missing = [name for name in ("numpy", "scipy", "matplotlib", "jinja2", "jsonschema") if not find_spec(name)]
if missing:
    print(f"not installed: {', '.join(missing)} (sh .ci/setup report)")
    sys.exit(SKIPPED)

sys.path[:0] = [str(ROOT / "python"), str(RESULTS)]

import cpus  # noqa: E402 (after the check of what is there)
import jsonschema  # noqa: E402
import matplotlib  # noqa: E402
from make_results import make, write  # noqa: E402

from fastrelu_compare import command, words  # noqa: E402
from fastrelu_compare.comparison import CACHED, PAST, SMALL, Comparison  # noqa: E402
from fastrelu_compare.plots import limit_map  # noqa: E402
from fastrelu_compare.results import MAX_BYTES, Case, load, read, read_all  # noqa: E402


SMALL_SET = {"sizes": (16, 65536), "dtypes": ("f32",)}


class Compared(unittest.TestCase):
    """Runs the command in a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def file(self, name, *arguments, **options):
        return write(self.folder, name, make(*arguments, **options))

    def compare(self, *arguments):
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            try:
                status = command.main([str(argument) for argument in arguments])
            except SystemExit as exit:
                status = exit.code
        return status, out.getvalue(), err.getvalue()

    def comparison(self, *paths, **options):
        results, refused = read_all(list(paths))
        self.assertEqual(refused, {})
        return Comparison(results, **options)


class Differences(Compared):
    def test_a_run_and_its_repetition_are_the_same(self):
        a, b = self.file("a.json", seed=1), self.file("b.json", seed=2)
        comparison = self.comparison(a, b)
        differ = sum(row.best is not None for row in comparison.library)
        self.assertLess(differ, 0.05 * len(comparison.library))
        lead = words.lead(comparison)
        self.assertEqual("In small calls, in the caches and past the caches, A and B are the same.", lead)
        status, out, _ = self.compare(a, b)
        self.assertEqual(status, 0)
        self.assertGreater(out.count(" same "), 0.95 * len(comparison.library))

    def test_what_is_slower_is_said_to_be_by_its_ratio(self):
        a, b = self.file("a.json", seed=1), self.file("b.json", seed=2, slower=1.2)
        comparison = self.comparison(a, b)
        self.assertTrue(all(row.best == 0 for row in comparison.library))
        for zone in (SMALL, CACHED, PAST):
            self.assertAlmostEqual(comparison.times_over(zone)[0][1], 1.2, delta=0.01)
        self.assertIn("A is 1.20 times as fast as B", words.lead(comparison))
        self.assertIn("Of 35 cases A is faster in 35, B in 0; 0 are the same.", words.findings(comparison)[0].details)

    def test_a_difference_smaller_than_the_noise_is_none_even_where_the_u_test_sees_it(self):
        a, b = self.file("a.json", seed=1, noise=0.001), self.file("b.json", seed=2, noise=0.001, slower=1.02)
        self.assertTrue(all(row.best == 0 for row in self.comparison(a, b).library))
        self.assertTrue(all(row.best is None for row in self.comparison(a, b, noise=0.03).library))

    def test_a_difference_of_medians_that_the_u_test_does_not_see_is_none(self):
        a, b = self.file("a.json", seed=1, repetitions=2), self.file("b.json", seed=2, repetitions=2, slower=1.5)
        comparison = self.comparison(a, b)
        self.assertTrue(all(row.best is None for row in comparison.library))
        self.assertIn("have 2 of 4 repetitions", " ".join(comparison.results[0].warnings))

    def test_of_three_the_best_alone_is_marked(self):
        paths = [self.file(f"{i}.json", seed=i, slower=slower) for i, slower in enumerate((1.1, 1, 1.3))]
        comparison = self.comparison(*paths)
        self.assertTrue(all(row.best == 1 for row in comparison.library))
        self.assertEqual("In small calls, in the caches and past the caches, B is fastest.", words.lead(comparison))
        self.assertIn("Times as long take: A 1.10, C 1.30.", words.findings(comparison)[0].details)
        status, out, _ = self.compare(*paths)
        self.assertEqual(out.count("*") - 1, len(comparison.library))  # one is in the note

    def test_of_three_two_may_be_fastest(self):
        paths = [self.file(f"{i}.json", seed=i, slower=slower) for i, slower in enumerate((1, 1.3, 1))]
        self.assertIn("A and C are the same, and fastest.", words.lead(self.comparison(*paths)))
        paths[0] = self.file("0.json", noise=1, slower=0.6)
        self.assertIn("A or C is fastest, the noise hides which.", words.lead(self.comparison(paths[0], *paths[1:])))

    def test_one_result_is_held_against_its_limit(self):
        status, out, _ = self.compare(self.file("a.json"))
        self.assertEqual(status, 0)
        self.assertRegex(out, r"fastrelu on AMD EPYC 9T24, gcc 12.2.0: \d+% of a copy's speed in the caches and \d+%")

    def test_the_users_instruction_sets_are_compared_where_two_cpus_have_none_in_common(self):
        comparison = self.comparison(self.file("zen.json", "zen"), self.file("arm.json", "arm"))
        self.assertEqual([result.chosen for result in comparison.results], ["avx512", "neon"])
        self.assertTrue(comparison.library and all(row.shared for row in comparison.library))

    def test_what_the_library_chose_is_shown_and_not_what_it_could_have(self):
        path = self.file("a.json", fastrelu_isa="avx2", **SMALL_SET)
        comparison = self.comparison(path)
        shown = next(row for row in comparison.library if row.n == 16)
        times = comparison.results[0].medians[Case(shown.operation, "f32", "avx2", 16)]
        self.assertEqual(shown.values[0].nanoseconds, times)

    def test_few_cases_make_no_headline(self):
        comparison = self.comparison(self.file("a.json", **SMALL_SET), self.file("b.json", "arm", **SMALL_SET))
        comparison.library[:] = [row for row in comparison.library if row.zone == SMALL][:3]
        self.assertRegex(words.lead(comparison), r"^In small calls, A is [0-9.]+ times as fast as B\.$")
        comparison.library.pop()
        self.assertIn("too few cases in common", words.lead(comparison))

    def test_noise_is_what_the_control_says(self):
        comparison = self.comparison(self.file("a.json", noise=0.002), self.file("b.json", noise=0.05, seed=3))
        quiet, loud = (noise.of_zone(CACHED) for noise in comparison.noises)
        self.assertLess(quiet, 0.005)
        self.assertGreater(loud, 5 * quiet)

    def test_a_noisy_run_is_warned_of(self):
        comparison = self.comparison(self.file("a.json"), self.file("b.json", noise=1, seed=3, slower=0.6))
        self.assertEqual(comparison.warnings(0), [])
        self.assertIn("The run is noisy", " ".join(comparison.warnings(1)))
        self.assertIn("A and B cannot be told apart", words.lead(comparison))

    def test_names_tell_results_apart(self):
        def names(*paths):
            return [result.name for result in self.comparison(*paths).results]
        zen, xeon = self.file("a.json", "zen", **SMALL_SET), self.file("b.json", "xeon", **SMALL_SET)
        self.assertEqual(names(zen, xeon), ["AMD EPYC 9T24, gcc 12.2.0", "Intel Xeon 6975P-C, gcc 12.2.0"])
        again = self.file("c.json", "zen", seed=2, **SMALL_SET)
        self.assertEqual(names(zen, again), ["AMD EPYC 9T24, gcc 12.2.0, a.json", "AMD EPYC 9T24, gcc 12.2.0, c.json"])
        (self.folder / "more").mkdir()
        other = write(self.folder / "more", "a.json", make("zen", seed=3, **SMALL_SET))
        self.assertEqual(names(zen, other)[1], f"AMD EPYC 9T24, gcc 12.2.0, {other}")


    def test_noise_is_of_90_in_100_rows_and_of_the_row_itself(self):
        def spread(result):  # in each zone by 0, 1, 2, … percent, once by half
            for entry in result["benchmarks"]:
                if "/control/" in entry["name"]:
                    n = int(entry["name"].rpartition(":")[2])
                    entry["cpu_time"] *= 1.5 if n == 1009 else 1 + (n - 1000) / 100
        sizes = tuple(range(1000, 1011))
        result = make(sizes=sizes, dtypes=("f32",), noise=0)
        spread(result)
        a = write(self.folder, "a.json", result)
        b = self.file("b.json", sizes=sizes, dtypes=("f32",), noise=0, slower=1.4)
        comparison = self.comparison(a, b)
        self.assertAlmostEqual(comparison.noises[0].of_zone(CACHED), 0.10, delta=0.011)
        self.assertAlmostEqual(comparison.noises[0].of_row(CACHED, "relu", "f32", 1009), 0.5)
        self.assertEqual({row.n for row in comparison.library if row.best is None}, {1009})


class Limits(Compared):
    def test_a_copy_of_as_many_bytes_is_the_limit(self):
        comparison = self.comparison(self.file("a.json", noise=0))
        relu = next(row for row in comparison.library if (row.operation, row.dtype, row.n) == ("relu", "f32", 65536))
        self.assertAlmostEqual(relu.values[0].limit, 1)

    def test_between_two_sizes_and_beyond_them_it_is_estimated(self):
        comparison = self.comparison(self.file("a.json", noise=0))
        limit = comparison.limits[0]
        first, second = limit.sizes[:2]
        middle = limit.rate((first * second) ** 0.5)
        self.assertAlmostEqual(middle, (limit.rates[0] * limit.rates[1]) ** 0.5)
        self.assertAlmostEqual(limit.rate(1), limit.rates[0])
        self.assertAlmostEqual(limit.rate(1 << 40), limit.rates[-1])

    def test_the_fastest_of_the_copies_counts(self):
        comparison = self.comparison(self.file("a.json", noise=0))
        result, limit = comparison.results[0], comparison.limits[0]
        moved = 8 << 26
        rates = {moved / result.medians[Case("copy", "f32", name, 1 << 26)] for name in ("memcpy", "streaming")}
        self.assertAlmostEqual(limit.rate(moved), max(rates))

    def test_a_run_without_copies_has_no_limit(self):
        result = make(**SMALL_SET)
        result["benchmarks"] = [e for e in result["benchmarks"] if not e["name"].startswith("copy")]
        status, out, _ = self.compare(write(self.folder, "a.json", result), "--html", self.folder / "page.html")
        self.assertEqual(status, 0)
        self.assertIn("–", out)


class Predictions(Compared):
    def predictions(self, **changes):
        cycles = {"identity": 1.25, "relu": 1.5, "relu_grad": 2.0, "none_of_the_set": 3.0}
        haswell = {"isa": "avx2", "vector_bytes": 32, "cycles": cycles}
        predicted = {"llvm": 14, "predictions": {"haswell": haswell, "znver3": haswell}, **changes}
        return write(self.folder, "predictions.json", predicted)

    def test_they_stand_apart_with_their_models_errors(self):
        zen = self.file("zen.json", "zen", noise=0)  # an AMD Zen 4, for which znver3 has to do
        status, _, err = self.compare(zen, "--predictions", self.predictions(), "--markdown", self.folder / "out.md",
                                      "--html", self.folder / "page.html")
        self.assertEqual((status, err), (0, ""))
        result = self.comparison(zen).results[0]
        operation, walk = (result.medians[Case(name, "f32", "avx2", 1000)] for name in ("relu_grad", "identity"))
        error = f"{100 * (2.0 / 1.25 / (operation / walk) - 1):+.0f}%"
        page, text = ((self.folder / name).read_text() for name in ("page.html", "out.md"))
        self.assertIn("Predicted, not measured", page)
        self.assertIn(f"| relu\\_grad | 2.00 | 2.00 | {error} |", text)
        self.assertIn("error of znver3 on A", text)
        self.assertNotIn("none\\_of\\_the\\_set", text)

    def test_without_a_measured_cpu_that_has_a_model_their_error_is_not_known(self):
        arm = self.file("arm.json", "arm")
        self.compare(arm, "--predictions", self.predictions(), "--markdown", self.folder / "out.md")
        text = (self.folder / "out.md").read_text()
        self.assertIn("how wrong they are is not known", text)
        self.assertNotIn("error of", text)

    def test_broken_ones_are_refused_and_the_results_compared(self):
        good = self.file("a.json", **SMALL_SET)
        for broken in ({"predictions": None}, {"llvm": "x"}, {"predictions": {"haswell": {}}},
                       {"predictions": {"haswell": {"isa": "avx2", "vector_bytes": 32, "cycles": {"relu": -1}}}}):
            with self.subTest(broken):
                page = self.folder / "page.html"
                status, out, err = self.compare(good, "--predictions", self.predictions(**broken), "--html", page)
                self.assertEqual(status, 2)
                self.assertIn("predictions.json is not compared: ", err)
                self.assertIn("AMD EPYC 9T24", out)
                self.assertNotIn("Predicted", page.read_text())
                page.unlink()


class Refusals(Compared):
    """Each broken file is refused with its reason, and the good ones beside it are compared."""

    def refused(self, reason, *broken):
        first = self.file("first.json", seed=1, **SMALL_SET)
        last = self.file("last.json", seed=2, slower=1.2, **SMALL_SET)
        status, out, err = self.compare(first, *broken, last)
        self.assertEqual(status, 2)
        self.assertRegex(err, reason)
        self.assertNotIn("Traceback", err)
        for path in broken:
            self.assertIn(f"{path} is not compared: ", err)
        self.assertIn("A is 1.20 times as fast as B", out)

    def text(self, text):
        path = self.folder / "broken.json"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def changed(self, change):
        result = make(**SMALL_SET)
        change(result)
        return write(self.folder, "broken.json", result)

    def entry(self, **values):
        return self.changed(lambda result: result["benchmarks"][50].update(values))

    def test_missing(self):
        self.refused("No such file", self.folder / "none.json")

    def test_a_folder(self):
        self.refused("Is a directory", self.folder)

    def test_empty(self):
        self.refused(": empty", self.text(" \n"))

    def test_truncated(self):
        whole = json.dumps(make(**SMALL_SET))
        for length in (1, 100, len(whole) // 2, len(whole) - 1):
            with self.subTest(length):
                self.refused("cut off|not JSON", self.text(whole[:length]))

    def test_no_json(self):
        self.refused("not JSON: Expecting", self.text("name,time\nrelu,1\n"))
        self.refused("not even text", self.text(b"\x89PNG\r\n\x1a\n\xff\xfe"))
        self.refused("nested too deeply", self.text("[" * 200000))

    def test_other_json(self):
        self.refused('no object "context"', self.text("[1, 2]"))
        self.refused('no object "context"', self.text('{"context": 3, "benchmarks": []}'))
        self.refused('no list "benchmarks"', self.text('{"context": {"fastrelu_set": "1"}}'))

    def test_of_another_program(self):
        foreign = {"context": {"executable": "/usr/bin/other-bench"},
                   "benchmarks": [{"name": "BM_x", "cpu_time": 1, "time_unit": "ns"}]}
        self.refused("another benchmark, 'other-bench'", self.text(json.dumps(foreign)))
        self.refused("'BM_x' is not a case", self.entry(run_name="BM_x"))

    def test_of_a_bench_before_sets_had_versions(self):
        self.refused("before sets had versions", self.changed(lambda result: result["context"].pop("fastrelu_set")))

    def test_no_numbers(self):
        self.refused("NaN is no number", self.entry(cpu_time=float("nan")))
        self.refused("Infinity is no number", self.entry(cpu_time=float("inf")))
        whole = json.dumps(make(**SMALL_SET))
        self.refused("digits", self.text(whole.replace('"iterations": 1000', '"iterations": ' + "9" * 5000)))

    def test_absurd_times(self):
        for time in (0, -1, 1e300, 10**400, True, "12", None, []):
            with self.subTest(time):
                self.refused("cpu_time is .* not a number from", self.entry(cpu_time=time))
        whole = json.dumps(make(**SMALL_SET))
        whole = re.sub('"cpu_time": [0-9.]+', '"cpu_time": 1e999', whole, count=1)
        self.refused("cpu_time is inf", self.text(whole))
        self.refused("time_unit is 'ms'", self.entry(time_unit="ms"))
        self.refused("bytes_per_second is missing", self.changed(lambda r: r["benchmarks"][7].pop("bytes_per_second")))

    def test_packed_files(self):
        whole = gzip.compress(json.dumps(make(**SMALL_SET)).encode())
        path = self.text("packed")
        path.write_bytes(whole)
        self.assertTrue(read(path).times)
        path.write_bytes(whole[:-20])
        self.refused("not a whole gzip file", path)
        path.write_bytes(gzip.compress(bytes(65 << 20)))
        self.refused("larger than 64 MiB", path)

    def test_entries_that_are_none(self):
        self.refused("not an object", self.changed(lambda result: result["benchmarks"].append(7)))
        self.refused("no timed operation", self.changed(lambda result: result["benchmarks"].clear()))

        def only_loops(result):
            result["benchmarks"] = [e for e in result["benchmarks"] if "/compiler/" in e["name"] or "copy" in e["name"]]
        self.refused("no timed operation", self.changed(only_loops))
        self.refused("is not a case", self.entry(run_name="relu/f32/fastrelu/n:16"))

    def test_merged(self):
        path = self.changed(lambda result: result["benchmarks"].append(dict(result["benchmarks"][0])))
        self.refused("has its repetition 0 twice", path)

    def test_the_same_measurement_twice(self):
        self.refused("the same measurement as", self.file("again.json", seed=1, **SMALL_SET))

    def test_huge(self):
        path = self.folder / "huge.json"
        with open(path, "wb") as file:
            file.truncate(MAX_BYTES + 1)
        self.refused("larger than 64 MiB", path)

    def test_of_another_version_of_the_set(self):
        new = self.file("new.json", seed=3, set_version="2")
        self.refused("of version 2 of the set of cases, the others are of 1", new)

    def test_nothing_left(self):
        status, _, err = self.compare(self.text("{"))
        self.assertEqual(status, 2)
        self.assertIn("nothing is left to compare", err)

    def test_context_of_wrong_types_is_unknown(self):
        keys = ("felt_cache_ends", "felt_caches", "fastrelu_info", "warnings", "cpu_name", "memory_bytes", "date")
        for value in (None, 7, "", "[", "[[[]]]", {"a": 1}, '["a", null]', "NaN"):
            with self.subTest(value):
                values = dict.fromkeys(keys, value)
                path = self.changed(lambda result: result["context"].update(values))
                status, _, err = self.compare(path, "--markdown", self.folder / "out.md")
                self.assertEqual((status, err), (0, ""))

    def test_aggregates_and_failed_cases_are_passed_over(self):
        def change(result):
            first = result["benchmarks"][-1]
            result["benchmarks"].append({**first, "run_type": "aggregate", "aggregate_name": "cv", "cpu_time": 0})
            result["benchmarks"].append({**first, "error_occurred": True, "cpu_time": 0})
        status, _, err = self.compare(self.changed(change))
        self.assertEqual((status, err), (0, ""))

    def test_what_google_benchmark_appends_to_names_is_left_out(self):
        def change(result):
            for entry in result["benchmarks"]:
                entry["run_name"] += "/min_time:0.050/repeats:9"
        comparison = self.comparison(self.changed(change))
        self.assertTrue(any(row.n == 65536 for row in comparison.library))


class Baselines(Compared):
    def test_a_repetition_is_no_regression(self):
        base = self.file("base.json", seed=1)
        for seed in range(2, 5):
            status, out, _ = self.compare("--baseline", base, self.file("new.json", seed=seed))
            self.assertEqual(status, 0)
            self.assertRegex(out, r"0 regressions of more than 5\.0% in 80 cases")

    def test_faster_is_no_regression(self):
        status, _, _ = self.compare("--baseline", self.file("base.json"), self.file("new.json", seed=2, slower=0.7))
        self.assertEqual(status, 0)

    def test_one_slower_operation_is(self):
        new = self.file("new.json", seed=2, slower=1.3, slow_operation="relu_mask")
        status, out, _ = self.compare("--baseline", self.file("base.json"), new)
        self.assertEqual(status, 1)
        self.assertIn("20 regressions of more than 5.0% in 80 cases", out)
        self.assertRegex(out, r"relu_mask/f32/n:16: 3\.\d+ ns -> 4\.\d+ ns, 1\.(29|30|31) times")

    def test_the_threshold_lets_pass(self):
        base, new = self.file("base.json"), self.file("new.json", seed=2, slower=1.15)
        self.assertEqual(self.compare("--baseline", base, new)[0], 1)
        self.assertEqual(self.compare("--baseline", base, new, "--threshold", "20%")[0], 0)

    def test_as_much_as_a_function_was_slower_than_itself_passes(self):
        result = make(seed=2, noise=0, slower=1.4, **SMALL_SET)
        for entry in result["benchmarks"]:
            if entry["name"].startswith("relu/f32/control/n:16"):
                entry["cpu_time"] *= 1.3
        new = write(self.folder, "new.json", result)
        base = self.file("base.json", noise=0, **SMALL_SET)
        self.assertEqual(self.compare("--baseline", base, new)[0], 1)
        self.assertEqual(self.compare("--baseline", base, new, "--noise", "45")[0], 0)
        for entry in result["benchmarks"]:
            if entry["name"].startswith("relu/f32/control/n:16"):
                entry["cpu_time"] *= 1.1
        self.assertEqual(self.compare("--baseline", base, write(self.folder, "new.json", result))[0], 0)

    def test_noise_lets_pass(self):
        base = self.file("base.json", noise=0.3)
        self.assertEqual(self.compare("--baseline", base, self.file("new.json", seed=2, noise=0.3, slower=1.1))[0], 0)

    def test_another_set_than_the_baselines_is_refused_whatever_most_are_of(self):
        base = self.file("base.json", set_version="2")
        status, _, err = self.compare("--baseline", base, self.file("a.json", seed=2), self.file("b.json", seed=3))
        self.assertEqual(status, 2)
        self.assertEqual(err.count("the baseline is of 2"), 2)

    def test_a_broken_baseline_and_no_common_case_are_bad_input(self):
        new, broken = self.file("new.json"), self.folder / "base.json"
        broken.write_text("{")
        status, _, err = self.compare("--baseline", broken, new)
        self.assertEqual(status, 2)
        self.assertIn("there is no baseline", err)
        other = self.file("other.json", dtypes=("f64",), seed=2)
        status, _, err = self.compare("--baseline", new, other)
        self.assertEqual(status, 2)
        self.assertIn("no case in common", err)


class Outputs(Compared):
    def test_csv_has_a_line_for_each_case_and_result(self):
        paths = [self.file("a.json", seed=1), self.file("b.json", "arm", seed=2)]
        self.compare(*paths, "--csv", self.folder / "out.csv")
        with open(self.folder / "out.csv", newline="") as file:
            lines = list(csv.DictReader(file))
        comparison = self.comparison(*paths)
        self.assertEqual(len(lines), sum(value is not None for row in comparison.rows for value in row.values))
        line = lines[next(i for i, line in enumerate(lines) if line["operation"] == "relu")]
        shown = [line[key] for key in ("dtype", "contender", "elements", "bytes", "zone", "file")]
        self.assertEqual(shown, ["f32", "fastrelu", "16", "128", "small calls", "a.json"])
        self.assertAlmostEqual(float(line["gigabytes_per_second"]), 128 / float(line["nanoseconds"]), places=3)

    def test_no_name_is_a_formula_in_a_spreadsheet(self):
        path = self.file("a.json", cpu_name="=1+1", **SMALL_SET)
        self.compare(path, "--csv", self.folder / "out.csv")
        with open(self.folder / "out.csv", newline="") as file:
            self.assertEqual({line["result"] for line in csv.DictReader(file)}, {"'=1+1, gcc 12.2.0"})

    def test_markdown_is_a_table_of_as_many_columns_in_each_row(self):
        paths = [self.file("a.json", **SMALL_SET), self.file("b.json", seed=2, cpu_name="a | b", **SMALL_SET)]
        self.compare(*paths, "--markdown", self.folder / "out.md")
        tables = re.findall(r"(?:^\|.*\n)+", (self.folder / "out.md").read_text(), flags=re.MULTILINE)
        self.assertEqual(len(tables), 4)
        for table in tables:
            counts = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
            self.assertEqual(len(counts), 1, table)

    def test_filter_chooses_the_cases_of_the_tables(self):
        status, out, _ = self.compare(self.file("a.json"), "--filter", "^relu/bf16/.*n:64$")
        self.assertEqual(re.findall(r"^(\w+) +(\w+) +(\d+) ", out, flags=re.MULTILINE), [("relu", "bf16", "64")])
        self.assertEqual(self.compare(self.file("a.json"), "--filter", "(")[0], 2)

    def test_plots_are_written_as_png_and_svg(self):
        path = self.file("a.json", sizes=(16, 4096, 1 << 26), dtypes=("f32",))
        self.compare(path, "--plots", self.folder / "plots")
        names = {file.stem for file in (self.folder / "plots").iterdir()}
        for name in ("throughput-relu-f32", "limit-in-the-caches-f32", "gain-past-the-caches-f32", "latency-f32"):
            self.assertIn(name, names)
        for name in names:
            self.assertEqual((self.folder / "plots" / f"{name}.png").read_bytes()[:4], b"\x89PNG")
            svg = (self.folder / "plots" / f"{name}.svg").read_text()
            self.assertIn("AMD EPYC 9T24", svg)
            self.assertNotIn("var(--", svg)

    def test_the_limit_has_the_brightest_shade(self):
        plot = limit_map(self.comparison(self.file("a.json", noise=0)), PAST, "f32")
        shades = {patch.get_facecolor() for patch in plot.figure.axes[0].patches}
        self.assertEqual(shades, {matplotlib.colormaps["cividis"](1.0)})  # all are at 100% there

    def test_nothing_from_a_file_is_markup(self):
        attack = "<script>alert(1)</script>\x1b[31m|`\u202e'\"&"
        keys = ("cpu_name", "cpu_microarchitecture", "compiler", "compiler_flags", "system", "date", "fastrelu_version")
        path = self.file("a.json", warnings=json.dumps([attack]), **SMALL_SET)
        result = json.loads(path.read_text())
        result["context"].update(dict.fromkeys(keys, attack))
        for entry in result["benchmarks"]:
            entry["label"] = attack
        path = write(self.folder, "<b>&.json", result)
        status, out, _ = self.compare(path, "--html", self.folder / "page.html", "--markdown", self.folder / "out.md",
                                      "--plots", self.folder / "plots")
        self.assertEqual(status, 0)
        page = (self.folder / "page.html").read_text()
        self.assertEqual(page.count("<script>"), 1)
        self.assertNotIn("<b>&.json", page)
        self.assertNotIn("<script>", (self.folder / "out.md").read_text())
        for text in (out, page, (self.folder / "out.md").read_text()):
            self.assertNotRegex(text, "[\x1b\u202e]")

    def test_the_page_names_no_address_to_load_from(self):
        self.compare(self.file("a.json", **SMALL_SET), "--html", self.folder / "page.html")
        page = (self.folder / "page.html").read_text()
        loaded = re.findall(r'\b(?:src|href|action|data)\s*=\s*"([^"]*)"|url\(([^)]*)\)|@import', page)
        for address in (a or b for a, b in loaded):
            self.assertRegex(address, r"^(#|data:)")
        self.assertIn("default-src 'none'", page)

    def test_what_cannot_be_written_is_said(self):
        status, _, err = self.compare(self.file("a.json"), "--csv", self.folder / "none" / "out.csv")
        self.assertEqual(status, 2)
        self.assertIn("out.csv: No such file", err)

    def test_the_command_runs_from_anywhere(self):
        path = self.file("a.json")
        (self.folder / "scipy.py").write_text("raise SystemExit('a module of the working folder was loaded')")
        environment = {**os.environ, "PYTHON": sys.executable}
        run = {"cwd": self.folder, "capture_output": True, "text": True, "env": environment}
        done = subprocess.run([ROOT / "python" / "fastrelu-compare", path.name], **run)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("AMD EPYC 9T24", done.stdout)
        done = subprocess.run([ROOT / "python" / "fastrelu-compare"], **run)
        self.assertEqual(done.returncode, 2)
        self.assertIn("usage:", done.stderr)


class PageOfCpus(Compared):
    def setUp(self):
        super().setUp()
        self.page = self.folder / "cpus.md"
        self.cpus = self.folder / "results"
        self.cpus.mkdir()

    def run_cpus(self, *arguments):
        with redirect_stdout(io.StringIO()) as out:
            status = cpus.main([*map(str, arguments), "--results", str(self.cpus), "--page", str(self.page)])
        return status, out.getvalue()

    def test_it_is_out_of_date_when_it_was_edited_or_a_result_was_added(self):
        self.assertEqual(self.run_cpus("--add", self.file("zen.json", "zen", sizes=(16, 4096)))[0], 0)
        self.assertEqual(self.run_cpus("--check")[0], 0)
        before = self.page.read_text()
        self.page.write_text(before.replace("ns", "ps", 1))
        self.assertEqual(self.run_cpus("--check")[0], 1)
        self.assertEqual(self.run_cpus("--add", self.file("arm.json", "arm", sizes=(16, 4096)))[0], 0)
        self.assertIn("Neoverse-N1", self.page.read_text())
        self.page.write_text(before)
        self.assertEqual(self.run_cpus("--check")[0], 1)

    def test_a_result_is_added_packed_by_its_name_without_the_hosts(self):
        path = self.file("any.json", "zen", sizes=(16, 4096))
        self.run_cpus("--add", path)
        (added,) = self.cpus.iterdir()
        self.assertRegex(added.name, r"^amd-epyc-9t24-zen-4-[a-z0-9.-]+\.json\.gz$")
        given, kept = load(path), load(added)
        given["context"].pop("host_name", None)
        self.assertEqual(kept, given)

    def test_what_is_not_added(self):
        path = self.file("any.json", "zen", sizes=(16, 4096))
        self.run_cpus("--add", path)
        status, out = self.run_cpus("--add", path)
        self.assertEqual(status, 1)
        self.assertIn("is there already", out)
        path.write_text("{")
        status, out = self.run_cpus("--add", path)
        self.assertEqual(status, 1)
        self.assertIn("cut off", out)
        self.assertEqual(len(list(self.cpus.iterdir())), 1)


class Recorded(unittest.TestCase):
    """bench/results, and the page made of it."""

    results = sorted(RESULTS.glob("*.json.gz"))

    def test_each_result_fits_the_schema(self):
        schema = json.loads((RESULTS / "schema.json").read_text())
        validator = jsonschema.Draft7Validator(schema)
        validator.check_schema(schema)
        validator.validate(make(sizes=(16,), dtypes=("f32",)))  # the made ones are as the real ones
        for path in self.results:
            with self.subTest(path.name):
                validator.validate(load(path))

    def test_each_result_can_be_compared(self):
        self.assertEqual(read_all(self.results)[1], {})

    def test_the_page_of_cpus_is_of_these_results(self):
        if self.results:
            self.assertEqual(cpus.main(["--check"]), 0)

    def test_each_result_is_named_by_its_cpu(self):
        for path in self.results:
            self.assertRegex(path.name, r"^[a-z0-9]+(-[a-z0-9.]+)*\.json\.gz$")


if __name__ == "__main__":
    unittest.main()
