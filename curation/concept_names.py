# ruff: noqa: T201 (a command: its report goes to standard output)
"""Make the table of names the shipped recogniser links with, without training it anew.

    python -m curation.concept_names --data DIR [--out FILE]

The same rows as ``medkgqa train ner`` writes: names annotators of the train and dev documents
linked (no document of a test set), names of MeSH, names of the installed dictionaries.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from medkgqa.settings import Settings
from medkgqa.training_command import concept_rows, shipped_config, shipped_model, training_texts
from nlp.concept_names import write_concept_names
from nlp.training.token_plan import read_plan


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder that holds ner")
    out = shipped_model("ner-en").with_name("concepts.xz")
    parser.add_argument("--out", type=Path, default=out)
    options = parser.parse_args()
    plan = read_plan(shipped_config("ner"))
    texts = training_texts(plan, options.data)
    rows = concept_rows(plan, texts, options.data, Settings.from_environment(os.environ).cache)
    write_concept_names(rows, options.out)
    print(f"{options.out}: {len(rows):,} rows, {options.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
