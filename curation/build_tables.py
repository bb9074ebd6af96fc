# ruff: noqa: T201 (a command: its report goes to standard output)
"""Build ``loaders/tables/`` from the drafts of this folder and class A data at hand.

    python -m curation.build_tables --data ../shared/data

Prints what could not be resolved, what was refused, and how many facts a record supports.
Downloads nothing; writes only below ``--out``.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from curation.carry import (
    write_disease_ontology,
    write_drugbank,
    write_identity,
    write_kinds,
    write_mesh,
)
from curation.drafts import read_drafts
from curation.facts import (
    build_facts,
    carried_categories,
    carried_facts,
    concept_categories,
    write_facts,
)
from curation.identity import build_identity, drug_pairs
from curation.name_book import NameBook
from curation.names import NameWriter
from curation.resolve import Resolver
from curation.support import Supporters
from curation.vocabularies import Vocabularies, plain

_HERE = Path(__file__).parent


def main(arguments: Sequence[str] | None = None) -> None:
    """Build every table and print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the shared data sets")
    parser.add_argument("--drafts", type=Path, default=_HERE)
    parser.add_argument("--out", type=Path, default=_HERE.parent / "loaders" / "tables")
    options = parser.parse_args(arguments)
    vocabularies = Vocabularies(options.data)
    print("mesh.tsv", write_mesh(vocabularies, options.out))
    print("drugbank.tsv", write_drugbank(vocabularies, options.out))
    print("disease_ontology.tsv", write_disease_ontology(vocabularies, options.out))
    merger = build_identity(vocabularies)
    drafts = read_drafts(options.drafts)
    resolver = Resolver(vocabularies, merger, drafts)
    for pair in resolver.symptoms_by_our_names():
        merger.add(pair)
    drugs = {
        plain(text): resolver.resolve(concept.term).curie
        for concept in drafts.concepts
        if concept.term.role == "drug"
        for text, language, kind in concept.names
        if language == "en" and kind in {"preferred", "exact"}
    }
    used = {resolver.resolve(concept.term).curie for concept in drafts.concepts}
    pairs = drug_pairs(vocabularies, merger, drugs, used)
    print("identity.tsv", write_identity(merger, pairs, options.out))
    print("kinds.tsv", write_kinds(vocabularies, merger, options.out))
    print("identity pairs refused", sum(merger.refused.values()))
    categories = concept_categories(drafts, resolver)
    facts, problems = build_facts(drafts, resolver, categories)
    carried = carried_facts(vocabularies, merger)
    names = NameWriter(vocabularies, merger, resolver, categories)
    terms = [term for fact in drafts.facts for term in (fact.subject, fact.object)]
    names.drafted(drafts)
    names.used(terms)
    names.further(drafts, [c.term for c in drafts.concepts] + terms)
    names.carried(carried, carried_categories(carried))
    supporters = Supporters(
        vocabularies, merger, NameBook(vocabularies, merger, names.names), facts
    )
    for fact in facts:
        fact.records = supporters.records(fact)
    counts = write_facts(facts + carried, options.out)
    print("concepts.tsv, names.tsv", *names.write(options.out))
    _report(drafts.problems + problems + resolver.notes + names.notes, resolver, counts)


def _report(problems: list[str], resolver: Resolver, counts: dict[str, Counter[str]]) -> None:
    print(f"\n{len(problems)} problems and notes")
    for problem in problems:
        print("  ", problem)
    print(f"\n{len(resolver.unresolved)} names without an id at hand (given one of ours)")
    by_role: dict[str, list[str]] = {}
    for term in sorted(resolver.unresolved, key=lambda t: (t.role, t.name)):
        by_role.setdefault(term.role, []).append(term.name)
    for role, names in by_role.items():
        print(f"  {role} ({len(names)}): {'; '.join(names)}")
    print("\ntable, rows, known by a record, share")
    total: Counter[str] = Counter()
    for table, count in sorted(counts.items()):
        total.update(count)
        sources = ", ".join(f"{s} {n}" for s, n in count.most_common() if s.startswith("by "))
        print(f"  {table:22} {count['rows']:6} {count['record']:6} {_share(count)}  {sources}")
    print(f"  {'all':22} {total['rows']:6} {total['record']:6} {_share(total)}")


def _share(count: Counter[str]) -> str:
    return f"{count['record'] / max(count['rows'], 1):.1%}"


if __name__ == "__main__":
    main()
