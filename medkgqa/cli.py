"""The command line: ``medkgqa COMMAND``.

Results go to standard output, messages and errors to standard error. Exit codes: 0 done (an
abstention is an answer), 1 something given could not be used, 2 the command line is wrong,
130 interrupted.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from kg.errors import MedKGQAError, UsageError
from medkgqa.ask_command import ask, ask_arguments, licence_argument
from medkgqa.output import print_result, usage_problem
from medkgqa.settings import Settings

Command = Callable[[argparse.Namespace, Settings], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    level = logging.INFO if options.verbose else logging.WARNING
    logging.basicConfig(level=level, format="medkgqa: %(message)s", stream=sys.stderr)
    command: Command = options.run
    try:
        code = command(options, Settings.from_environment(os.environ))
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # whoever read the output has seen enough, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (MedKGQAError, OSError) as error:
        print(f"medkgqa: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("medkgqa: interrupted", file=sys.stderr)
        return 130


def _verify(options: argparse.Namespace, settings: Settings) -> int:
    from medkgqa.facade import MedicalQA
    from reasoning.serialization import format_verification, verification_record

    qa = MedicalQA(options.graph, store=options.store, mode="template", settings=settings)
    found = qa.verify(_text_or_file(options.text))
    print_result(options, verification_record(found), lambda: format_verification(found).rstrip())
    return 0


def _text_or_file(argument: str) -> str:
    """The argument itself, or what the file of that name holds."""
    if "\n" in argument or len(argument) > 1_000 or not Path(argument).is_file():
        return argument
    try:
        return Path(argument).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{argument} is not UTF-8 text: {error.reason}; convert it") from error


def _build(options: argparse.Namespace, settings: Settings) -> int:
    from medkgqa.building import BuildPlan, build_graph

    plan = BuildPlan(
        format=options.format,
        columns=_columns(options.column),
        clinical=options.clinical,
        secret=options.secret,
        update=options.update,
        with_starter=options.with_starter,
        engine=options.engine,
        workers=options.workers,
        report=options.report,
        ner=options.ner,
    )
    report = build_graph(
        options.inputs, options.out, graph=options.graph, settings=settings, plan=plan
    )
    print_result(options, report.to_json(), str(report))
    return 0


def _index(options: argparse.Namespace, settings: Settings) -> int:
    from medkgqa.building import BuildPlan
    from medkgqa.literature import index_documents

    plan = BuildPlan(
        format=options.format,
        columns=_columns(options.column),
        clinical=options.clinical,
        secret=options.secret,
        ner=options.ner,
    )
    report = index_documents(
        options.inputs,
        options.out,
        graph=options.graph,
        settings=settings,
        plan=plan,
        encoder=options.encoder,
    )
    print_result(options, report.to_json(), str(report))
    return 0


def _columns(pairs: Sequence[str] | None) -> dict[str, str]:
    """``text=abstract`` as a mapping."""
    columns: dict[str, str] = {}
    for pair in pairs or ():
        what, equals, name = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"--column {pair!r} is not of the form text=NAME")
        columns[what] = name
    return columns


def _load(options: argparse.Namespace, settings: Settings) -> int:
    from medkgqa.loading import load_graph, pair_up

    base = None
    if options.with_starter:
        from medkgqa.graphs import open_starter

        base = open_starter(settings)
    folders = options.source or _fetched(options.format, settings)
    report = load_graph(
        pair_up(options.format, folders),
        options.out,
        mapping=options.mapping,
        base=base,
        open_only=options.licence == "open",
    )
    print_result(options, report.to_json(), str(report))
    return 0


def _fetched(names: Sequence[str], settings: Settings) -> list[Path]:
    """Where ``medkgqa data get`` put the data sets."""
    from medkgqa.data_sets import data_folder

    folders = [data_folder(name, settings) for name in names]
    for name, folder in zip(names, folders, strict=True):
        if not folder.exists():
            raise UsageError(f"{name} has not been fetched; add --from DIR, the folder it is in")
    return folders


def _data(options: argparse.Namespace, settings: Settings) -> int:
    from medkgqa.data_sets import data_set_lines, data_set_records, fetch_data_set

    if options.action == "list":
        print_result(options, data_set_records(settings), lambda: data_set_lines(settings))
        return 0
    if options.name is None:
        return usage_problem("data get needs the NAME of a data set; see medkgqa data list")
    report = fetch_data_set(options.name, settings, unverified=options.unverified)
    print_result(options, report.to_json(), str(report))
    return 0


def _extract(options: argparse.Namespace, settings: Settings) -> int:
    from medkgqa.building import BuildPlan, extract_file

    count = extract_file(
        options.input,
        options.out,
        source_format=options.format,
        target_format=options.to,
        ids=options.ids,
        graph=options.graph,
        settings=settings,
        plan=BuildPlan(
            columns=_columns(options.column),
            clinical=options.clinical,
            secret=options.secret,
            ner=options.ner,
        ),
    )
    print_result(options, {"documents": count}, f"{count} documents read into {options.out}")
    return 0


def _train(options: argparse.Namespace, settings: Settings) -> int:
    from medkgqa.training_command import score_lines, train

    scores = train(
        options.model,
        config=options.config,
        data=options.data,
        out=options.out,
        settings=settings,
        encoder=options.encoder,
        teacher=options.teacher,
    )
    print_result(options, scores, lambda: score_lines(scores))
    return 0


def _evaluate(options: argparse.Namespace, settings: Settings) -> int:
    from medkgqa.training_command import evaluate, score_lines

    scores = evaluate(options.model, config=options.config, data=options.data, model=options.folder)
    print_result(options, scores, lambda: score_lines(scores))
    return 0


def _export(options: argparse.Namespace, settings: Settings) -> int:
    from kg.neo4j_import import write_import
    from loaders.graphml import write_graphml
    from loaders.kgx import write_kgx
    from loaders.rdf import write_rdf_file
    from medkgqa.graphs import open_store

    writers: dict[str, Callable[[Any, Path], object]] = {
        "graphml": write_graphml,
        "kgx": write_kgx,
        "neo4j": write_import,
        "rdf": write_rdf_file,
    }
    store = open_store(settings, graph=options.graph, store=options.store)
    writers[options.to](store, options.folder)
    counts = store.statistics()
    print_result(
        options,
        {"nodes": counts.concepts, "edges": counts.edges, "folder": str(options.folder)},
        f"{counts.concepts:,} nodes and {counts.edges:,} edges written to {options.folder}",
    )
    return 0


def _neo4j(options: argparse.Namespace, settings: Settings) -> int:
    from medkgqa.neo4j_command import load_graph_into, serve_graph

    if options.into is not None:
        refused = load_graph_into(settings, options.into, graph=options.graph)
        print_result(options, {"refused": refused.total}, f"loaded; {refused}")
        return 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        contextlib.suppress(KeyboardInterrupt),
        serve_graph(
            settings,
            graph=options.graph,
            home=options.home,
            bolt_port=options.bolt_port,
            http_port=options.http_port,
        ) as (serving, server),
    ):
        print_result(options, serving.to_json(), str(serving))
        sys.stdout.flush()
        server.wait()
    return 0


def _models(options: argparse.Namespace, settings: Settings) -> int:
    from medkgqa.models import fetch_model, model_records

    if options.action == "get":
        path = fetch_model(options.name, settings)
        print_result(options, {"name": options.name, "path": str(path)}, str(path))
        return 0
    records = model_records(settings)
    lines = [
        f"{r['name']:<10} {r['licence']:<12} {r['megabytes']:>5} MB  "
        f"{'installed' if r['installed'] else 'not fetched'}  {r['title']}"
        for r in records
    ]
    print_result(options, records, "\n".join(lines))
    return 0


def _doctor(options: argparse.Namespace, settings: Settings) -> int:
    from medkgqa.doctor import examine

    checks = examine(settings)
    print_result(
        options,
        [check.to_json() for check in checks],
        "\n".join(str(check) for check in checks),
    )
    return 0 if all(check.ok or check.optional for check in checks) else 1


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print the result as JSON")
    common.add_argument("--verbose", action="store_true", help="say what is being done")
    source = argparse.ArgumentParser(add_help=False)
    source.add_argument(
        "--graph", type=Path, help="folder of a saved graph; default: starter graph"
    )
    source.add_argument("--store", metavar="URL", help="a Neo4j server, neo4j://user:password@host")
    parser = argparse.ArgumentParser(
        prog="medkgqa",
        description="Medical question answering from a knowledge graph. Not medical advice.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Command, summary: str, *parents: argparse.ArgumentParser) -> Any:
        command = commands.add_parser(
            name, parents=[common, *parents], help=summary, description=summary
        )
        command.set_defaults(run=run)
        return command

    ask_arguments(add("ask", ask, "answer a question, or a file of them", source))
    verify = add("verify", _verify, "check what a text claims against the graph", source)
    verify.add_argument("text", metavar="TEXT|FILE", help="in English or Chinese")
    build = add("build", _build, "read documents into a graph")
    _build_arguments(build)
    _ner_argument(build)
    index = add("index", _index, "make documents quotable: an index for ask --literature")
    index.add_argument(
        "inputs", nargs="+", type=Path, help="files or folders of documents, also .gz and .xz"
    )
    index.add_argument("--out", type=Path, required=True, help="file of the index")
    index.add_argument("--graph", type=Path, help="graph whose names are read; default: starter")
    _document_arguments(index)
    _ner_argument(index)
    index.add_argument(
        "--encoder",
        choices=["none", "minilm-l6"],
        default="none",
        help="search passages by vectors too (extra lm; 90 MB are fetched once); default: none",
    )
    load = add("load", _load, "load data sets, or a graph from another format")
    load.add_argument(
        "format",
        nargs="+",
        metavar="NAME",
        help="kgx, graphml, csv, or a data set of: medkgqa data list",
    )
    load.add_argument(
        "--from",
        dest="source",
        type=Path,
        action="append",
        help="file or folder; once for each NAME; default: where medkgqa data get put it",
    )
    load.add_argument("--with-starter", action="store_true", help="add it to the starter graph")
    licence_argument(load)
    load.add_argument("--mapping", type=Path, help="mapping file (TOML), for csv")
    load.add_argument("--out", type=Path, required=True, help="folder of the new graph")
    extract = add("extract", _extract, "mentions and relations of documents, without a graph")
    extract.add_argument("input", type=Path)
    _document_arguments(extract)
    extract.add_argument("--out", type=Path, required=True)
    extract.add_argument("--to", choices=["jsonl", "pubtator"], default="jsonl")
    extract.add_argument("--ids", metavar="PREFIX", help="give ids of this vocabulary, e.g. MESH")
    extract.add_argument("--graph", type=Path, help="graph whose names are read; default: starter")
    _ner_argument(extract)
    _training_arguments(
        add("train", _train, "train a model that reads text"),
        add("evaluate", _evaluate, "score a model that reads text"),
    )
    export = add("export", _export, "write a graph in another format", source)
    export.add_argument("--to", choices=["graphml", "kgx", "neo4j", "rdf"], required=True)
    export.add_argument(
        "folder", type=Path, help="folder (kgx, neo4j) or file (graphml; rdf: .ttl, .nt) to write"
    )
    data = add("data", _data, "data sets that can be loaded: list them, fetch one")
    data.add_argument("action", choices=["list", "get"])
    data.add_argument("name", nargs="?")
    data.add_argument(
        "--unverified", action="store_true", help="fetch also what no checksum is known of"
    )
    neo4j = add("neo4j", _neo4j, "a graph on a Neo4j server of your own, with Browser")
    neo4j.add_argument("--graph", type=Path, help="folder of a saved graph; default: starter graph")
    neo4j.add_argument("--home", type=Path, help="folder of the database; default: in the cache")
    neo4j.add_argument("--bolt-port", type=int, default=7687, help="0 for any free one")
    neo4j.add_argument("--http-port", type=int, default=7474, help="0 for any free one")
    neo4j.add_argument(
        "--into", metavar="URL", help="load the graph into a running server and start none"
    )
    models = add("models", _models, "language models: list them, fetch one")
    models.add_argument("action", choices=["list", "get"])
    models.add_argument("name", nargs="?", default="default")
    add("doctor", _doctor, "check that everything an answer needs is in place")
    return parser


def _build_arguments(build: argparse.ArgumentParser) -> None:
    build.add_argument(
        "inputs", nargs="+", type=Path, help="files or folders of documents, also .gz and .xz"
    )
    build.add_argument(
        "--out",
        type=Path,
        required=True,
        help="folder of the graph; after an interruption the same command goes on",
    )
    build.add_argument("--graph", type=Path, help="graph whose names are read; default: starter")
    _document_arguments(build)
    build.add_argument(
        "--update",
        action="store_true",
        help="keep the graph at --out: only what these models read in documents that are read "
        "again, and documents that are deleted, go from it",
    )
    build.add_argument("--with-starter", action="store_true", help="add it to the starter graph")
    build.add_argument("--engine", choices=["local", "ray"], default="local")
    build.add_argument("--workers", type=int, default=1, help="processes that read (default 1)")
    build.add_argument("--report", type=Path, metavar="JSON", help="where the full report goes")


def _document_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--format",
        metavar="NAME",
        help="text, jsonl, table, pubmed, pubtator, medmentions, bioc-xml, bioc-json, brat, "
        "i2b2-2010, i2b2-2012, i2b2-2014, mimic-iii, mimic-iv-note, fhir, ccda, bio, cmdd, cmedic "
        "or cmedqa; default: told by name and content",
    )
    command.add_argument(
        "--column", action="append", metavar="WHAT=NAME", help="column of a table: text=abstract"
    )
    command.add_argument(
        "--clinical", action="store_true", help="de-identify these documents before anything else"
    )
    command.add_argument(
        "--secret",
        type=Path,
        metavar="FILE",
        help="secret that surrogates follow from; default: one of your own, made when needed",
    )


def _ner_argument(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--ner",
        choices=["auto", "trained", "names"],
        default="auto",
        help="what finds mentions: the trained models, or the names of the graph; default: the "
        "models where they can be run",
    )


def _training_arguments(train: argparse.ArgumentParser, evaluate: argparse.ArgumentParser) -> None:
    for command in (train, evaluate):
        command.add_argument("model", choices=["ner", "ner-zh", "relations"])
        command.add_argument("--config", type=Path, help="configuration file; default: as shipped")
        command.add_argument("--data", type=Path, required=True, help="folder of the corpora")
    train.add_argument("--out", type=Path, required=True, help="folder of the model; a run goes on")
    train.add_argument("--encoder", type=Path, help="folder of the encoder; default: fetched")
    train.add_argument("--teacher", type=Path, help="folder of a run to distil from")
    evaluate.add_argument("--from", dest="folder", type=Path, help="model; default: as shipped")


if __name__ == "__main__":
    sys.exit(main())
