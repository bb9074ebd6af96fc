# `make ask` answers a question on a machine where nothing is installed; `make test` runs every check.
QUESTION ?= Which drugs treat migraine?

.PHONY: ask test neo4j
ask:
	@"$$(tools/environment.sh lm)" -m medkgqa ask "$(QUESTION)"

# A Neo4j of your own with the starter graph in it; needs Java 17 and Maven.
neo4j:
	@"$$(tools/environment.sh neo4j)" -m medkgqa neo4j --verbose

test:
	@tools/check.sh
