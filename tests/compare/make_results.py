"""Makes results as fastrelu-bench writes them, of CPUs that do not exist: small, the same at each call, and as noisy as
asked for. As a program: make_results.py FOLDER writes a few to look at."""

import json
import random
import sys
from pathlib import Path

SIZES = (16, 64, 100, 256, 1000, 4096, 1 << 16, 1 << 20, 1 << 24, 1 << 26)
ELEMENT = {"f32": 4, "f64": 8, "f16": 2, "bf16": 2}
OPERATIONS = {  # tensors, cost over a copy in the first cache, what bounds it
    "relu": (2, 1.0, ""),
    "relu_grad": (3, 1.1, "bound by memory, of more tensors than a copy has"),
    "relu_mask": (2.03, 1.1, ""),
    "squared_relu": (2, 1.3, "computes"),
}
ISA_SPEED = {"avx512": 1.0, "avx2": 1.15, "sse2": 1.9, "neon": 1.0, "scalar": 9.0}


def nanoseconds(moved, cpu, cost):
    """Of a call: a fixed part, and the bytes at the rate of the cache that they fit."""
    rate = next((rate for end, rate in zip(cpu["ends"], cpu["rates"]) if moved <= end), cpu["rates"][-1])
    in_first = moved <= cpu["ends"][0]
    return cpu["overhead"] + moved / rate * (cost if in_first else max(1, cost * 0.55))


CPUS = {
    "zen": dict(
        cpu_name="AMD EPYC 9T24 96-Core Processor",
        cpu_microarchitecture="AMD Zen 4",
        isas=("avx512", "avx2", "sse2", "scalar"),
        ends=(32 << 10, 1 << 20, 32 << 20),
        rates=(190, 95, 60, 28),
        overhead=2.4,
    ),
    "xeon": dict(
        cpu_name="Intel(R) Xeon(R) 6975P-C CPU @ 2.00GHz",
        cpu_microarchitecture="Intel Granite Rapids",
        isas=("avx512", "avx2", "sse2", "scalar"),
        ends=(48 << 10, 2 << 20, 96 << 20),
        rates=(330, 105, 33, 22),
        overhead=1.9,
    ),
    "arm": dict(
        cpu_name="Neoverse-N1",
        cpu_microarchitecture="Arm Neoverse N1",
        isas=("neon", "scalar"),
        ends=(64 << 10, 1 << 20, 16 << 20),
        rates=(80, 45, 24, 15),
        overhead=3.5,
    ),
}


def make(cpu="zen", *, seed=1, slower=1.0, noise=0.01, repetitions=9, dtypes=("f32", "bf16"), sizes=SIZES,
         slow_operation=None, set_version="1", compiler="GNU 12.2.0", date="2026-11-29T12:00:00+00:00", **context):
    """A result of the CPU, all of whose times, or those of one operation, are `slower` times as long."""
    model, draw, entries = CPUS[cpu], random.Random(seed), []

    def add(operation, dtype, contender, n, moved, cost, label=""):
        factor = slower if slow_operation in (None, operation) else 1
        expected = nanoseconds(moved, model, cost) * factor
        for index in range(repetitions):
            time = expected * (1 + abs(draw.gauss(0, noise)))
            name = f"{operation}/{dtype}/{contender}/n:{n}"
            entries.append({
                "name": name, "run_name": name, "run_type": "iteration", "repetitions": repetitions,
                "repetition_index": index, "threads": 1, "iterations": 1000, "real_time": time, "cpu_time": time,
                "time_unit": "ns", "bytes_per_second": moved / time * 1e9, "items_per_second": n / time * 1e9,
                "label": label})

    best = model["isas"][0]
    for n in sizes:
        for name, cost in (("memcpy", 1.0), ("streaming", 2.5 if 8 * n < model["ends"][-1] else 0.95)):
            add("copy", "f32", name, n, 8 * n, cost)
        for isa in model["isas"]:
            add("identity", "f32", isa, n, 8 * n, ISA_SPEED[isa])
    for dtype in dtypes:
        for operation, (tensors, cost, label) in OPERATIONS.items():
            for n in sizes:
                moved = max(1, round(n * tensors * ELEMENT[dtype]))
                for isa in model["isas"]:
                    add(operation, dtype, isa, n, moved, cost * ISA_SPEED[isa], label)
                add(operation, dtype, "control", n, moved, cost, label)
                if operation == "relu":
                    add(operation, dtype, "compiler", n, moved, cost * 1.2)
    caches = dict(zip(("l1d", "l2", "l3"), model["ends"]))
    return {
        "context": {
            "date": date, "host_name": "host", "executable": "fastrelu-bench", "num_cpus": 2, "mhz_per_cpu": 3700,
            "cpu_scaling_enabled": False, "caches": [], "load_avg": [0.1], "library_build_type": "release",
            "fastrelu_set": set_version, "fastrelu_set_part": "", "fastrelu_version": "0.1.0", "fastrelu_isa": best,
            "fastrelu_info": json.dumps({"isa": best, "cpu": model["cpu_name"], "caches": caches}),
            "cpu_name": model["cpu_name"], "cpu_microarchitecture": model["cpu_microarchitecture"], "cpu_cores": "2",
            "felt_caches": json.dumps([{"bytes": 4096 << i, "gigabytes_per_second": 190 - 8 * i} for i in range(16)]),
            "felt_cache_ends": json.dumps(list(model["ends"])), "memory_bytes": str(24 << 30),
            "frequency_policy": "unknown", "virtual_machine": "kvm", "kernel": "6.1.0", "system": "Debian GNU/Linux 12",
            "compiler": compiler, "compiler_flags": "-O3 -DNDEBUG", "compiler_loops": "-O3 -march=native",
            "load_before": "0.10", "load_after": "0.40", "duration_seconds": "240", "warnings": "[]", **context},
        "benchmarks": entries}


def write(folder, name, result):
    path = Path(folder) / name
    path.write_text(json.dumps(result))
    return path


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    write(folder, "zen.json", make("zen"))
    write(folder, "zen-clang.json", make("zen", seed=2, slower=1.06, compiler="Clang 14.0.6"))
    write(folder, "xeon.json", make("xeon", seed=3, noise=0.03,
                                    warnings='["Other programs took 12% of the CPU during the run."]'))
    write(folder, "arm.json", make("arm", seed=4))


if __name__ == "__main__":
    main()
