"""Other ways to write a name: word order, and organs by their Latin adjective."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nlp.lexicon import Lexicon
from nlp.tokens import Token

_MOST_SIDE = 3  # words on either side of "of"
_MOST_ORGAN_WINDOW = 4
_MOST_CONJUNCT = 2
_BETWEEN = frozenset(
    {"is", "are", "really", "feels", "feel", "so", "very", "keeps", "badly", "all"}
)
_LEAST_EPONYM = 5  # characters
_HEADS = ("disease", "syndrome")
_MOST_BEFORE_HEAD = 5
#: Words that end the name of a condition and say the same.
_SAME_HEADS = {"disease": "disorder", "disorder": "disease"}
_SAME_HEADS |= {f"{one}s": other for one, other in _SAME_HEADS.items()}
#: A word before them as noun and as adjective.
_ADJECTIVES = {"metabolism": "metabolic", "metabolic": "metabolism"}
_PROBLEMS = frozenset({"problem", "problems", "trouble", "troubles", "issues", "condition"})
_SUCH_AS = frozenset({"like", "such", "including"})
_MOST_HAN = 7  # characters on either side of a rewritten one


def variants(
    tokens: Sequence[Token], breaks: Sequence[bool], lexicon: Lexicon
) -> Iterator[tuple[int, int, str]]:
    """First token, last token, and the phrase to look up in their place.

    >>> from nlp.tokens import breaks_between, tokens_of
    >>> text = "failure of the kidney"
    >>> tokens = tokens_of(text)
    >>> found = variants(tokens, breaks_between(text, tokens), Lexicon.load())
    >>> [phrase for _, _, phrase in found]
    ['kidney failure', 'renal failure']
    """
    yield from _turned(tokens, breaks, lexicon)
    yield from _eponyms(tokens, breaks, lexicon)
    yield from _headed(tokens, breaks, lexicon)
    yield from _by_organ(tokens, breaks, lexicon)
    yield from _coordinated(tokens, breaks, lexicon)
    yield from _complaints(tokens, breaks, lexicon)
    yield from _problems(tokens, breaks, lexicon)
    yield from _han(tokens, breaks, lexicon)


def _turned(
    tokens: Sequence[Token], breaks: Sequence[bool], lexicon: Lexicon
) -> Iterator[tuple[int, int, str]]:
    for middle, token in enumerate(tokens):
        if token.word not in lexicon.joining or not 0 < middle < len(tokens) - 1:
            continue
        after = middle + 1
        while after < len(tokens) and tokens[after].word in lexicon.determiners:
            after += 1
        for left in range(middle - 1, max(-1, middle - 1 - _MOST_SIDE), -1):
            if _stops(tokens[left], lexicon) or breaks[left + 1]:
                break
            for right in range(after, min(len(tokens), after + _MOST_SIDE)):
                if _stops(tokens[right], lexicon) or breaks[right]:
                    break
                head = [t.text for t in tokens[left:middle]]
                organ = [t.text for t in tokens[after : right + 1]]
                yield left, right, " ".join([*organ, *head])
                for other in lexicon.organs.get(" ".join(organ).lower(), ()):
                    yield left, right, " ".join([other, *head])


def _eponyms(
    tokens: Sequence[Token], breaks: Sequence[bool], lexicon: Lexicon
) -> Iterator[tuple[int, int, str]]:
    """ "parkinsons", "Graves'": a disease called by its discoverer, without "disease"."""
    for place, token in enumerate(tokens):
        if token.han or len(token.text) < _LEAST_EPONYM or not token.text[0].isalpha():
            continue
        possessive = token.text.endswith(("'s", "s'", "’s", "s’"))
        if token.word in lexicon.function or (token.word in lexicon.common and not possessive):
            continue
        behind = place + 1
        if behind < len(tokens) and not breaks[behind] and tokens[behind].word in lexicon.heads:
            continue
        named = {token.text}
        if token.text.endswith("s") and not possessive:
            named.add(f"{token.text[:-1]}'s")
        for name in sorted(named):
            for head in _HEADS:
                yield place, place, f"{name} {head}"


def _headed(
    tokens: Sequence[Token], breaks: Sequence[bool], lexicon: Lexicon
) -> Iterator[tuple[int, int, str]]:
    """ "respiratory system disorder": a name that ends in "disease" too."""
    for place, token in enumerate(tokens):
        other = _SAME_HEADS.get(token.word)
        if other is None:
            continue
        for first in range(place - 1, max(-1, place - 1 - _MOST_BEFORE_HEAD), -1):
            if _stops(tokens[first], lexicon) or breaks[first + 1]:
                break
            *before, last = [t.text for t in tokens[first:place]]
            yield first, place, " ".join([*before, last, other])
            if last.lower() in _ADJECTIVES:
                turned = _ADJECTIVES[last.lower()]
                yield first, place, " ".join([*before, turned, token.text])
                yield first, place, " ".join([*before, turned, other])


def _by_organ(
    tokens: Sequence[Token], breaks: Sequence[bool], lexicon: Lexicon
) -> Iterator[tuple[int, int, str]]:
    for place, token in enumerate(tokens):
        for other in lexicon.organs.get(token.word, ()):
            for first in range(max(0, place - 1), place + 1):
                for last in range(place + 1, min(len(tokens), first + _MOST_ORGAN_WINDOW)):
                    window = tokens[first : last + 1]
                    if any(breaks[first + 1 : last + 1]) or any(_stops(t, lexicon) for t in window):
                        continue
                    words = [other if t is token else t.text for t in window]
                    yield first, last, " ".join(words)


def _coordinated(
    tokens: Sequence[Token], breaks: Sequence[bool], lexicon: Lexicon
) -> Iterator[tuple[int, int, str]]:
    """ "breast and ovarian cancer": "breast" is tried as "breast cancer"."""
    for place, token in enumerate(tokens):
        if token.word not in lexicon.conjunctions or not 0 < place < len(tokens) - 2:
            continue
        for first in range(place - 1, max(-1, place - 1 - _MOST_CONJUNCT), -1):
            if _stops(tokens[first], lexicon) or breaks[first + 1]:
                break
            left = [t.text for t in tokens[first:place]]
            for head in range(place + 2, min(len(tokens), place + 2 + _MOST_CONJUNCT)):
                for last in range(head, min(len(tokens), head + _MOST_CONJUNCT)):
                    if any(breaks[place + 1 : last + 1]) or _stops(tokens[last], lexicon):
                        break
                    shared = [t.text for t in tokens[head : last + 1]]
                    yield first, place - 1, " ".join([*left, *shared])


def _complaints(
    tokens: Sequence[Token], breaks: Sequence[bool], lexicon: Lexicon
) -> Iterator[tuple[int, int, str]]:
    """ "my tummy really hurts", "sore throat": a part of the body and what is wrong with it."""
    for place, token in enumerate(tokens):
        wrong = lexicon.complaints.get(token.word)
        if wrong is None:
            continue
        part = place - 1
        while part > 0 and tokens[part].word in _BETWEEN and place - part < 4:
            part -= 1
        if (
            part >= 0
            and not _stops(tokens[part], lexicon)
            and not any(breaks[part + 1 : place + 1])
        ):
            yield from _part_phrases(part, place, tokens[part], wrong, lexicon)
        behind = place + 1
        if behind < len(tokens) and not breaks[behind] and not _stops(tokens[behind], lexicon):
            yield from _part_phrases(place, behind, tokens[behind], wrong, lexicon)


def _problems(
    tokens: Sequence[Token], breaks: Sequence[bool], lexicon: Lexicon
) -> Iterator[tuple[int, int, str]]:
    """ "thyroid problems": a part of the body and a word for whatever is wrong with it."""
    for place, token in enumerate(tokens):
        if token.word not in _PROBLEMS or not place or breaks[place]:
            continue
        if any(t.word in _SUCH_AS for t in tokens[place + 1 : place + 2]):
            continue  # "thyroid problems like goitre": the goitre is meant
        part = tokens[place - 1]
        if not _stops(part, lexicon):
            for word in (part.text, *lexicon.organs.get(part.word, ())):
                yield place - 1, place, f"{word} disease"


def _part_phrases(
    first: int, last: int, part: Token, wrong: str, lexicon: Lexicon
) -> Iterator[tuple[int, int, str]]:
    for word in (part.text, *lexicon.organs.get(part.word, ())):
        yield first, last, f"{word} {wrong}"


def _han(
    tokens: Sequence[Token], breaks: Sequence[bool], lexicon: Lexicon
) -> Iterator[tuple[int, int, str]]:
    """Windows of Chinese names around a spelling that has another one: 偏头疼 → 偏头痛."""
    for old, new in lexicon.han_rewrites:
        for place in range(len(tokens)):
            behind = place + len(old)
            if behind > len(tokens) or not _reads(tokens, place, old):
                continue
            inside = 0 if new else 1  # what is only left out stands between two characters
            for first in range(max(0, place - _MOST_HAN), place + 1 - inside):
                for last in range(behind - 1 + inside, min(len(tokens), behind + _MOST_HAN)):
                    around = (*tokens[first:place], *tokens[behind : last + 1])
                    if around and all(_joins_han(t) for t in around):
                        if any(breaks[first + 1 : last + 1]):
                            continue
                        before = "".join(t.text for t in tokens[first:place])
                        after = "".join(t.text for t in tokens[behind : last + 1])
                        yield first, last, before + new + after


def _reads(tokens: Sequence[Token], place: int, old: str) -> bool:
    return all(tokens[place + i].form == c for i, c in enumerate(old))


def _joins_han(token: Token) -> bool:
    return token.han or token.text.isdigit()


def _stops(token: Token, lexicon: Lexicon) -> bool:
    return token.han or token.word in lexicon.function
