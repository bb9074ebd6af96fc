"""The same fifty questions worded by the frames, by the constrained model, and by the free model.

    python -m bench.fluency [--out docs/fluency.md] [--graph FOLDER] [--no-lm]

Everything after the marker line of the file is written anew; what stands before it is kept. *Free*
is the same model decoding greedily after the very prompt that the constrained one gets, recorded
facts included; nothing checks it, and it is shown for its language only. Questions without
recorded facts have no free text.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kg.saved import open_graph
from kg.store import GraphStore
from medkgqa.facade import MedicalQA
from medkgqa.graphs import open_starter
from medkgqa.models import open_default_model
from medkgqa.settings import Settings
from reasoning.answer import Answer
from reasoning.decoding import free_decode
from reasoning.language_model import LanguageModel
from reasoning.sentence_frames import fill, load_frames

MARKER = "<!-- Written by `python -m bench.fluency`; everything below this line is replaced. -->"
#: Facts the prompt shows, and tokens the free model may write.
FACTS_SHOWN, MOST_TOKENS = 10, 80

QUESTIONS: tuple[tuple[str, str], ...] = (
    ("symptoms", "What are the symptoms of Marfan syndrome?"),
    ("symptoms", "What are the signs of hypothyroidism?"),
    ("treatments", "Which drugs treat migraine?"),
    ("treatments", "How is gout treated?"),
    ("indications", "What is metformin used for?"),
    ("side effects", "What are the side effects of amiodarone?"),
    ("drugs with a side effect", "Which drugs can cause a dry cough?"),
    ("contraindications", "When should ibuprofen not be taken?"),
    ("contraindicated drugs", "Which drugs should be avoided in myasthenia gravis?"),
    ("diseases with findings", "Which diseases cause both fever and a stiff neck?"),
    ("genes", "Which genes are linked to cystic fibrosis?"),
    ("diseases of a gene", "Which diseases is BRCA1 associated with?"),
    ("causes", "What causes hyperkalemia?"),
    ("effects", "What can lithium cause?"),
    ("interactions", "What does warfarin interact with?"),
    ("interactions", "Can I take sildenafil with nitroglycerin?"),
    ("risk factors", "What are the risk factors for stroke?"),
    ("complications", "What are the complications of diabetes?"),
    ("tests", "How is pulmonary embolism diagnosed?"),
    ("prevention", "How can I prevent malaria?"),
    ("specialty", "Which specialist treats psoriasis?"),
    ("similar", "Which diseases are similar to Crohn's disease?"),
    ("definition", "What is sarcoidosis?"),
    ("class members", "Which drugs are beta blockers?"),
    ("class of a drug", "What class of drug is lisinopril?"),
    ("comparison", "What is the difference between ibuprofen and paracetamol?"),
    ("check, yes", "Does metformin treat type 2 diabetes?"),
    ("check, no", "Can propranolol be used in asthma?"),
    ("check, not recorded", "Does aspirin treat glaucoma?"),
    ("safety", "Is warfarin safe in pregnancy?"),
    ("several", "What are the symptoms and treatments of pneumonia?"),
    ("unknown name", "What are the symptoms of Blorgon disease?"),
    ("out of scope", "How much does insulin cost?"),
    ("emergency", "My father has crushing chest pain and is sweating, what should he do?"),
    ("症状", "甲状腺功能减退症有哪些症状？"),
    ("治疗", "偏头痛用什么药治疗？"),
    ("适应证", "二甲双胍用于治疗什么病？"),
    ("副作用", "胺碘酮有哪些副作用？"),
    ("禁忌", "布洛芬有哪些禁忌？"),
    ("病因", "什么会引起高钾血症？"),
    ("基因", "哪些基因与囊性纤维化有关？"),
    ("相互作用", "华法林和阿司匹林能一起吃吗？"),
    ("并发症", "糖尿病有哪些并发症？"),
    ("检查", "肺栓塞需要做哪些检查？"),
    ("科室", "银屑病挂什么科？"),
    ("是非，否", "哮喘患者可以用普萘洛尔吗？"),
    ("未记录", "阿司匹林能治疗青光眼吗？"),
    ("比较", "布洛芬和对乙酰氨基酚有什么区别？"),
    ("未知名称", "布洛贡病有哪些症状？"),
    ("超出范围", "胰岛素多少钱？"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Worded:
    """One question, worded three ways; "" where a way was not tried."""

    kind: str
    question: str
    outcome: str
    template: str
    strict: str
    free: str


def main() -> int:
    """Word every question and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("docs/fluency.md"))
    parser.add_argument("--graph", type=Path)
    parser.add_argument("--no-lm", action="store_true", help="the frames alone, to read quickly")
    options = parser.parse_args()
    settings = Settings.from_environment(os.environ)
    store = open_graph(options.graph) if options.graph else open_starter(settings)
    model = None if options.no_lm else open_default_model(settings)
    worded = list(word_all(store, settings, model))
    head = kept_head(options.out)
    name = model.name if model is not None else ""
    options.out.write_text("\n".join([head, MARKER, "", *lines(worded, name)]), encoding="utf-8")
    return 0


def word_all(
    store: GraphStore, settings: Settings, model: LanguageModel | None
) -> Iterator[Worded]:
    """Every question with its wordings."""
    frames = MedicalQA(store=store, lm="none", mode="template", settings=settings)
    strict = None if model is None else MedicalQA(store=store, lm=model, settings=settings)
    for kind, question in QUESTIONS:
        template = frames.ask(question)
        yield Worded(
            kind,
            question,
            template.outcome.value,
            template.text,
            strict.ask(question).text if strict is not None else "",
            freely(model, template) if model is not None and template.claims else "",
        )
        print(".", end="", file=sys.stderr, flush=True)


def freely(model: LanguageModel, answer: Answer) -> str:
    """What the model says after the prompt of the engine, unconstrained and unchecked."""
    frames = load_frames(answer.language)
    shown = answer.claims[:FACTS_SHOWN]
    facts = "".join(fill(frames.prompt["fact"], fact=claim.text) for claim in shown)
    user = fill(frames.prompt["user"], question=answer.question, facts=facts)
    session = model.start(model.chat_prompt(frames.prompt["system"], user))
    try:
        return free_decode(model, session, max_tokens=MOST_TOKENS).text
    finally:
        session.close()


def kept_head(path: Path) -> str:
    """What stands before the marker of the file."""
    if not path.is_file():
        return "# Fluency, side by side\n"
    return path.read_text(encoding="utf-8").partition(MARKER)[0].rstrip("\n") + "\n"


def lines(worded: list[Worded], model: str) -> Iterator[str]:
    """The generated part."""
    if model:
        yield f"Model: {model}. Starter graph."
    for number, one in enumerate(worded, 1):
        yield ""
        yield f"### {number}. {one.question}"
        yield ""
        yield f"{one.kind} · `{one.outcome}`"
        wordings = {"template": one.template, "strict": one.strict, "free, unchecked": one.free}
        for label, text in wordings.items():
            if text:
                yield ""
                yield f"**{label}**: {' ¶ '.join(text.split(chr(10)))}"
    yield ""


if __name__ == "__main__":
    sys.exit(main())
