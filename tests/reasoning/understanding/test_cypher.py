"""Plans as Cypher: shape, parameters, quoting, and the line a person reads."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from kg.errors import PlanError
from kg.records import Polarity
from kg.schema import (
    CLASS_BY_LABEL,
    CONTRAINDICATED_IN,
    DISEASE,
    DRUG,
    DRUG_CLASS,
    GENE,
    HAS_PHENOTYPE,
    INTERACTS_WITH,
    PHENOTYPE,
    PREDICATE_BY_LABEL,
    SUBCLASS_OF,
    TREATS,
)
from kg.store import Direction
from reasoning.cypher import Cypher, to_cypher
from reasoning.plan import (
    AmongPlan,
    CheckPlan,
    Constraint,
    DescribePlan,
    FindPlan,
    Hop,
    Intent,
)
from reasoning.plan_text import plan_text
from reasoning.understanding import Understander

FOLDER = Path(__file__).parents[1]
NAMES = {"X:1": "migraine", "X:2": "aspirin", "X:3": "asthma"}
TREATED = Hop((TREATS,), Direction.IN, (DRUG,))
KINDS = Hop((SUBCLASS_OF,), Direction.IN, (DISEASE,), least=0, most=4)


def find(*constraints: Constraint, union: bool = False, count: bool = False) -> FindPlan:
    classes = (DISEASE,) * len(constraints)
    return FindPlan(Intent.TREATMENTS, (DRUG,), constraints, classes, union, count)


def test_find() -> None:
    cypher = to_cypher(find(Constraint("X:1", (TREATED,))))
    assert cypher.parameters == {"anchor0": "X:1"}
    assert (
        "MATCH p = (:Disease {curie: $anchor0})<-[:TREATS {polarity: 'positive'}]-(t:Drug)"
        in cypher.query
    )
    assert "X:1" not in cypher.query
    assert "{curie: 'X:1'}" in cypher.text
    assert "$" not in cypher.text


def test_find_with_expansion_negation_and_union() -> None:
    wanted = Constraint("X:1", (KINDS, TREATED))
    unwanted = Constraint("X:3", (TREATED,), negated=True)
    query = to_cypher(find(wanted, unwanted)).query
    assert "<-[:SUBCLASS_OF*0..4 {polarity: 'positive'}]-(:Disease)<-[:TREATS" in query
    assert "NOT EXISTS { MATCH (:Disease {curie: $anchor1})<-[:TREATS" in query
    other = Constraint("X:3", (TREATED,))
    assert "UNION" in to_cypher(find(wanted, other, union=True)).query
    assert to_cypher(find(wanted, other)).query.count("MATCH p =") == 2


def test_symmetric_predicates_have_no_arrow() -> None:
    plan = CheckPlan("X:2", "X:4", (INTERACTS_WITH,), DRUG, DRUG)
    assert "-[:INTERACTS_WITH]-(:Drug {curie: $object})" in to_cypher(plan).query
    among = to_cypher(AmongPlan(("X:2", "X:4", "X:5"), (DRUG,) * 3, (INTERACTS_WITH,)))
    assert among.parameters == {"concepts": ["X:2", "X:4", "X:5"]}
    assert "['X:2', 'X:4', 'X:5']" in among.text


def test_check_takes_both_polarities_and_only_recorded_harm() -> None:
    plan = CheckPlan("X:2", "X:1", (TREATS,), DRUG, DISEASE, denied_by=(CONTRAINDICATED_IN,))
    treats, harms = to_cypher(plan).query.split("UNION")
    assert "polarity = 'positive'" not in treats
    assert "polarity = 'positive'" in harms


def test_a_widened_check_goes_the_ways_the_predicate_allows() -> None:
    plan = CheckPlan("X:2", "X:1", (TREATS, CONTRAINDICATED_IN), DRUG, DISEASE, widened=True)
    treats, *harms = to_cypher(plan).query.split("UNION")
    down = "<-[:SUBCLASS_OF|MEMBER_OF_CLASS*0..4]-(x)"
    up = "-[:SUBCLASS_OF|MEMBER_OF_CLASS*0..4]->(x)"
    subject = "(:Drug {curie: $subject})"
    assert f"{subject}{down}\nMATCH q = (x)-[:TREATS]->(y)" in treats
    assert "(y)-[:SUBCLASS_OF*0..4]->(:Disease {curie: $object})" in treats
    assert len(harms) == 4
    for way in (up, down):
        joint = f"{subject}{way}\nMATCH q = (x)-[:CONTRAINDICATED_IN]->(y)"
        assert sum(joint in h for h in harms) == 2
    assert sum("(y)<-[:SUBCLASS_OF*0..4]-(:Disease {curie: $object})" in h for h in harms) == 2


def test_is_a_follows_the_classes() -> None:
    plan = CheckPlan("X:1", "X:3", (SUBCLASS_OF,), DISEASE, DISEASE)
    query = to_cypher(plan).query
    assert "(a:Disease {curie: $subject}), (b:Disease {curie: $object}) WHERE a <> b" in query
    assert "allShortestPaths((a)-[:SUBCLASS_OF*1..12]->(b))" in query


def test_describe_shows_the_classes() -> None:
    assert "OPTIONAL MATCH (n)-[r:SUBCLASS_OF" in to_cypher(DescribePlan("X:1", DISEASE)).query


@pytest.mark.parametrize("curie", ["X:a'b", "X:a$anchor0", "X:') RETURN (n"])
def test_a_curie_cannot_widen_a_query(curie: str) -> None:
    text = Cypher("MATCH (n {curie: $a}) RETURN n", {"a": curie}).text
    literal = re.fullmatch(r"MATCH \(n \{curie: ('(?:[^'\\]|\\.)*')\}\) RETURN n", text)
    assert literal is not None


def test_every_question_gives_valid_labels_and_parameters(understand: Understander) -> None:
    lines = (FOLDER / "questions_en.jsonl").read_text("utf-8").splitlines()
    lines += (FOLDER / "questions_zh.jsonl").read_text("utf-8").splitlines()
    seen = 0
    for line in lines:
        plan = understand(json.loads(line)["question"]).plan
        if plan is None:
            continue
        seen += 1
        cypher = to_cypher(plan)
        assert set(re.findall(r"\$(\w+)", cypher.query)) == set(cypher.parameters)
        for label in re.findall(r"\(\w*:([A-Za-z|]+)", cypher.query):
            assert all(one in CLASS_BY_LABEL for one in label.split("|"))
        for types in re.findall(r"\[\w*:([A-Z_|]+)", cypher.query):
            assert all(one in PREDICATE_BY_LABEL for one in types.split("|"))
        assert cypher.query.count("(") == cypher.query.count(")")
        assert cypher.query.count("{") == cypher.query.count("}")
        assert "\n" not in plan_text(plan, {})
    assert seen > 300


def test_plan_text() -> None:
    wanted = Constraint("X:1", (KINDS, TREATED))
    unwanted = Constraint("X:3", (TREATED,), negated=True)
    assert plan_text(find(wanted, unwanted, count=True), NAMES) == (
        "count Drug: Drug -TREATS-> migraine (X:1) with its kinds and members "
        "and not Drug -TREATS-> asthma (X:3)"
    )
    either = plan_text(find(wanted, Constraint("X:3", (TREATED,)), unwanted, union=True), str)
    assert either.startswith("find Drug: (Drug -TREATS-> X:1 with")
    assert " or Drug -TREATS-> X:3) and not " in either
    plan = CheckPlan(
        "X:2",
        "X:1",
        (TREATS,),
        DRUG,
        DISEASE,
        denied_by=(CONTRAINDICATED_IN,),
        polarity=Polarity.NEGATIVE,
    )
    assert plan_text(plan, NAMES) == (
        "check that not aspirin (X:2) -TREATS-> migraine (X:1) (denied by CONTRAINDICATED_IN)"
    )
    assert plan_text(DescribePlan("X:1", DISEASE), NAMES) == ("describe migraine (X:1): definition")
    asked = DescribePlan("X:1", DISEASE, Intent.IDENTIFIER, "DOID:1", Polarity.NEGATIVE)
    assert plan_text(asked, NAMES) == "check that not DOID:1 identifies migraine (X:1)"
    among = AmongPlan(("X:1", "X:2"), (DRUG, DRUG), (INTERACTS_WITH,))
    assert plan_text(among, {}) == "check INTERACTS_WITH among X:1, X:2"


def test_plans_are_typed() -> None:
    with pytest.raises(PlanError, match="cannot be followed"):
        find(Constraint("X:1", (Hop((HAS_PHENOTYPE,), Direction.IN, (GENE,)),)))
    chain = (TREATED, Hop((TREATS,), Direction.OUT, (DISEASE,))) * 2
    with pytest.raises(PlanError, match="4 hops"):
        find(Constraint("X:1", chain))
    with pytest.raises(PlanError, match="repeated"):
        Hop((SUBCLASS_OF,), Direction.IN, (DISEASE,), least=2, most=1)
    with pytest.raises(PlanError, match="not negated"):
        find(Constraint("X:1", (TREATED,), negated=True))
    with pytest.raises(PlanError, match="two or more"):
        AmongPlan(("X:1", "X:1"), (DRUG, DRUG), (INTERACTS_WITH,))
    with pytest.raises(PlanError, match="does not join"):
        AmongPlan(("X:1", "X:2"), (DRUG, GENE), (INTERACTS_WITH,))
    with pytest.raises(PlanError, match="cannot join"):
        CheckPlan("X:1", "X:2", (TREATS,), DISEASE, PHENOTYPE)
    assert find(Constraint("X:1", (KINDS, KINDS, TREATED))).target == (DRUG,)
    wide = FindPlan(
        Intent.TREATMENTS,
        (DRUG, DRUG_CLASS),
        (Constraint("X:1", (Hop((TREATS,), Direction.IN, (DRUG, DRUG_CLASS)),)),),
        (DISEASE,),
    )
    assert "(t:Drug|DrugClass)" in to_cypher(wide).query
