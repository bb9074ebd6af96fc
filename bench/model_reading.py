"""Does a language model read the questions that the rules and the classifier do not?

    python -m bench.model_reading --graph GRAPH --data DIR [--development] [--lm MODEL]

Asked are the questions of MedInfo 2019 and LiveQA 2017 (:mod:`bench.questions`: those no rule was
written from) that are not understood though a name in them is linked; with ``--development`` the
rows that may be read.
A question of a type the graph covers is right where the intent read answers it; one of another
type, where nothing is read. Beside the model: always the most frequent right intent (an upper
bound of what any constant can score, since it is chosen on these very questions), a line drawn at
random, and, since all of them read everything, never reading. ``--gains FILE`` writes how each line
scored; ``--least`` sets the least gain.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.questions import Asked, liveqa, medinfo
from bench.remembering_linker import RememberingLinker
from kg.saved import open_graph
from kg.store import GraphStore
from medkgqa.models import open_model
from medkgqa.settings import Settings
from nlp.linker import StoreLinker
from reasoning.language_model import LanguageModel
from reasoning.plan import Intent
from reasoning.plan_reading import Read, gains_of
from reasoning.question import Reason, Understanding
from reasoning.readings import ReadingWords
from reasoning.sentence_frames import fill
from reasoning.understanding import Understander


@dataclass
class Chooser:
    """A reader that takes line ``index`` and remembers what it was shown."""

    index: int = 0
    name: str = "chooser"
    shown: tuple[str, tuple[str, ...], tuple[str, ...], ReadingWords] | None = None

    def read(
        self, question: str, names: Sequence[str], lines: Sequence[str], words: ReadingWords
    ) -> Read | None:
        """Take it."""
        self.shown = (question, tuple(names), tuple(lines), words)
        return Read(self.index, 0.5)


@dataclass(frozen=True, slots=True)
class Missed:
    """A question nothing recognises, with the intent of each line it could be read as."""

    asked: Asked
    question: str
    names: tuple[str, ...]
    lines: tuple[str, ...]
    intents: tuple[Intent, ...]
    words: ReadingWords = field(repr=False)


def missed(questions: Sequence[Asked], store: GraphStore) -> Iterator[Missed]:
    """Those of ``questions`` that end as not understood though a name is linked."""
    linker = RememberingLinker(StoreLinker(store))
    plain = Understander(linker)
    for asked in questions:
        if plain(asked.question).reason is not Reason.NO_QUESTION:
            continue
        chooser = Chooser()
        first = Understander(linker, reader=chooser)(asked.question)
        if chooser.shown is None:
            continue
        question, names, lines, words = chooser.shown
        others = (Understander(linker, reader=Chooser(n)) for n in range(1, len(lines)))
        read = [first, *(understander(asked.question) for understander in others)]
        yield Missed(asked, question, names, lines, tuple(map(_intent, read)), words)


def _intent(understood: Understanding) -> Intent:
    assert understood.intent is not None
    return understood.intent


def collections(options: argparse.Namespace) -> list[Asked]:
    """The questions asked for."""
    if options.development:
        found = list(medinfo(options.data, development=True))
    else:
        found = [*medinfo(options.data), *liveqa(options.data)]
    return list({asked.question: asked for asked in found}.values())


def right(one: Missed, intent: Intent | None) -> bool:
    return intent in one.asked.intents if one.asked.intents else intent is None


def share(count: float, total: int) -> str:
    return f"{100 * count / max(total, 1):.1f} % ({count:g} of {total})"


def report(found: Sequence[Missed], read: Sequence[Intent | None]) -> Iterator[str]:
    """How the readings fare beside the floors."""
    covered = [n for n, one in enumerate(found) if one.asked.intents]
    others = [n for n, one in enumerate(found) if not one.asked.intents]
    reachable = [n for n in covered if set(found[n].intents) & found[n].asked.intents]
    given = [n for n in range(len(found)) if read[n] is not None]
    yield f"missed {len(found)}: covered types {len(covered)}, others {len(others)}"
    yield f"covered, a right line among the lines: {share(len(reachable), len(covered))}"
    hits = sum(right(found[n], read[n]) for n in covered)
    yield f"covered, read rightly: {share(hits, len(covered))}"
    yield f"others, left alone: {share(sum(read[n] is None for n in others), len(others))}"
    kept = sum(right(found[n], read[n]) for n in given)
    yield f"of what was read, right: {share(kept, len(given))}"
    constant = Counter(i for n in covered for i in found[n].asked.intents & set(found[n].intents))
    if constant:
        most, count = constant.most_common(1)[0]
        yield f"floor, always {most.value}: covered {share(count, len(covered))}"
    chance = random.Random(1)
    rounds = 200
    drawn = sum(
        chance.choice(found[n].intents) in found[n].asked.intents
        for n in covered
        for _ in range(rounds)
    )
    yield f"floor, a random line: covered {share(round(drawn / rounds, 1), len(covered))}"
    yield f"floor, never reading: all {share(len(others), len(found))}"
    total = sum(right(one, intent) for one, intent in zip(found, read, strict=True))
    yield f"all, right: {share(total, len(found))}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--graph", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--development", action="store_true", help="the rows that may be read")
    parser.add_argument("--lm", default="default")
    parser.add_argument("--least", type=float, default=0.0)
    parser.add_argument("--gains", type=Path, help="where to write the score of every line")
    options = parser.parse_args()
    store = open_graph(options.graph)
    found = list(missed(collections(options), store))
    model = open_model(options.lm, Settings.from_environment(os.environ))
    if not isinstance(model, LanguageModel):
        parser.error(f"{options.lm} gives no scores")
    read: list[Intent | None] = []
    records = []
    started = time.perf_counter()
    for one in found:
        nothing = fill(one.words.nothing, names=one.words.between.join(one.names))
        *gains, floor = gains_of(model, one.question, one.names, [*one.lines, nothing], one.words)
        best = max(range(len(gains)), key=gains.__getitem__)
        read.append(one.intents[best] if gains[best] > max(options.least, floor) else None)
        records.append(
            {
                "collection": one.asked.collection,
                "type": one.asked.type,
                "question": one.question,
                "wanted": sorted(one.asked.intents),
                "lines": list(zip(one.lines, one.intents, gains, strict=True)),
                "nothing": floor,
            }
        )
    seconds = (time.perf_counter() - started) / max(len(found), 1)
    for name in ("all", *sorted({one.asked.collection for one in found})):
        chosen = [n for n, one in enumerate(found) if name in ("all", one.asked.collection)]
        print(f"== {name}")
        print("\n".join(report([found[n] for n in chosen], [read[n] for n in chosen])))
    print(f"{seconds:.2f} s a question")
    if options.gains:
        options.gains.write_text(json.dumps(records, ensure_ascii=False, indent=1), "utf-8")


if __name__ == "__main__":
    main()
