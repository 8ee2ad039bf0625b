"""What `make demo` runs: a photograph and a picture of our own, from pixels to audio, in a folder.

python tools/demo.py demo
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from PIL import Image
from skimage import data

from composer.cli.app import main

ROOT = Path(__file__).resolve().parent.parent
SEED = 1


def pictures(folder: Path) -> list[Path]:
    """A photograph of a cup of coffee (scikit-image, by Pikolo Espresso Bar, public domain) and a painted lake."""
    photograph, painting = folder / "coffee.png", folder / "lake.png"
    if not photograph.exists():
        Image.fromarray(data.coffee()).save(photograph)
    if not painting.exists():
        subprocess.run(
            [sys.executable, ROOT / "docs" / "make_picture.py", painting], check=True, stdout=subprocess.DEVNULL
        )
    return [photograph, painting]


def run(folder: Path) -> int:
    """Make both pieces and list every file; the exit code of `composer make`."""
    folder.mkdir(parents=True, exist_ok=True)
    words = ["make", *map(str, pictures(folder)), "--seed", str(SEED), "--card"]
    print(f"composer {' '.join(words)}", flush=True)
    code = main(words)
    print(f"\nThe files in {folder}/:")
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        print(f"{path.stat().st_size / 1000:10.1f} kB  {path}")
    return code


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1] if len(sys.argv) > 1 else "demo")))
