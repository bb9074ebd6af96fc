// 01 Find a concept by any of its names
WITH 'heart attack' AS name
MATCH (c:Concept)
WHERE any(n IN c.names WHERE toLower(n) = toLower(name))
RETURN c;

// 02 Symptoms of a disease
WITH 'migraine' AS disease
MATCH p = (:Disease {name: disease})-[r:HAS_SYMPTOM {polarity: 'positive'}]->(:Symptom)
RETURN p ORDER BY r.confidence DESC LIMIT 50;

// 03 Symptoms of a disease, with how often each occurs
WITH 'Marfan syndrome' AS disease
MATCH (:Disease {name: disease})-[r:HAS_SYMPTOM {polarity: 'positive'}]->(s:Symptom)
WHERE r.frequency IS NOT NULL
RETURN s.name AS symptom, r.frequency AS frequency, r.confidence AS confidence, r.sources AS sources
ORDER BY confidence DESC, symptom LIMIT 100;

// 04 Diseases with all of these findings
WITH ['headache', 'fever'] AS findings
MATCH (s:Symptom) WHERE s.name IN findings
MATCH p = (d:Disease)-[:HAS_SYMPTOM {polarity: 'positive'}]->(s)
WITH findings, d, collect(DISTINCT s) AS met, collect(p) AS paths
WHERE size(met) = size(findings)
RETURN d, paths LIMIT 25;

// 05 Drugs that treat a disease
WITH 'migraine' AS disease
MATCH p = (:Drug)-[r:TREATS {polarity: 'positive'}]->(:Disease {name: disease})
RETURN p ORDER BY r.confidence DESC LIMIT 50;

// 06 What a drug is used for
WITH 'ibuprofen' AS drug
MATCH p = (:Drug {name: drug})-[r:TREATS|PREVENTS {polarity: 'positive'}]->(:Disease|Symptom)
RETURN p ORDER BY r.confidence DESC LIMIT 50;

// 07 Side effects of a drug
WITH 'warfarin' AS drug
MATCH p = (:Drug {name: drug})-[r:HAS_SIDE_EFFECT {polarity: 'positive'}]->(:Symptom|Disease)
RETURN p ORDER BY r.confidence DESC LIMIT 50;

// 08 Shared side effects of two drugs
WITH 'ibuprofen' AS one, 'aspirin' AS other
MATCH p = (:Drug {name: one})-[:HAS_SIDE_EFFECT {polarity: 'positive'}]->()
          <-[:HAS_SIDE_EFFECT {polarity: 'positive'}]-(:Drug {name: other})
RETURN p LIMIT 50;

// 09 Drugs that may cause a symptom
WITH 'headache' AS symptom
MATCH p = (:Drug)-[r:HAS_SIDE_EFFECT {polarity: 'positive'}]->(:Symptom {name: symptom})
RETURN p ORDER BY r.confidence DESC LIMIT 50;

// 10 Treatments of a disease that are not known to cause a symptom
WITH 'migraine' AS disease, 'nausea' AS symptom
MATCH p = (d:Drug)-[r:TREATS {polarity: 'positive'}]->(:Disease {name: disease})
WHERE NOT EXISTS { (d)-[:HAS_SIDE_EFFECT {polarity: 'positive'}]->(:Symptom {name: symptom}) }
RETURN p ORDER BY r.confidence DESC LIMIT 50;

// 11 Conditions in which a drug is contraindicated
WITH 'propranolol' AS drug
MATCH p = (:Drug {name: drug})-[:MEMBER_OF_CLASS*0..2]->()
          -[:CONTRAINDICATED_IN {polarity: 'positive'}]->()
RETURN p LIMIT 50;

// 12 Drugs contraindicated in a condition or group of patients
WITH 'pregnancy' AS condition
MATCH p = (:Drug|DrugClass)-[:CONTRAINDICATED_IN {polarity: 'positive'}]->({name: condition})
RETURN p LIMIT 50;

// 13 Interactions among the drugs a patient takes
WITH ['warfarin', 'ibuprofen', 'aspirin'] AS drugs
MATCH p = (a:Drug)-[r:INTERACTS_WITH {polarity: 'positive'}]-(b:Drug)
WHERE a.name IN drugs AND b.name IN drugs AND a.curie < b.curie
RETURN p;

// 14 Genes of a disease, and what else they are associated with
WITH 'Marfan syndrome' AS disease
MATCH p = (:Disease {name: disease})<-[:ASSOCIATED_WITH_DISEASE]-(:Gene)
          -[:ASSOCIATED_WITH_DISEASE]->(:Disease)
RETURN p LIMIT 50;

// 15 Risk factors and complications of a disease
WITH 'hypertension' AS disease
MATCH p = (d:Disease {name: disease})-[:HAS_COMPLICATION|RISK_FACTOR_FOR {polarity: 'positive'}]-()
RETURN p LIMIT 50;

// 16 Tests that show a disease, and who treats it
WITH 'asthma' AS disease
MATCH p = (:Disease {name: disease})-[:DIAGNOSES|MANAGED_BY {polarity: 'positive'}]-(:Test|Specialty)
RETURN p;

// 17 Kinds of a disease
WITH 'asthma' AS disease
MATCH p = (:Disease {name: disease})<-[:SUBCLASS_OF*1..3]-(:Disease)
RETURN p LIMIT 100;

// 18 Shortest paths between two concepts
WITH 'smoking cessation' AS one, 'asthma' AS other
MATCH (a:Concept), (b:Concept)
WHERE one IN a.names AND other IN b.names
MATCH p = allShortestPaths((a)-[*..4]-(b))
RETURN p LIMIT 20;

// 19 Edges that contradict each other
WITH 0.0 AS least
MATCH p = (s:Concept)-[yes {polarity: 'positive'}]->(o:Concept)
MATCH q = (s)-[no {polarity: 'negative'}]->(o)
WHERE type(yes) = type(no) AND yes.confidence >= least AND no.confidence >= least
RETURN p, q LIMIT 25;

// 20 Where an edge comes from: sources, licences, references and sentences
WITH 'propranolol' AS subject, 'migraine' AS object
MATCH (s:Concept {name: subject})-[r]->(o:Concept {name: object})
RETURN type(r) AS edge, r.polarity AS polarity, r.confidence AS confidence,
       r.sources AS sources, r.licences AS licences, r.references AS references,
       r.sentences AS sentences;
