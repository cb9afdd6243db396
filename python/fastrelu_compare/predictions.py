"""What llvm-mca's models say of CPUs that nobody measured (tests/mca/mca.py predict), and how wrong they are on those
that were."""

from dataclasses import dataclass

from .results import Case, Refused, is_number, load
from .statistics import geometric_mean

DTYPE = "f32"
FILLED = 0.75  # of the first cache, at most: the rest is the program's
LEAST = 1000  # elements: fewer are bound by the call
# The models of what fastrelu-bench names, best first: not each LLVM has each.
MODELS = {
    "AMD Zen 2": ("znver2",),
    "AMD Zen 3": ("znver3",),
    "AMD Zen 4": ("znver4", "znver3"),
    "AMD Zen 5": ("znver5", "znver4", "znver3"),
    "Intel Haswell": ("haswell",),
    "Intel Broadwell": ("haswell",),
    "Intel Skylake-SP": ("skylake-avx512",),
    "Intel Cascade Lake": ("skylake-avx512",),
    "Intel Cooper Lake": ("skylake-avx512",),
    "Intel Ice Lake": ("icelake-server",),
    "Intel Ice Lake-SP": ("icelake-server",),
    "Intel Sapphire Rapids": ("icelake-server",),
    "Intel Emerald Rapids": ("icelake-server",),
    "Intel Granite Rapids": ("icelake-server",),
    "Arm Cortex-A55": ("cortex-a55",),
    "Arm Cortex-A76": ("cortex-a76",),
    "Arm Neoverse N1": ("neoverse-n1",),
}


@dataclass(frozen=True)
class Prediction:
    cpu: str  # as LLVM names it
    isa: str
    vector_bytes: int
    llvm: int
    cycles: dict  # of each operation, for a stored vector


def read(path):
    data = load(path)
    predictions = data.get("predictions") if isinstance(data, dict) else None
    if not isinstance(predictions, dict) or not is_number(data.get("llvm")):
        raise Refused("no predictions of tests/mca/mca.py")
    found = []
    for cpu, of in predictions.items():
        cycles = of.get("cycles") if isinstance(of, dict) else None
        if (
            not isinstance(cycles, dict)
            or not all(is_number(value) and value > 0 for value in cycles.values())
            or not is_number(of.get("vector_bytes"))
            or not isinstance(of.get("isa"), str)
        ):
            raise Refused(f"the prediction of {cpu[:40]!r} is broken")
        found.append(Prediction(cpu, of["isa"], of["vector_bytes"], data["llvm"], cycles))
    return found


def model_of(result, predictions):
    """The prediction to hold a measured CPU against."""
    known = {prediction.cpu: prediction for prediction in predictions}
    names = MODELS.get(result.text("cpu_microarchitecture"), ())
    return next((known[name] for name in names if name in known), None)


def errors(result, prediction):
    """{operation: what is predicted of its cost over the walk with nothing to compute, over what was measured}. As a
    ratio to that walk it needs no clock, which nobody knows for sure. At the largest size that fits the first cache."""
    found = {}
    nothing = prediction.cycles.get("identity")
    for operation, cycles in prediction.cycles.items():
        cases = [
            case
            for case in result.times
            if (case.operation, case.dtype, case.contender) == (operation, DTYPE, prediction.isa)
            and case.n >= LEAST
            and result.cache_ends
            and result.bytes[case] <= FILLED * result.cache_ends[0]
        ]
        if not nothing or not cases or operation == "identity":
            continue
        case = max(cases)
        walk = Case("identity", DTYPE, prediction.isa, case.n)
        if walk in result.medians:
            measured = result.medians[case] / result.medians[walk]
            found[operation] = cycles / nothing / measured
    return found


def typical(found):
    """How far off the ratios are, on average, whichever way."""
    return geometric_mean(max(ratio, 1 / ratio) for ratio in found.values()) - 1
