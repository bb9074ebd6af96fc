"""How documents about a condition say what our tables name in a word or two.

"Women are affected more often than men" says that female sex is a risk factor, and "it runs in
families" that a family history of the condition is, without the names the tables have. Patterns
are over the words of a sentence as :func:`curation.text_support.form` gives them: singular,
"often" and "frequently" as "frequent", "relatives" as "family", "older" as "age".
"""

from __future__ import annotations

import re

_MORE = r"(?:more|twice|(?:two|three|four|five|six|seven|eight|nine|ten|\d+) time)"
_WHOM = r"(?:(?:a many|young|age|adult|middle|child and) ){0,3}"


def _sex(ours: str, others: str) -> re.Pattern[str]:
    return re.compile(
        rf"\b{_MORE} (?:a )?(?:\w+ ){{0,2}}?(?:common|frequent|likely|prevalent)"
        rf"(?: (?!than)\w+){{0,3}}? (?:in|among) {_WHOM}(?:{ours})\b"
        rf"|\b(?:affect|occur in|strike) (?:more|twice a many) (?:{ours}) than\b"
        rf"|\b(?:{ours}) (?:are|is|be)?(?: \w+){{0,2}} ?(?:affected )?{_MORE} "
        rf"(?:a )?(?:common|frequent|likely)(?: affected| diagnosed)?"
        rf"(?: than| to (?:have|get|develop|be (?:affected|diagnosed)))"
        rf"(?! (?:\w+ ){{0,6}}(?:symptom|sign|severe|mild|die|complication))"
        rf"(?=.{{0,80}}\b(?:{others})\b)"
    )


_FAMILY = re.compile(
    r"\bfamily history of (?:the|this|these)\b|(?<!that )\brun in (?:some )?family\b"
    r"|\b(?:has|have|having|with) (?:a |an )?(?:strong )?family history\b(?! of)"
    r"|\b(?:parent|brother|sister|sibling|close family|first degree family|family member)"
    r"(?: or \w+| or close family)? (?:with|who ha[sd]|ha[sd]|have) (?:had )?"
    r"(?:(?:the|this) (?:disease|condition|disorder|syndrome)|it)\b"
)
_NEVER = re.compile(r"\b(?:no|not|without|unlike|less|whether|unclear|unknown)\b")

#: Names of risk factors (before "of …") → how a document about the condition says so.
RISK_WORDINGS: dict[str, re.Pattern[str]] = {
    "female sex": _sex("women|female|girl", "men|male|boy"),
    "male sex": _sex("men|male|boy", "women|female|girl"),
    "family history": _FAMILY,
}


def says_risk(name: str, words: tuple[str, ...]) -> bool:
    """Whether a sentence about a condition says that ``name`` makes it likelier.

    >>> says_risk("female sex", tuple("it is more common in women than in men".split()))
    True
    >>> says_risk("male sex", tuple("it is more common in women than in men".split()))
    False
    >>> says_risk("family history of gout", tuple("gout can run in family".split()))
    True
    """
    pattern = RISK_WORDINGS.get(name.partition(" of ")[0])
    if pattern is None:
        return False
    text = " ".join(words)
    match = pattern.search(text)
    return (
        match is not None
        and _NEVER.search(text[max(0, match.start() - 80) : match.end() + 20]) is None
    )
