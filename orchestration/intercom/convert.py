"""A query's text as a segment's rule: everything in between, and everything that stands in the way."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from orchestration.compiler.catalog import Catalog, Entity
from orchestration.intercom.document import text_to_json
from orchestration.intercom.fault import Told
from orchestration.intercom.mapping import Renaming
from orchestration.intercom.query import json_to_query
from orchestration.intercom.subject import Subjects
from orchestration.intercom.translate import Rule, Translator


@dataclass(frozen=True)
class Conversion:
    """The rule, and notes on how the query was read."""

    rule: Rule
    notes: tuple[str, ...]


def text_to_rule(
    text: str, catalog: Catalog, entity: Entity, renaming: Renaming, zone: ZoneInfo | None = None
) -> Conversion:
    """The rule of a query's JSON. `zone` is that of Intercom's workspace, by default the catalog's.

    Raises Faults with everything that cannot be taken over, and Problems of the mapping file.
    """
    told = Told()
    ours = ZoneInfo(catalog.timezone)
    query = json_to_query(text_to_json(text, told), told)
    told.close()
    assert query is not None, "a query without form is a fault"
    rule = Translator(Subjects(catalog, entity, renaming, told), zone or ours, ours, told).rule(query)
    told.close()
    return Conversion(rule, tuple(told.notes))
