"""Other ways to write the name of a condition, tried where a mention is no name as it stands.

The words are data (``nlp/lexicon/forms_en.toml``). Everything here works on normal forms
(:mod:`kg.names`), in singular and lower case.

>>> forms = Forms.load()
>>> [form for form, _ in forms.of("renal impairment")][:3]
['kidney impairment', 'renal disease', 'kidney disease']
>>> "visual dysfunction" in [form for form, _ in forms.of("loss of visual function")]
True
>>> [form for form, _ in forms.of("breast and ovarian cancer")]
['ovarian cancer', 'breast cancer', 'breast']
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files

from kg.names import normalise

_JOINED = re.compile(r"\s+(?:and/or|and|or|as well as)\s+|\s*[/,]\s*(?:and\s+|or\s+)?")
_OF = re.compile(
    r"^(?P<what>.+?) (?:of|in|to) (?:both )?(?:the |an? )?(?P<where>.+)$", re.IGNORECASE
)
_MOST_WHERE = 4  # words behind "of"
_MOST_SHARED = 2  # words that the parts of "A and B words" share
_REWRITTEN = 0.86  # what another way to write it costs
_PLAINER = 0.82  # the same, where something of what was written is lost


@dataclass(frozen=True, slots=True)
class Forms:
    """The words of one language; see the data file.

    Args:
        tails: words at the end that say nothing.
        troubles: words for something wrong with what stands before them.
        instead: what is tried in their place.
        less: what makes "renal function" a dysfunction.
        function: what can be less.
        kinds: words that name no single condition.
        toxicity: organ → name of its poisoning.
        organs: organ → what else it is called.
    """

    tails: frozenset[str]
    troubles: frozenset[str]
    instead: tuple[str, ...]
    less: tuple[str, ...]
    function: frozenset[str]
    kinds: frozenset[str]
    toxicity: Mapping[str, str]
    organs: Mapping[str, tuple[str, ...]]

    @classmethod
    def load(cls) -> Forms:
        """The words shipped with the package."""
        path = files("nlp").joinpath("lexicon", "forms_en.toml")
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return cls(
            frozenset(map(normalise, table["tails"])),
            frozenset(map(normalise, table["troubles"])),
            tuple(table["instead"]),
            tuple(sorted(map(normalise, table["less"]), key=len, reverse=True)),
            frozenset(map(normalise, table["function"])),
            frozenset(map(normalise, table["kinds"])),
            table["toxicity"],
            {organ: tuple(others) for organ, others in table["organs"].items()},
        )

    def of(self, text: str) -> Iterator[tuple[str, float]]:
        """Forms to try and what each costs, the likelier first; may be none."""
        seen = {normalise(text)}
        for form, factor in self._all(text):
            if form and form not in seen:
                seen.add(form)
                yield form, factor

    def is_kind(self, name: str) -> bool:
        """Whether a name says that something is wrong, and not what."""
        return normalise(name) in self.kinds

    def _all(self, text: str) -> Iterator[tuple[str, float]]:
        plain = normalise(text)
        turned = _turned(text)
        for name in (plain, turned):
            if name:
                if name != plain:
                    yield name, _REWRITTEN
                yield from self._troubles(name)
        yield from self._lessened(plain)
        for part in _parts(text):
            yield part, _PLAINER
            yield from self._troubles(part)
        yield from self._without_tail(plain)

    def _troubles(self, name: str) -> Iterator[tuple[str, float]]:
        """ "renal impairment" → "kidney disease"."""
        words = name.split()
        for size in (1, 2):
            where, what = " ".join(words[:-size]), " ".join(words[-size:])
            if where and what in self.troubles:
                yield from self._troubled(where, what)
                return

    def _troubled(self, where: str, what: str) -> Iterator[tuple[str, float]]:
        if what == "toxicity" and where in self.toxicity:
            yield self.toxicity[where], _REWRITTEN
        places = (where, *self.organs.get(where, ()))
        for place in places[1:]:
            yield f"{place} {what}", _REWRITTEN
        for other in self.instead:
            for place in places:
                yield f"{place} {other}", _PLAINER

    def _lessened(self, name: str) -> Iterator[tuple[str, float]]:
        """ "decreased renal function" → "renal dysfunction", "kidney disease"."""
        for less in self.less:
            if name.startswith(less + " "):
                words = name[len(less) + 1 :].removeprefix("the ").split()
                if len(words) > 1 and words[-1] in self.function:
                    words = words[:-1]
                where = " ".join(words)
                yield f"{where} dysfunction", _REWRITTEN
                yield f"{where} loss", _REWRITTEN
                yield from self._troubled(where, "impairment")
                return

    def _without_tail(self, name: str) -> Iterator[tuple[str, float]]:
        words = name.split()
        while len(words) > 1 and words[-1] in self.tails:
            words = words[:-1]
            yield " ".join(words), _PLAINER


def _turned(text: str) -> str:
    """ "prolongation of the QT interval" → "QT interval prolongation" in normal form, or ""."""
    match = _OF.match(text)
    if match is None or len(match["where"].split()) > _MOST_WHERE:
        return ""
    return normalise(f"{match['where']} {match['what']}")


def _parts(text: str) -> Iterator[str]:
    """ "breast and ovarian cancer" → "ovarian cancer", "breast cancer" in normal form."""
    pieces = [p for p in _JOINED.split(text) if p.strip()]
    if len(pieces) < 2:
        return
    words = pieces[-1].split()
    yield normalise(pieces[-1])
    for shared in range(1, min(_MOST_SHARED, len(words) - 1) + 1):
        tail = " ".join(words[-shared:])
        for piece in pieces[:-1]:
            yield normalise(f"{piece} {tail}")
    for piece in pieces[:-1]:
        yield normalise(piece)
