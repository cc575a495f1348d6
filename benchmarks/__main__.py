"""`python -m benchmarks` runs every benchmark, `python -m benchmarks rerun` the named ones."""

from __future__ import annotations

import argparse

from benchmarks import answers, drag, first_page, layer_map, rerun, training
from benchmarks._tables import machine

BENCHMARKS = {
    "first_page": first_page.run,
    "rerun": rerun.run,
    "drag": drag.run,
    "answers": answers.run,
    "layer_map": layer_map.run,
    "training": training.run,
}


def main() -> None:
    """Run the benchmarks that the command line names, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    names = parser.parse_args().names or list(BENCHMARKS)
    if unknown := [name for name in names if name not in BENCHMARKS]:
        parser.error(f"no benchmark named {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    print(machine())
    for name in names:
        BENCHMARKS[name]()


if __name__ == "__main__":
    main()
