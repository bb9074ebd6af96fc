"""A second checker of answers that shares no code with the engine.

It reads a KGX export and batch answers, nothing else: no import of this project. Of every answer
it asks three things.

1. Is every claim an edge of the export, in its polarity?
2. Does a citation mark ``[n]`` of the text stand behind a name of an end of claim ``n``?
3. Is every name of the graph that the text contains a name of something the answer may speak of:
   an end of a claim, or a concept of the question? Quoted passages (“…”) are left out: they are
   the words of a source or of the asker.

    python bench/kgx_checker.py EXPORT ANSWERS.jsonl
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SYMMETRIC = {
    "biolink:interacts_with",
    "biolink:similar_to",
    "biolink:associated_with",
    "biolink:directly_physically_interacts_with",
}
#: Names that are also words of the sentences themselves.
ORDINARY = re.compile(
    r"(?i)^(symptoms and signs|signs and symptoms|disease|diseases|drug|drugs|symptom|symptoms|"
    r"sign|signs|finding|findings|general|"
    r"medical|patient|patients|occasional|frequent|very frequent|very rare|common|record|recorded|"
    r"answer|constant|source|further|medicine|medicines|test|tests|gene|genes|condition|conditions|"
    r"risk|cause|causes|effect|effects|treatment|complication|complications|class|child|children|"
    r"adult|severe|moderate|mild|male|female|episodic|onset|syndrome|disorder|death|caution|"
    r"knowledge|doctor|pharmacist|member|members|rare|chronic|acute|interaction|interactions)$"
)
#: What sentences say before a name; "complications of diabetes mellitus" is also a concept's name.
FRAMING = re.compile(
    r"^(complications?|symptoms?|signs?|causes?|treatments?|side effects?|risk factors?)"
    r" (of|in|for|from) "
)
_WORD = re.compile(r"[0-9A-Za-zÀ-ÿα-ω]+|[\u4e00-\u9fff]")
_MARK = re.compile(r"\[(\d+)\]")
_QUOTED = re.compile(r"“[^”]*”")
_LONGEST = 14  # words of a name that may not be spoken of; one that may is taken whole


def _cells(line: str) -> list[str]:
    return line.rstrip("\n").split("\t")


def _unescaped(cell: str) -> str:
    return re.sub(r"\\(.)", lambda m: {"t": "\t", "n": "\n", "r": "\r"}.get(m[1], m[1]), cell)


def _parts(cell: str) -> list[str]:
    return [_unescaped(p) for p in re.split(r"(?<!\\)\|", cell) if p]


def _words(text: str) -> tuple[str, ...]:
    return tuple(w.lower() for w in _WORD.findall(text))


@dataclass
class Export:
    """Names and edges of a KGX folder."""

    names: dict[str, set[tuple[str, ...]]] = field(default_factory=dict)  # id → its names
    owners: dict[tuple[str, ...], set[str]] = field(default_factory=dict)  # name → ids
    edges: set[tuple[str, str, str, bool]] = field(default_factory=set)

    @classmethod
    def read(cls, folder: Path) -> Export:
        """Read ``nodes.tsv`` and ``edges.tsv``."""
        export = cls()
        with (folder / "nodes.tsv").open(encoding="utf-8", newline="\n") as stream:
            header = _cells(next(stream))
            for line in stream:
                row = dict(zip(header, _cells(line), strict=True))
                forms = _parts(row["name"]) + _parts(row["synonym"])
                if row.get("names"):
                    forms += [text for text, _, _ in json.loads(_unescaped(row["names"]))]
                named = {_words(f) for f in forms} - {()}
                export.names[_parts(row["id"])[0]] = named
                for name in named:
                    export.owners.setdefault(name, set()).add(_parts(row["id"])[0])
        with (folder / "edges.tsv").open(encoding="utf-8", newline="\n") as stream:
            header = _cells(next(stream))
            for line in stream:
                row = dict(zip(header, _cells(line), strict=True))
                ends = (row["subject"], row["predicate"], row["object"])
                export.edges.add((*ends, row["negated"] == "true"))
        return export

    def holds(self, subject: str, predicate: str, object_: str, negated: bool) -> bool:
        """Whether the export has this edge; a symmetric one either way round."""
        if (subject, predicate, object_, negated) in self.edges:
            return True
        return predicate in SYMMETRIC and (object_, predicate, subject, negated) in self.edges


def faults(answer: dict[str, object], export: Export) -> Iterator[str]:
    """Everything wrong with one batch answer; nothing where it is sound."""
    claims: list[dict[str, str]] = answer["claims"]  # type: ignore[assignment]
    allowed: set[str] = set()
    for number, claim in enumerate(claims, start=1):
        ends = (claim["subject"], claim["predicate"], claim["object"])
        allowed.update((claim["subject"], claim["object"]))
        if not export.holds(*ends, claim["polarity"] == "negative"):
            yield f"claim {number} is no edge: {claim['polarity']} {ends}"
        if not claim["evidence"]:
            yield f"claim {number} has no evidence"
    concepts: list[dict[str, object]] = answer["concepts"]  # type: ignore[assignment]
    for concept in concepts:
        allowed.add(str(concept["curie"]))
        allowed.update(str(a["curie"]) for a in concept["alternatives"])  # type: ignore[attr-defined]
    text = _QUOTED.sub(" ", str(answer["answer"]))
    yield from _mark_faults(text, claims, export)
    if answer["outcome"] in ("unknown_name", "ambiguous"):
        return  # the text lists near names, which state nothing
    yield from _name_faults(text, allowed, concepts, export)


def _mark_faults(text: str, claims: list[dict[str, str]], export: Export) -> Iterator[str]:
    seen: set[int] = set()
    for mark in _MARK.finditer(text):
        number = int(mark[1])
        if number in seen:
            continue  # a note on how the fact is known names its mark again
        seen.add(number)
        if not 1 <= number <= len(claims):
            yield f"mark [{number}] has no claim"
            continue
        claim = claims[number - 1]
        before = _words(text[: mark.start()])[-60:]
        ends = [export.names.get(claim[role], set()) for role in ("subject", "object")]
        if not any(_contains(before, name) for names in ends for name in names):
            yield f"mark [{number}] stands behind no name of its claim"


def _contains(words: tuple[str, ...], name: tuple[str, ...]) -> bool:
    return any(words[i : i + len(name)] == name for i in range(len(words) - len(name) + 1))


def _name_faults(
    text: str, allowed: set[str], concepts: list[dict[str, object]], export: Export
) -> Iterator[str]:
    permitted = set().union(*(export.names.get(c, set()) for c in allowed)) if allowed else set()
    permitted |= {_words(str(c["text"])) for c in concepts}
    longest = max(_LONGEST, *(len(name) for name in permitted), 0)
    for sentence in re.split(r"(?<=[.。;；:：])\s|\[\d+\]", text):
        words = _words(sentence)
        at = 0
        while at < len(words):
            taken = 1
            for length in range(min(longest, len(words) - at), 0, -1):
                name = words[at : at + length]
                if name in permitted:
                    taken = length
                    break
                if name in export.owners and not (_innocent(name) or _framed(name, permitted)):
                    yield f"names {' '.join(name)!r} ({min(export.owners[name])})"
                    taken = length
                    break
            at += taken


def _framed(name: tuple[str, ...], permitted: set[tuple[str, ...]]) -> bool:
    """Whether a name is the words of a sentence and a name that may be spoken of."""
    joined = " ".join(name)
    framing = FRAMING.match(joined)
    return framing is not None and tuple(joined[framing.end() :].split(" ")) in permitted


def _innocent(name: tuple[str, ...]) -> bool:
    joined = " ".join(name)
    han = all("\u4e00" <= w <= "\u9fff" for w in name)
    short = len(name) < 2 if not han else len(name) < 3
    return (short and (han or len(joined) < 5)) or bool(ORDINARY.match(joined))


def main() -> int:
    """Check a file of answers; 1 where any is at fault."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("export", type=Path)
    parser.add_argument("answers", type=Path)
    options = parser.parse_args()
    export = Export.read(options.export)
    answers = claims = wrong = 0
    with options.answers.open(encoding="utf-8") as stream:
        for line in stream:
            answer = json.loads(line)
            if "error" in answer:
                continue
            answers += 1
            claims += len(answer["claims"])
            for fault in faults(answer, export):
                wrong += 1
                print(f"{answer['id']}: {fault}: {answer['question']}")
    print(f"{answers} answers, {claims} claims checked, {wrong} faults")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
