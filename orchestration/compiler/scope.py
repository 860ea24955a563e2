"""What a rule can see where it stands: of a subject, of an attached one, of a mere row."""

from __future__ import annotations

from dataclasses import dataclass, replace

from orchestration.compiler.catalog import Attribute, Catalog, Entity
from orchestration.compiler.fields import Report
from orchestration.compiler.operators import Around
from orchestration.compiler.spec import SegmentSpec


@dataclass(frozen=True)
class Scope:
    """What a rule can see: the attributes by name, and, unless it speaks of mere rows, an entity's words.

    `attached` is the entity of subjects that are reached through a relation: of them attributes and segments are known.
    """

    catalog: Catalog
    what: str
    attributes: dict[str, Attribute]
    entity: Entity | None
    attached: Entity | None
    specs: dict[str, SegmentSpec]
    report: Report

    @property
    def around(self) -> Around:
        """What is known around the value of an attribute."""
        known = self.entity or self.attached
        around = Around(self.attributes)
        if known:
            past = "" if known.history else f"the catalog gives no `history` of {known.name}"
            around = replace(around, past=past)
        return replace(around, rank="") if self.entity else around


def subject_scope(catalog: Catalog, entity: Entity, specs: dict[str, SegmentSpec], report: Report) -> Scope:
    """The scope of a segment's own rule."""
    return Scope(catalog, f"a {entity.name}", entity.attributes, entity, None, specs, report)


def row_scope(scope: Scope, what: str, attributes: dict[str, Attribute]) -> Scope:
    """The scope of a `where` about rows."""
    return replace(scope, what=what, attributes=attributes, entity=None, attached=None)


def attached_scope(scope: Scope, relation: str, entity: Entity) -> Scope:
    """The scope of a `where` about subjects of another entity."""
    return replace(row_scope(scope, f"a row of {relation}", entity.attributes), attached=entity)
