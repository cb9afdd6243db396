#!/usr/bin/env python3
"""The set of fastrelu-bench from outside: its options, and the file that it leaves. Nothing about speed.
The environment names the program: FASTRELU_BENCH."""
import json
import os
import re
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

PROGRAM = os.environ["FASTRELU_BENCH"]
SCHEMA = json.loads(Path(__file__).with_name("results").joinpath("schema.json").read_text())
TINY = ("--quick", "--isa=scalar", "--filter=^(relu/f32/.*|copy/f32/walk)/n:16$")


class Set(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def start(self, *arguments):
        return subprocess.Popen((PROGRAM, *arguments), cwd=self.folder, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run_bench(self, *arguments, status=0):
        """What was printed on standard output and on standard error."""
        process = self.start(*arguments)
        output = process.communicate()
        self.assertEqual(process.returncode, status, output)
        return output

    def refuses(self, *arguments, because):
        """Before it measures: nothing on standard output, and no file."""
        output, error = self.run_bench(*arguments, status=2)
        self.assertEqual(output, "")
        self.assertRegex(error, because)
        self.assertEqual(list(self.folder.iterdir()), [])

    def check(self, file):
        """Against the schema's lists of what must be there, and what a schema cannot say."""
        result = json.loads(file.read_text())
        context, repetitions = result["context"], result["benchmarks"]
        self.assertEqual(set(SCHEMA["definitions"]["context"]["required"]) - set(context), set())
        for key, kind in (("fastrelu_info", dict), ("felt_caches", list), ("felt_cache_ends", list),
                          ("warnings", list), ("spread", dict)):
            self.assertIsInstance(json.loads(context[key]), kind)
        self.assertGreater(len(json.loads(context["felt_caches"])), 10)
        indices = {}
        for repetition in repetitions:
            self.assertEqual(set(SCHEMA["definitions"]["repetition"]["required"]) - set(repetition), set())
            self.assertRegex(repetition["run_name"], SCHEMA["definitions"]["case"]["pattern"])
            indices.setdefault(repetition["run_name"], []).append(repetition["repetition_index"])
        for name, found in indices.items():
            self.assertGreaterEqual(len(found), 9, name)
            self.assertEqual(sorted(found), list(range(len(found))), name)
        return context, list(indices)

    def test_help_and_version_are_printed(self):
        self.assertRegex(self.run_bench("--help")[0], "^usage: fastrelu-bench ")
        self.assertRegex(self.run_bench("--version")[0], r"^fastrelu-bench \d+\.\d+\.\d+, set \d+\n$")

    def test_what_it_does_not_understand_is_refused(self):
        self.refuses("--fast", because="unrecognized option '--fast'\nusage:")
        self.refuses("--quick=1", because="doesn't allow an argument\nusage:")
        self.refuses("relu", because="'relu' is no option")
        self.refuses("--isa=avx9", because="--isa: 'avx9' is none of this CPU and build: .*scalar\n")
        self.refuses("--isa=scalar,", because="--isa: '' is none of")
        self.refuses("--filter=^nothing/", because=r"--filter: no case of the set matches '\^nothing/'")
        self.refuses("--filter=(", because="--filter: .+")

    def test_a_file_that_cannot_be_written_is_refused(self):
        self.refuses(*TINY, "--out=missing/result.json", because="cannot write missing/result.json: No such file")
        self.refuses(*TINY, "--out=.", because="--out: . is a folder")

    def test_a_part_of_the_set_says_so(self):
        output, error = self.run_bench(*TINY)
        file, = self.folder.iterdir()
        self.assertRegex(file.name, r"^fastrelu-[a-z0-9-]+\.json$")
        self.assertIn(f"{file.name}: written", output)
        self.assertNotIn("exists", error)
        self.assertRegex(output, r"\nrelu/f32/scalar +[0-9.]+ +\d+%\n")
        self.assertIn("\ncontrol, the same function measured twice: ", output)
        context, names = self.check(file)
        self.assertEqual(context["fastrelu_set_part"], f"--quick {TINY[2]} --isa=scalar")
        self.assertEqual(context["fastrelu_isa"], "scalar")
        self.assertEqual(names, ["copy/f32/walk/n:16", "relu/f32/scalar/n:16", "relu/f32/control/n:16"])
        self.assertIn("control", context)
        printed = re.findall("^warning: (.*)$", output, re.MULTILINE)
        self.assertEqual(json.loads(context["warnings"]), printed)

    def test_a_file_is_never_overwritten(self):
        for name in ("mine.json", "mine-2.json"):
            (self.folder / name).write_text("kept")
        _, error = self.run_bench(*TINY, "--out", "mine.json")
        self.assertIn("mine.json exists: the result goes to mine-3.json\n", error)
        self.assertEqual(sorted(file.name for file in self.folder.iterdir()),
                         ["mine-2.json", "mine-3.json", "mine.json"])
        self.assertEqual((self.folder / "mine.json").read_text(), "kept")
        self.assertEqual((self.folder / "mine-2.json").read_text(), "kept")
        self.check(self.folder / "mine-3.json")

    def start_measuring(self, *arguments):
        process = self.start(*arguments)
        while " repetitions each" not in process.stdout.readline():
            self.assertIsNone(process.poll())
        return process

    def test_a_file_that_appears_meanwhile_is_not_overwritten(self):
        with self.start_measuring(*TINY, "--out=mine.json") as process:
            process.send_signal(signal.SIGSTOP)
            (self.folder / "mine.json").write_text("kept")
            process.send_signal(signal.SIGCONT)
            self.assertRegex(process.communicate()[0], "\nmine-2.json: written")
        self.assertEqual((self.folder / "mine.json").read_text(), "kept")

    def test_an_interrupted_run_leaves_no_file(self):
        with self.start_measuring() as process:
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(), -signal.SIGINT)
        self.assertEqual(list(self.folder.iterdir()), [])


if __name__ == "__main__":
    unittest.main()
