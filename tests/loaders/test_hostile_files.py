"""Every loader over files that are cut off, mis-encoded, reordered, huge or malicious.

A clear error with file and line, or the name stored verbatim; nothing half written.
"""

from __future__ import annotations

import gzip
import inspect
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from kg.errors import SourceFormatError
from kg.networkx_store import NetworkxStore
from kg.records import Concept, Edge
from kg.saved import open_graph
from loaders.reading import LONGEST_LINE
from loaders.registry import data_sets
from loaders.source import GraphSource
from medkgqa.loading import FORMATS, load_graph, open_source

NAME = "@NAME@"
HOSTILE_NAMES = (
    "=cmd|' /C calc'!A0",
    "+SUM(1;2)*cmd",
    "@import",
    "O'Brien's {curly} `tick` [square] \\back",
    "x'}) DETACH DELETE n //",
    "x` RETURN n; MATCH (m) DELETE m //",
    "{{ 7*7 }} ${HOME} %s %(x)s",
    "<b>&amp; ]]> <!-- x",
    "../../etc/passwd",
    "Robert'); DROP TABLE drugs;--",
    'a "quoted" name',
    "\u202eevil\u200b",
)


def plain(name: str) -> str:
    return name


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def in_json(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)[1:-1]


def in_xml(name: str) -> str:
    for raw, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        name = name.replace(raw, written)
    return name


def same(name: str) -> str:
    return name


@dataclass(frozen=True)
class Sample:
    """A small file of one format.

    Args:
        format: name ``open_source`` knows.
        files: contents by file name; the name under test stands where ``NAME`` does.
        main: the file that is damaged.
        cut: text right after which the main file is cut off.
        write: how the name is written in the file.
        stored: what the name is stored as.
        separator: of the cells, where the first line may be reordered.
        headless: whether there is no header, so that reordering is an error.
        awkward: characters the format cannot hold in a name at all.
    """

    format: str
    files: dict[str, str]
    main: str
    cut: str
    write: Callable[[str], str] = plain
    stored: Callable[[str], str] = same
    separator: str = ""
    headless: bool = False
    awkward: str = ""
    title: str = ""

    @property
    def id(self) -> str:
        return self.title or self.format

    def put(self, folder: Path, name: str = "Some name") -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in self.files.items():
            written = content.replace(NAME, self.write(name))
            (folder / file).write_text(written, encoding="utf-8", newline="\n")
        return folder

    def open(self, folder: Path, *, longest: int | None = None) -> GraphSource:
        mapping = folder / "mapping.toml" if self.format == "csv" else None
        source = open_source(self.format, folder, mapping=mapping)
        return source if longest is None else reopened(source, folder, longest)


def takes_longest(source: GraphSource) -> bool:
    return "longest" in inspect.signature(type(source).__init__).parameters


def reopened(source: GraphSource, folder: Path, longest: int) -> GraphSource:
    """The same loader with a small limit."""
    if source.card.name == "symp":
        from loaders.obo_ontology import symptom_ontology

        return symptom_ontology(folder, longest=longest)
    return type(source)(folder, longest=longest)  # type: ignore[call-arg]


def read_all(source: GraphSource) -> tuple[list[Concept], list[Edge]]:
    return list(source.concepts()), list(source.edges())


HETIONET_JSON = {
    "metanode_kinds": ["Compound", "Disease"],
    "nodes": [
        {"kind": "Compound", "identifier": "DB00001", "name": NAME, "data": {}},
        {"kind": "Disease", "identifier": "DOID:1", "name": "gout", "data": {}},
    ],
    "edges": [
        {
            "source_id": ["Compound", "DB00001"],
            "target_id": ["Disease", "DOID:1"],
            "kind": "treats",
            "direction": "both",
            "data": {"license": "CC0 1.0"},
        }
    ],
}
PRIMEKG_HEADER = (
    "relation,display_relation,x_index,x_id,x_type,x_name,x_source,"
    "y_index,y_id,y_type,y_name,y_source"
)
OBO = (
    "format-version: 1.2\nontology: x\n\n[Term]\nid: {p}:0000001\nname: parent\n\n"
    "[Term]\nid: {p}:0000002\nname: @NAME@\nis_a: {p}:0000001 ! parent\n"
)
QA_RECORD = {"name": NAME, "symptom": ["咳嗽"], "cure_department": ["内科"], "desc": "描述"}
NET39_HEADER = (
    "name,alias,part,age,infection,insurance,department,checklist,symptom,complication,"
    "treatment,drug,period,rate,money"
)
MAPPING = """name = "mine"
[[nodes]]
file = "drugs.csv"
id = "DRUGBANK:{id}"
category = "biolink:Drug"
name = "{name}"
[[nodes]]
file = "drugs.csv"
id = "{disease}"
category = "biolink:Disease"
name = "{disease_name}"
[[edges]]
file = "drugs.csv"
subject = "DRUGBANK:{id}"
predicate = "biolink:treats"
object = "{disease}"
"""
HPOA = (
    "database_id\tdisease_name\tqualifier\thpo_id\treference\tevidence\tonset\tfrequency\tsex\t"
    "modifier\taspect\tbiocuration\n"
    "OMIM:154700\t@NAME@\t\tHP:0001250\tPMID:1\tPCS\t\t1/2\t\t\tP\tx\n"
)
ONC_ROW = "@NAME@$DB00001$Other$DB00002$\n"
ANSM_XML = (
    '<?xml version="1.0" encoding="utf-8" ?>\n<INTERACTIONS>\n<INTERACTION>\n'
    '<DRUG1><DRUG name="@NAME@" rxcui="12" /></DRUG1>\n'
    '<DRUG2><CLASS name="NITRATES" code="N1" /></DRUG2>\n'
    "<DESCRIPTION>d</DESCRIPTION>\n<SEVERITY>Not recommended</SEVERITY>\n"
    "</INTERACTION>\n</INTERACTIONS>\n"
)
GRAPHML = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
    '<key id="n" for="node" attr.name="name" attr.type="string"/>\n'
    '<key id="l" for="all" attr.name="label" attr.type="string"/>\n<graph>\n'
    '<node id="DRUGBANK:DB1"><data key="n">@NAME@</data><data key="l">Drug</data></node>\n'
    '<node id="DOID:1"><data key="n">gout</data><data key="l">Disease</data></node>\n'
    '<edge source="DRUGBANK:DB1" target="DOID:1"><data key="l">TREATS</data></edge>\n'
    "</graph>\n</graphml>\n"
)
PREFIXES = {
    "biolink": "https://w3id.org/biolink/vocab/",
    "obo": "http://purl.obolibrary.org/obo/",
    "own": "urn:medkgqa:",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
TRIPLES = """obo:DOID_1 rdf:type skos:Concept .
obo:DOID_1 biolink:category biolink:Disease .
obo:DOID_1 own:name own:name-1 .
own:name-1 own:text "gout"@en .
own:name-1 own:kind "exact" .
own:name-1 own:position "0"^^xsd:integer .
obo:CHEBI_1 rdf:type skos:Concept .
obo:CHEBI_1 biolink:category biolink:Drug .
obo:CHEBI_1 own:name own:name-2 .
own:name-2 own:text "@NAME@"@en .
own:name-2 own:kind "exact" .
own:name-2 own:position "0"^^xsd:integer .
own:edge-1 rdf:type biolink:Association .
own:edge-1 biolink:subject obo:CHEBI_1 .
own:edge-1 biolink:predicate biolink:treats .
own:edge-1 biolink:object obo:DOID_1 .
own:edge-1 biolink:negated "false"^^xsd:boolean .
own:edge-1 biolink:has_evidence own:evidence-1 .
own:evidence-1 own:kind "record" .
own:evidence-1 own:confidence "1.0" .
own:evidence-1 own:source "s" .
own:evidence-1 own:record "row 1" .
"""
TURTLE = "".join(f"@prefix {p}: <{iri}> .\n" for p, iri in PREFIXES.items()) + TRIPLES
N_TRIPLES = re.sub(r"\b([a-z]+):(\S+)", lambda found: f"<{PREFIXES[found[1]]}{found[2]}>", TRIPLES)


def in_rdf(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')


SAMPLES = (
    Sample(
        "hetionet",
        {
            "hetionet-v1.0-nodes.tsv": "id\tname\tkind\nCompound::DB00001\t@NAME@\tCompound\n"
            "Disease::DOID:1\tgout\tDisease\n",
            "hetionet-v1.0-edges.sif": "source\tmetaedge\ttarget\n"
            "Compound::DB00001\tCtD\tDisease::DOID:1\n",
        },
        "hetionet-v1.0-nodes.tsv",
        cut="Compound::DB00001\t",
        separator="\t",
    ),
    Sample(
        "hetionet",
        {"hetionet-v1.0.json": json.dumps(HETIONET_JSON, indent=2)},
        "hetionet-v1.0.json",
        cut='"name": "',
        write=in_json,
        title="hetionet json",
    ),
    Sample(
        "primekg",
        {
            "kg.csv": f"{PRIMEKG_HEADER}\n"
            "indication,indication,1,DB00001,drug,@NAME@,DrugBank,2,5044,disease,gout,MONDO\n"
        },
        "kg.csv",
        cut="disease,gout",
        write=quoted,
        separator=",",
    ),
    Sample(
        "pharmacotherapydb",
        {
            "indications.tsv": "doid_id\tdrugbank_id\tdisease\tdrug\tcategory\tn_curators\n"
            "DOID:1\tDB00001\tgout\t@NAME@\tDM\t2\n"
        },
        "indications.tsv",
        cut="DB00001\t",
        separator="\t",
    ),
    Sample(
        "sider",
        {
            "meddra_all_se.tsv": "CID100000085\tCID000010917\tC0000737\tPT\tC0000737\t@NAME@\n",
        },
        "meddra_all_se.tsv",
        cut="PT\t",
        separator="\t",
        headless=True,
    ),
    Sample(
        "disease-ontology", {"doid.obo": OBO.format(p="DOID")}, "doid.obo", cut="\nid: DOID:0000"
    ),
    Sample(
        "disease-ontology-2015",
        {"HumanDO.obo": OBO.format(p="DOID")},
        "HumanDO.obo",
        cut="\nis_a",
    ),
    Sample("symptom-ontology", {"symp.obo": OBO.format(p="SYMP")}, "symp.obo", cut="\nis_a"),
    Sample(
        "mesh",
        {
            "terms.tsv": "mesh_id\tmesh_name\nD000001\t@NAME@\nD000002\tB\n",
            "tree-numbers.tsv": "mesh_id\tmesh_name\tmesh_tree_number\n"
            "D000001\tA\tC01.100\nD000002\tB\tC01.100.200\n",
        },
        "terms.tsv",
        cut="D000002",
        separator="\t",
    ),
    Sample(
        "doid-symptoms",
        {
            "disease-symptom.tsv": "disease_id\tdisease_label\tsymptom_id\tsymptom_label\n"
            "DOID:1\t@NAME@\tSYMP:0000001\tcough\n"
        },
        "disease-symptom.tsv",
        cut="SYMP:00",
        separator="\t",
    ),
    Sample(
        "onc",
        {"ONC_High_Priority_Mapped.csv": ONC_ROW},
        "ONC_High_Priority_Mapped.csv",
        cut="DB00001",
        separator="$",
        headless=True,
        awkward="$",
    ),
    Sample(
        "ansm",
        {"all_eng_tables_sept2016.xml": ANSM_XML},
        "all_eng_tables_sept2016.xml",
        cut="<DESCRIPTION>",
        write=in_xml,
        stored=str.lower,
    ),
    Sample(
        "ansm",
        {
            "interactions.tsv": "kind1\tname1\tcode1\tkind2\tname2\tcode2\tseverity\tdescription\t"
            "comment\ndrug\t@NAME@\t12\tclass\tNITRATES\tN1\tNot recommended\td\tc\n"
        },
        "interactions.tsv",
        cut="class\t",
        write=quoted,
        stored=str.lower,
        separator="\t",
        title="ansm table",
    ),
    Sample(
        "qasystem",
        {"medical.json": json.dumps(QA_RECORD, ensure_ascii=False) + "\n"},
        "medical.json",
        cut='"symptom": [',
        write=in_json,
    ),
    Sample(
        "disease-39net",
        {"disease.csv": f"{NET39_HEADER}\n@NAME@,,肺,,,,内科,,咳嗽,,,,,,\n"},
        "disease.csv",
        cut="内科",
        write=quoted,
        separator=",",
    ),
    Sample(
        "hpo",
        {
            "hp.obo": "format-version: 1.2\ndata-version: hp/releases/2025-01-16\n\n[Term]\n"
            "id: HP:0000118\nname: Phenotypic abnormality\n\n[Term]\nid: HP:0001250\n"
            "name: Seizure\nis_a: HP:0000118\n",
            "phenotype.hpoa": HPOA,
            "genes_to_phenotype.txt": "ncbi_gene_id\tgene_symbol\thpo_id\thpo_name\tfrequency\t"
            "disease_id\n2200\tFBN1\tHP:0001250\tSeizure\t-\tOMIM:154700\n",
        },
        "phenotype.hpoa",
        cut="HP:0001250\t",
        stored=lambda name: name.replace("@", ""),
        separator="\t",
    ),
    Sample(
        "kgx",
        {
            "nodes.tsv": "id\tcategory\tname\nDRUGBANK:DB1\tbiolink:Drug\t@NAME@\n"
            "DOID:1\tbiolink:Disease\tgout\n",
            "edges.tsv": "subject\tpredicate\tobject\nDRUGBANK:DB1\tbiolink:treats\tDOID:1\n",
        },
        "nodes.tsv",
        cut="DOID:1\t",
        write=lambda name: name.replace("\\", "\\\\"),
        separator="\t",
    ),
    Sample("graphml", {"g.graphml": GRAPHML}, "g.graphml", cut="<edge ", write=in_xml),
    Sample(
        "csv",
        {
            "mapping.toml": MAPPING,
            "drugs.csv": "id,name,disease,disease_name\nDB1,@NAME@,DOID:1,gout\n",
        },
        "drugs.csv",
        cut="DB1,",
        write=quoted,
        separator=",",
    ),
    Sample("rdf", {"g.ttl": TURTLE}, "g.ttl", cut="own:kind", write=in_rdf),
    Sample("rdf", {"g.nt": N_TRIPLES}, "g.nt", cut="kind>", write=in_rdf, title="rdf n-triples"),
)
NEEDS_RDFLIB = pytest.mark.skipif(find_spec("rdflib") is None, reason="rdflib is not installed")
every_sample = pytest.mark.parametrize(
    "sample",
    [pytest.param(s, id=s.id, marks=[NEEDS_RDFLIB] if s.format == "rdf" else []) for s in SAMPLES],
)


def test_no_loader_is_left_out() -> None:
    assert {s.format for s in SAMPLES} == {*FORMATS, *(d.name for d in data_sets())}


def refused(sample: Sample, folder: Path, **options: int) -> SourceFormatError:
    with pytest.raises(SourceFormatError) as raised:
        read_all(sample.open(folder, **options))
    return raised.value


@every_sample
def test_the_sample_itself_is_read(sample: Sample, tmp_path: Path) -> None:
    source = sample.open(sample.put(tmp_path))
    concepts, edges = read_all(source)
    assert sample.stored("Some name") in {n.text for c in concepts for n in c.names}
    assert edges
    store = NetworkxStore(concepts)
    assert store.add_edges(edges).total == 0


@every_sample
def test_a_file_cut_off_is_refused(sample: Sample, tmp_path: Path) -> None:
    path = sample.put(tmp_path) / sample.main
    content = path.read_text("utf-8")
    place = content.rindex(sample.cut) + len(sample.cut)
    path.write_text(content[:place], "utf-8")
    error = refused(sample, tmp_path)
    assert Path(error.path).name == sample.main
    assert error.line == content[:place].count("\n") + 1


@every_sample
def test_a_packed_file_cut_off_is_refused(sample: Sample, tmp_path: Path) -> None:
    path = sample.put(tmp_path) / sample.main
    packed = gzip.compress(path.read_bytes())
    path.write_bytes(packed[:-12])
    error = refused(sample, tmp_path)
    assert Path(error.path).name == sample.main


@every_sample
@pytest.mark.parametrize("bad", [b"\xff", b"\x00"], ids=["not-utf-8", "nul"])
def test_bytes_that_are_no_text_are_refused(sample: Sample, bad: bytes, tmp_path: Path) -> None:
    path = sample.put(tmp_path) / sample.main
    content = path.read_bytes().replace(b"Some name", b"Some" + bad + b"name")
    assert bad in content
    path.write_bytes(content)
    error = refused(sample, tmp_path)
    assert Path(error.path).name == sample.main
    wanted = content[: content.index(bad)].count(b"\n") + 1
    assert error.line == wanted or ".json" in sample.main, str(error)


@every_sample
def test_an_endless_line_is_refused(sample: Sample, tmp_path: Path) -> None:
    limit = 50_000 if takes_longest(sample.open(sample.put(tmp_path))) else None
    sample.put(tmp_path, "x" * ((limit or LONGEST_LINE) * 4))
    error = refused(sample, tmp_path, **({"longest": limit} if limit else {}))
    assert Path(error.path).name == sample.main
    assert error.line is not None
    assert len(str(error)) < 1_000


@every_sample
@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n\x00\x00", b"just words\n"])
def test_a_file_of_something_else_is_refused(
    sample: Sample, content: bytes, tmp_path: Path
) -> None:
    (sample.put(tmp_path) / sample.main).write_bytes(content)
    if sample.format == "qasystem" and not content:
        assert read_all(sample.open(tmp_path)) == ([], [])
        return
    error = refused(sample, tmp_path)
    assert Path(error.path).name == sample.main


@every_sample
def test_a_folder_without_the_files_is_refused(sample: Sample, tmp_path: Path) -> None:
    for folder in (tmp_path / "none", tmp_path):
        if sample.format == "csv":
            continue
        error_text = str(refused(sample, folder))
        assert str(folder) in error_text


@every_sample
def test_columns_in_another_order(sample: Sample, tmp_path: Path) -> None:
    if not sample.separator:
        pytest.skip("no columns")
    path = sample.put(tmp_path) / sample.main
    before = read_all(sample.open(tmp_path))
    lines = path.read_text("utf-8").splitlines()
    turned = [sample.separator.join(reversed(line.split(sample.separator))) for line in lines]
    path.write_text("\n".join(turned) + "\n", "utf-8")
    if sample.headless:
        assert refused(sample, tmp_path).line == 1
    else:
        assert read_all(sample.open(tmp_path)) == before


@every_sample
@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_hostile_name_is_stored_verbatim(sample: Sample, name: str, tmp_path: Path) -> None:
    if any(character in name for character in sample.awkward):
        pytest.skip("the format cannot hold it")
    concepts, edges = read_all(sample.open(sample.put(tmp_path, name)))
    assert sample.stored(name) in {n.text for c in concepts for n in c.names}
    store = NetworkxStore(concepts)
    store.add_edges(edges)
    assert len({c.curie for c in concepts}) == len(store)
    holders = [c.curie for c in concepts if sample.stored(name) in {n.text for n in c.names}]
    found = {match.curie for match in store.find(sample.stored(name))}
    assert not found or found == set(holders), "no lookup is widened"


BOMB = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<graphml><graph><node id="DOID:1"><data key="n">&b;</data></node></graph></graphml>
"""
OUTSIDE = """<?xml version="1.0"?>
<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>
<INTERACTIONS><INTERACTION><SEVERITY>&a;</SEVERITY></INTERACTION></INTERACTIONS>
"""
DEEP = "<a>" * 300 + "</a>" * 300


@pytest.mark.parametrize("bomb", [BOMB, OUTSIDE, DEEP], ids=["bomb", "outside", "deep"])
@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.write is in_xml], ids=lambda s: s.id)
def test_xml_that_attacks_its_reader_is_refused(sample: Sample, bomb: str, tmp_path: Path) -> None:
    (sample.put(tmp_path) / sample.main).write_text(bomb, "utf-8")
    error = refused(sample, tmp_path)
    assert Path(error.path).name == sample.main
    assert error.line in (1, 2)


@every_sample
def test_nothing_is_half_written(sample: Sample, tmp_path: Path) -> None:
    folder, target = tmp_path / "in", tmp_path / "graph"
    mapping = folder / "mapping.toml" if sample.format == "csv" else None
    sample.put(folder)
    load_graph([(sample.format, folder)], target, mapping=mapping)
    before = sorted(p.name for p in tmp_path.iterdir())
    fingerprint = open_graph(target).fingerprint
    path = folder / sample.main
    path.write_bytes(path.read_bytes().replace(b"Some name", b"Some\xffname"))
    with pytest.raises(SourceFormatError):
        load_graph([(sample.format, folder)], target, mapping=mapping)
    assert sorted(p.name for p in tmp_path.iterdir()) == before
    assert open_graph(target, verify=True).fingerprint == fingerprint
    with pytest.raises(SourceFormatError):
        load_graph([(sample.format, folder)], tmp_path / "new", mapping=mapping)
    assert not (tmp_path / "new").exists()
