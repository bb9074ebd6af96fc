"""The graph: records, schema, stores. It imports nothing else of the project."""

from __future__ import annotations
