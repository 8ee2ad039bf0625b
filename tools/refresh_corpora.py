"""Write the counts and checksums of the corpus manifests anew, and the tables that are counted from them.

Run it after a change of the readers or a new version of music21, with the songs brought in
(`composer corpus prepare lieder --from PATH`): python tools/refresh_corpora.py
"""

from __future__ import annotations

import re

from composer.corpus import catalog
from composer.corpus.prepare import prepare
from composer.models.harmony_tables import write_harmony
from composer.models.profile_tables import write_profiles
from composer.resources import shipped


def main() -> None:
    for corpus in catalog.list_corpora():
        paths = corpus.paths()
        values = {
            "files": str(len(paths)),
            "tunes": str(prepare(corpus.name).report.tunes),
            "sha256": f'"{catalog.source_hash(paths)}"',
        }
        manifest = shipped("corpora") / corpus.name / "manifest.toml"
        text = manifest.read_text("utf-8")
        for field, value in values.items():
            text = re.sub(rf"^{field} = .*$", f"{field} = {value}", text, flags=re.MULTILINE)
        manifest.write_text(text, "utf-8")
        print(corpus.name, values)
    write_harmony(prepare())
    write_profiles(prepare("default+lieder"))


if __name__ == "__main__":
    main()
