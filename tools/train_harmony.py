"""Train the shipped harmony network again: ``python tools/train_harmony.py``; some minutes on two cores.

It needs the songs with piano (``composer corpus show lieder`` says how to get them).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from composer.models.harmony_recipe import read_harmony_recipe
from composer.models.harmony_runtime import FOLDER
from composer.models.harmony_training import train_harmony


def main() -> None:
    """Write weights and card into ``--output``, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", nargs="?", type=Path, help="a recipe file; the shipped one if absent")
    parser.add_argument("--output", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    card = train_harmony(
        read_harmony_recipe(arguments.recipe),
        arguments.output,
        progress=lambda epoch, loss, nats: print(
            f"epoch {epoch}: loss {loss:.4f}, {nats:.4f} nats a chord", flush=True
        ),
    )
    for name, figures in card["metrics"].items():
        print(name, figures)


if __name__ == "__main__":
    main()
