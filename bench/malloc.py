"""Training steps with and without `keep_freed_memory`, in alternating processes.

Usage: python bench/malloc.py [--rounds 3] [--json FILE]
"""

import argparse
import statistics
import subprocess
import sys
import time

from harness import arguments, publish

STEPS = 10
NAMES = ["default", "kept"]


def measure(keep: bool) -> float:
    """Return the median seconds of a step of `onet-small`, batch 32, on the CPU."""
    import torch

    from onet_cli.malloc import keep_freed_memory
    from onet_cli.models.catalogue import MODELS
    from onet_cli.models.network import build_network

    if keep and not keep_freed_memory():
        raise SystemExit("this malloc cannot be told to keep memory")
    network = build_network(MODELS["onet-small"], 0).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), 1e-3)
    images = torch.rand(32, 3, 112, 112).contiguous(memory_format=torch.channels_last)
    points = torch.rand(32, 2048, 3) - 0.5
    seconds = []
    for _ in range(STEPS):
        start = time.perf_counter()
        network(images, points).square().sum().backward()
        optimizer.step()
        optimizer.zero_grad()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def main() -> None:
    """Run the rounds and publish medians and their ratio."""
    parser = arguments(__doc__.splitlines()[0])
    parser.set_defaults(rounds=3)
    parser.add_argument("--measure", choices=NAMES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(measure(options.measure == "kept"))
        return
    seconds: dict[str, list[float]] = {name: [] for name in NAMES}
    for _ in range(options.rounds):
        for name, found in seconds.items():
            command = [sys.executable, __file__, "--measure", name]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found.append(float(done.stdout))
    medians = {name: statistics.median(found) for name, found in seconds.items()}
    rows = [
        {"freed memory": name, "ms a step": 1000 * taken, "x kept": taken / medians["kept"]}
        for name, taken in medians.items()
    ]
    publish("A training step of onet-small, batch 32", rows, options.json, ("torch",))


if __name__ == "__main__":
    main()
