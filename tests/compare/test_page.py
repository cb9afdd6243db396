"""The page of fastrelu-compare in a real browser: it renders, sorts and filters, asks the network for nothing and
reports no error, on a desk and on a phone, light and dark. With a folder as its first argument it leaves screenshots
there."""

import base64
import shutil
import sys
import tempfile
import unittest
from importlib.util import find_spec
from pathlib import Path

SKIPPED = 77  # for ctest a test that was skipped
ROOT = Path(__file__).resolve().parents[2]
browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
modules = ("numpy", "scipy", "matplotlib", "jinja2", "selenium")
missing = [name for name in modules if not find_spec(name)]
missing += ["chromium"] * (not browser) + ["chromedriver"] * (not driver)
if missing:
    print(f"not installed: {', '.join(missing)} (sh .ci/setup report)")
    sys.exit(SKIPPED)

sys.path.insert(0, str(ROOT / "python"))

from make_results import make, write  # noqa: E402 (after the check of what is needed)
from selenium import webdriver  # noqa: E402
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.support.ui import Select  # noqa: E402

from fastrelu_compare import page  # noqa: E402
from fastrelu_compare.comparison import Comparison  # noqa: E402
from fastrelu_compare.predictions import Prediction  # noqa: E402
from fastrelu_compare.results import read_all  # noqa: E402

SCREENSHOTS = None
ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync")
PREDICTIONS = [Prediction("haswell", "avx2", 32, 14, {"identity": 1.0, "relu": 1.5})]
SIZES = (16, 100, 4096, 1 << 20, 1 << 26)


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        case = "relu_bias_grad_nchw/bf16/streaming_pages/n:16777216"
        warning = f'["Other programs took <b>12%</b> of the CPU, worst in {case}."]'
        made = {
            "zen": make("zen", seed=1, sizes=SIZES),
            "xeon": make("xeon", seed=2, sizes=SIZES, warnings=warning),
            "arm": make("arm", seed=3, sizes=SIZES, dtypes=("f32",)),
        }
        paths = {name: write(cls.folder, f"{name}.json", result) for name, result in made.items()}
        for name, chosen in {"one": ["zen"], "two": ["zen", "xeon"], "three": ["zen", "xeon", "arm"]}.items():
            comparison = Comparison(read_all([paths[key] for key in chosen])[0])
            text = page.render(comparison, comparison.rows, PREDICTIONS)
            (cls.folder / f"{name}.html").write_text(text, encoding="utf-8")
        options = webdriver.ChromeOptions()
        options.binary_location = browser
        for argument in (*ARGUMENTS, f"--user-data-dir={cls.folder / 'profile'}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        cls.driver = webdriver.Chrome(service=Service(driver), options=options)
        cls.addClassCleanup(cls.driver.quit)

    def open(self, name, width=1280, dark=False):
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500})
        self.driver.get((self.folder / f"{name}.html").as_uri())

    def tearDown(self):
        self.assertEqual(self.driver.get_log("browser"), [])
        script = "return performance.getEntriesByType('resource').map((entry) => entry.name)"
        loaded = [address for address in self.driver.execute_script(script) if not address.startswith("data:")]
        self.assertEqual(loaded, [])

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def rows(self):
        """The texts of the visible rows' cells."""
        return self.driver.execute_script(
            "return [...document.querySelectorAll('.cases tbody tr')].filter((row) => row.offsetParent)"
            ".map((row) => [...row.cells].map((cell) => cell.textContent.trim()))")

    def values(self, column):
        """The numbers behind a column, as they stand."""
        return self.driver.execute_script(
            "return [...document.querySelectorAll('.cases tbody tr')].filter((row) => row.offsetParent)"
            ".map((row) => row.cells[arguments[0]].dataset.value).filter((value) => value !== '').map(Number)", column)

    def choose(self, name, text):
        Select(self.driver.find_element(By.NAME, name)).select_by_visible_text(text)

    def head(self, text):
        return next(head for head in self.all(".cases thead th") if head.text.split("\n")[0].rstrip(" ▲▼") == text)

    def visible_plots(self, kind):
        return [figure for figure in self.all(f"#{kind} figure") if figure.is_displayed()]

    def test_it_says_in_words_who_is_faster_and_what_to_be_careful_of(self):
        self.open("two")
        self.assertRegex(self.driver.find_element(By.TAG_NAME, "h1").text, r"B is 1\.\d+ times as fast as A")
        warnings = self.driver.find_element(By.CLASS_NAME, "warnings").text
        self.assertIn("Other programs took <b>12%</b> of the CPU, ", warnings)
        self.assertEqual([head.text for head in self.all(".runs th[scope=col]")],
                         ["A AMD EPYC 9T24, gcc 12.2.0", "B Intel Xeon 6975P-C, gcc 12.2.0"])

    def test_it_begins_with_one_type_and_what_users_get(self):
        self.open("two")
        rows = self.rows()
        self.assertEqual(len(rows), 4 * len(SIZES))
        self.assertEqual({row[1] for row in rows}, {"f32"})
        self.assertRegex(self.driver.find_element(By.CLASS_NAME, "status").text, r"^20 of \d+ cases$")

    def test_it_filters(self):
        self.open("two")
        self.choose("operation", "relu_grad")
        self.choose("dtype", "bf16")
        self.choose("n", "4,096")
        self.choose("contender", "all")
        rows = self.rows()
        self.assertEqual({tuple(row[1:3]) for row in rows}, {("bf16", "4,096")})
        isas = [f"relu_grad {isa}" for isa in ("avx2", "avx512", "scalar", "sse2")]
        self.assertEqual([row[0] for row in rows], ["relu_grad", *isas])
        self.assertEqual([figure.get_attribute("data-dtype") for figure in self.visible_plots("throughput")], ["bf16"])
        self.driver.find_element(By.CSS_SELECTOR, ".filters button").click()
        self.assertEqual(len(self.rows()), 4 * len(SIZES))

    def test_it_sorts_numbers_by_value_and_texts_by_the_alphabet(self):
        self.open("two")
        for text, column in (("Elements", 2), ("Faster", 3), ("A time", 4), ("B limit", 7)):
            with self.subTest(text):
                head = self.head(text)
                head.find_element(By.TAG_NAME, "button").click()
                self.assertEqual(head.get_attribute("aria-sort"), "ascending")
                self.assertEqual(self.values(column), sorted(self.values(column)))
                head.find_element(By.TAG_NAME, "button").click()
                self.assertEqual(head.get_attribute("aria-sort"), "descending")
                self.assertEqual(self.values(column), sorted(self.values(column), reverse=True))
        self.head("Operation").find_element(By.TAG_NAME, "button").click()
        names = [row[0] for row in self.rows()]
        self.assertEqual(names, sorted(names))
        self.assertEqual(len(self.all(".cases th[aria-sort=ascending], .cases th[aria-sort=descending]")), 1)

    def test_it_shows_the_other_plots_when_asked_to(self):
        self.open("two")
        self.assertEqual(len(self.visible_plots("throughput")), 3)
        self.driver.find_element(By.CSS_SELECTOR, "#throughput .more").click()
        self.assertEqual(len(self.visible_plots("throughput")), 4)

    def test_what_is_predicted_stands_apart(self):
        self.open("two")
        predicted = self.driver.find_element(By.ID, "predicted")
        self.assertIn("Predicted, not measured", predicted.text)
        self.assertIn("a model's prediction", predicted.text)
        self.assertEqual(predicted.value_of_css_property("border-top-style"), "dashed")

    def test_missing_values_are_last_either_way(self):
        self.open("three")
        self.choose("dtype", "all")
        head = self.head("C time")
        for _ in range(2):
            head.find_element(By.TAG_NAME, "button").click()
            shown = [row[5] for row in self.rows()]
            self.assertIn("–", shown)
            self.assertEqual(shown[-shown.count("–"):], ["–"] * shown.count("–"))

    def test_plots_have_words_for_who_does_not_see_them_and_no_id_twice(self):
        self.open("three")
        for kind in ("throughput", "limit", "gain", "latency"):
            self.assertTrue(self.visible_plots(kind), kind)
        self.assertTrue(all(svg.get_attribute("aria-label") for svg in self.all("figure svg")))
        ids = [element.get_attribute("id") for element in self.all("[id]")]
        self.assertEqual(len(ids), len(set(ids)))

    def test_it_is_legible_on_a_phone(self):
        self.open("three", width=360)
        self.assertEqual(self.driver.execute_script("return document.documentElement.scrollWidth"), 360)
        sizes = self.driver.execute_script(
            "return [...document.querySelectorAll('figure svg text')].filter((text) => text.getClientRects().length)"
            ".map((text) => text.getBoundingClientRect().height)")
        self.assertGreater(min(sizes), 9)

    def test_texts_stand_out_from_the_ground_light_and_dark(self):
        for dark in (False, True):
            self.open("three", dark=dark)
            ground = self.colour("body", "backgroundColor")
            self.assertEqual(luminance(ground) < 0.5, dark)
            for selector in ("h1", ".note", ".runs tbody th", "select", ".cases .best", "figure svg text"):
                with self.subTest(selector, dark=dark):
                    name = "fill" if "svg" in selector else "color"
                    self.assertGreater(contrast(self.colour(selector, name), ground), 4.5)
            for badge in range(3):
                foreground, background = (self.colour(f".names li:nth-child({badge + 1}) .badge", name)
                                          for name in ("color", "backgroundColor"))
                self.assertGreater(contrast(foreground, background), 4.5)

    def colour(self, selector, name):
        text = self.driver.execute_script(
            "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]", selector, name)
        return [int(part) / 255 for part in text[text.index("(") + 1:-1].split(",")[:3]]

    def test_one_result_alone(self):
        self.open("one")
        head = self.driver.find_element(By.TAG_NAME, "h1").text
        self.assertRegex(head, r"^fastrelu on AMD EPYC 9T24, gcc 12.2.0: \d+%")
        self.assertNotIn("Faster", [head.text for head in self.all(".cases thead th")])

    def test_screenshots(self):
        if not SCREENSHOTS:
            self.skipTest("no folder named")
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        for name, width, dark in (("light", 1280, False), ("dark", 1280, True), ("phone", 390, False)):
            self.open("two", width, dark)
            shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
            (SCREENSHOTS / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))


def luminance(rgb):
    """As WCAG defines it."""
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts))


def contrast(a, b):
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        SCREENSHOTS = Path(sys.argv.pop(1))
    unittest.main()
