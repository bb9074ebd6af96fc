"""A question to a plan, a subgraph and a grounded answer."""
