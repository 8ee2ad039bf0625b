"""How soon the program answers: ``composer --help`` beside a bare typer program with rich help, in turns; medians.

Run it with ``python -m tests.benchmarks.start_up``; the aim is at most 1.5 times the bare program.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 21
BARE = """
import typer
app = typer.Typer()
@app.command()
def one(name: str) -> None: "Say one thing."
@app.command()
def two(name: str, count: int = 1) -> None: "Say another thing."
app()
"""
PROGRAMS = {
    "bare typer": [sys.executable, "-c", BARE, "--help"],
    "composer": [sys.executable, "-m", "composer", "--help"],
}


def seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def medians() -> dict[str, float]:
    """Seconds of each program, run in turns so that both meet the same load."""
    taken: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(RUNS):
        for name, command in PROGRAMS.items():
            taken[name].append(seconds(command))
    return {name: statistics.median(times) for name, times in taken.items()}


if __name__ == "__main__":
    found = medians()
    for program, median in found.items():
        print(f"{program:12} {median:.3f} s")
    print(f"ratio        {found['composer'] / found['bare typer']:.2f}")
