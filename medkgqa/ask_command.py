"""``medkgqa ask``: one question, or a file of them."""

from __future__ import annotations

import argparse
from pathlib import Path

from medkgqa.output import print_result, usage_problem
from medkgqa.settings import Settings


def ask(options: argparse.Namespace, settings: Settings) -> int:
    """Answer what the options ask; returns the exit code."""
    from medkgqa.facade import MedicalQA

    if (options.question is None) == (options.batch is None):
        return usage_problem("give a question, or --batch FILE")
    if options.batch is not None and options.out is None:
        return usage_problem("--batch needs --out FILE")
    if options.batch is not None and options.after:
        return usage_problem("--after goes with a question; lines of a batch name a conversation")
    qa = MedicalQA(
        options.graph,
        store=options.store,
        lm=options.lm,
        mode=options.mode,
        model_reads=options.model_reads,
        model_ranks=options.model_ranks,
        reader=options.reader,
        licence=options.licence,
        literature=options.literature,
        summarise=options.summarise,
        abstain_below=options.abstain_below,
        settings=settings,
    )
    limit = None if options.limit == 0 else options.limit
    if options.batch is not None:
        from medkgqa.batch import answer_file

        done = answer_file(qa, options.batch, options.out, limit=limit)
        print_result(options, {"answered": done.answered, "errors": done.errors}, str(done))
        return 0
    from reasoning.serialization import answer_record, format_answer

    conversation = qa.conversation()
    for question in options.after or ():
        conversation.recall(question)
    answer = conversation.ask(options.question, limit=limit, options=options.option or None)
    print_result(options, answer_record(answer), lambda: format_answer(answer))
    return 0


def ask_arguments(ask: argparse.ArgumentParser) -> None:
    """The options of ``medkgqa ask``."""
    ask.add_argument("question", nargs="?", help="in English or Chinese")
    licence_argument(ask)
    ask.add_argument(
        "--lm",
        default="default",
        help="language model: default, none, hf:NAME, or http://HOST:PORT/v1#MODEL (its key: "
        "MEDKGQA_LM_KEY); guided:default or guided:hf:NAME has llguidance run the grammar",
    )
    ask.add_argument("--mode", choices=["strict", "cited", "template"], default="strict")
    ask.add_argument(
        "--reader",
        choices=["clinician", "patient"],
        default="clinician",
        help="whom to word answers for: the same claims, for patients in plain sentences",
    )
    ask.add_argument(
        "--after",
        action="append",
        metavar="QUESTION",
        help='the question before, to which this one refers ("and its side effects?"); repeatable',
    )
    ask.add_argument(
        "--model-reads",
        action="store_true",
        help="let the language model say what a question asks that no rule recognises",
    )
    ask.add_argument(
        "--model-ranks",
        action="store_true",
        help="let the language model order facts of equal evidence by relevance to the question",
    )
    ask.add_argument("--limit", type=int, default=100, help="most claims; 0 for all (default 100)")
    ask.add_argument("--option", action="append", help="a possible answer; may be repeated")
    ask.add_argument("--batch", type=Path, metavar="JSONL", help="one question a line")
    ask.add_argument("--out", type=Path, metavar="JSONL", help="where batch answers go")
    ask.add_argument(
        "--literature",
        type=Path,
        metavar="INDEX",
        help="quote what documents say to the question; make it with: medkgqa index",
    )
    ask.add_argument(
        "--summarise",
        type=int,
        default=0,
        metavar="N",
        help="of many sentences of documents tell the N that together say most, whole and cited",
    )
    ask.add_argument(
        "--abstain-below",
        type=float,
        default=0.0,
        metavar="CONFIDENCE",
        help="withhold answers less confident than this, 0 to 1, saying why (default 0)",
    )


def licence_argument(command: argparse.ArgumentParser) -> None:
    """``--licence open``."""
    command.add_argument(
        "--licence",
        choices=["open"],
        help="use only evidence that may be passed on freely, with attribution at most",
    )
