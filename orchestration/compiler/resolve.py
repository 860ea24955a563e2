"""From what is written to what is meant: a node becomes a typed rule over the catalog, or problems.

To add a condition: a dataclass in `segment`, a word in `WORDS` here, a branch in `plan` and a phrase in `words`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from orchestration.compiler.behaviour import performed, rows_number, take_windows
from orchestration.compiler.catalog import Attribute, Catalog, Entity, Link, Rows, TimeColumn
from orchestration.compiler.fields import Fields, Report, as_text, as_texts, error
from orchestration.compiler.operators import entries_to_conditions, node_to_conditions
from orchestration.compiler.problem import nearest
from orchestration.compiler.segment import (
    All,
    AnyOf,
    AttributeCondition,
    Everyone,
    IsAnyOf,
    Not,
    RelationCondition,
    Rule,
    SegmentCondition,
    Status,
)
from orchestration.compiler.source import Entry, Mapping, Node, Scalar, Sequence
from orchestration.compiler.spec import SegmentSpec


@dataclass(frozen=True)
class Scope:
    """What a rule can see: the attributes by name, and, unless it speaks of mere rows, the entity's words."""

    catalog: Catalog
    what: str
    attributes: dict[str, Attribute]
    entity: Entity | None
    specs: dict[str, SegmentSpec]
    report: Report


Handler: TypeAlias = Callable[[Mapping, Scope], Rule]


def subject_scope(catalog: Catalog, entity: Entity, specs: dict[str, SegmentSpec], report: Report) -> Scope:
    """The scope of a segment's own rule."""
    return Scope(catalog, f"a {entity.name}", entity.attributes, entity, specs, report)


def row_scope(scope: Scope, what: str, attributes: dict[str, Attribute]) -> Scope:
    """The scope of a `where` about rows."""
    return replace(scope, what=what, attributes=attributes, entity=None)


def node_to_rule(node: Node, scope: Scope) -> Rule:
    """The rule a node stands for; a list means all of it. Raises Problems."""
    if isinstance(node, Sequence):
        return All(_rules(node, scope))
    if not isinstance(node, Mapping) or not node.entries:
        raise error("no-condition", "expected a condition", node.span, "as in `plan: pro`, or `everyone: true`")
    words = [entry for entry in node.entries if entry.name in SUBJECTS]
    if len(node.entries) > 1 and not words:
        _named(node.entries[0], scope)
        second = node.entries[1]
        raise error(
            "two-subjects", f"`{second.name}` begins a second condition", second.key.span, "give each its own `- `"
        )
    subject = words[0] if words else node.entries[0]
    if subject.name in WORDS:
        return WORDS[subject.name](node, scope)
    return _named(subject, scope)


def _rules(node: Node, scope: Scope) -> tuple[Rule, ...]:
    items: tuple[Node, ...] = node.items if isinstance(node, Sequence) else (node,)
    if not items:
        raise error("empty-group", "a group of no conditions has no meaning", node.span, "write `everyone: true`")
    found = [scope.report.attempt(partial(node_to_rule, item, scope)) for item in items]
    return tuple(rule for rule in found if rule is not None)


def _group(node: Mapping, scope: Scope) -> Rule:
    entry = node.entries[0]
    rules = _rules(entry.value, scope)
    match entry.name:
        case "all":
            return All(rules)
        case "any":
            return AnyOf(rules)
        case "none":
            return Not(AnyOf(rules))
        case _:
            return Not(All(rules))


def _everyone(node: Mapping, _: Scope) -> Rule:
    value = node.entries[0].value
    if not (isinstance(value, Scalar) and value.value is True):
        raise error("wrong-operand", "`everyone` is `true`", value.span, "for nobody write `not: {everyone: true}`")
    return Everyone()


def _conditions(found: tuple[AttributeCondition, ...], entry: Entry, scope: Scope) -> Rule:
    for condition in found:
        _warn_of_values(condition, entry, scope)
    return found[0] if len(found) == 1 else All(found)


def _warn_of_values(condition: AttributeCondition, entry: Entry, scope: Scope) -> None:
    known = condition.attribute.values
    if not known or not isinstance(condition.test, IsAnyOf):
        return
    for value in condition.test.values:
        if value not in known:
            message = f"the catalog knows no value `{value}` of `{condition.attribute.name}`"
            scope.report.warn("unknown-value", message, entry.key.span, nearest(str(value), map(str, known)))


def _named(entry: Entry, scope: Scope) -> Rule:
    if entry.name in scope.attributes:
        return _conditions(
            node_to_conditions(scope.attributes[entry.name], entry.value, scope.attributes), entry, scope
        )
    relation, _, rest = entry.name.partition(".")
    if rest and scope.entity and relation in scope.entity.relations:
        inner = replace(entry, key=replace(entry.key, text=rest, value=rest))
        return _related_rule(relation, Mapping((inner,), entry.key.span), scope)
    raise error(
        "unknown-attribute",
        f"{scope.what} has no attribute `{entry.name}`",
        entry.key.span,
        nearest(entry.name, (*scope.attributes, *(WORDS if scope.entity else GROUPS))),
    )


def _attribute(node: Mapping, scope: Scope) -> Rule:
    entry = next(entry for entry in node.entries if entry.name == "attribute")
    name = as_text(entry.value)
    if name not in scope.attributes:
        known = nearest(name, scope.attributes)
        raise error("unknown-attribute", f"{scope.what} has no attribute `{name}`", entry.value.span, known)
    others = tuple(other for other in node.entries if other is not entry)
    return _conditions(entries_to_conditions(scope.attributes[name], others, node, scope.attributes), entry, scope)


def _where(fields: Fields, scope: Scope) -> Rule | None:
    node = fields.take("where")
    return None if node is None else node_to_rule(node, scope)


def _subject_entity(scope: Scope, node: Mapping, word: str) -> Entity:
    if scope.entity is None:
        raise error("not-here", f"`{word}` cannot be asked of {scope.what}", node.span, "name one of its attributes")
    return scope.entity


def _performed(node: Mapping, scope: Scope) -> Rule:
    entity = _subject_entity(scope, node, "performed")
    if entity.events is None:
        raise error("no-events", f"the catalog gives no events for {entity.name}", node.span, "add `events:` there")
    fields = Fields(node, "the condition", scope.report)
    properties = entity.events.attributes
    where = _where(fields, row_scope(scope, "an event", properties))
    found = performed(entity.events, fields, where)
    fields.close()
    return found


def _related(node: Mapping, scope: Scope) -> Rule:
    entity = _subject_entity(scope, node, "related")
    fields = Fields(node, "the condition", scope.report)
    name = fields.require("related")
    relation = entity.relations.get(as_text(name))
    if relation is None:
        known = nearest(as_text(name), entity.relations)
        raise error("unknown-relation", f"a {entity.name} has no relation `{as_text(name)}`", name.span, known)
    related: Entity | None = None
    at: TimeColumn | None = None
    match relation:
        case Link():
            related = scope.catalog.entities[relation.entity]
            attributes = related.attributes
        case Rows():
            attributes, at = relation.attributes, relation.at
    where = _where(fields, row_scope(scope, f"a row of {relation.name}", attributes))
    windows = take_windows(fields, at, relation.name)
    numbers = rows_number(fields, attributes)
    fields.close()
    found = tuple(RelationCondition(relation, related, where, windows, number) for number in numbers)
    return found[0] if len(found) == 1 else All(found)


def _related_rule(relation: str, where: Mapping, scope: Scope) -> Rule:
    """`company.plan: pro` as `related: company, where: {plan: pro}`."""
    name = Scalar(relation, relation, where.span)
    entries = (Entry(replace(name, value="related", text="related"), name), Entry(replace(name, text="where"), where))
    return _related(Mapping(entries, where.span), scope)


def _segments(node: Mapping, scope: Scope) -> Rule:
    entry = next(entry for entry in node.entries if entry.name in ("in_segment", "not_in_segment"))
    entity = _subject_entity(scope, node, entry.name)
    extra = next((other for other in node.entries if other is not entry), None)
    if extra:
        raise error("unknown-field", f"`{entry.name}` has no field `{extra.name}`", extra.key.span)
    keys = tuple(dict.fromkeys(as_texts(entry.value)))
    if not keys:
        raise error("empty-list", "an empty list names no segment", entry.value.span)
    for key in keys:
        _check_reference(key, entity, entry, scope)
    condition = SegmentCondition(keys)
    return Not(condition) if entry.name == "not_in_segment" else condition


def _check_reference(key: str, entity: Entity, entry: Entry, scope: Scope) -> None:
    spec, span = scope.specs.get(key), entry.value.span
    if spec is None:
        raise error("unknown-segment", f"there is no segment `{key}`", span, nearest(key, scope.specs))
    if spec.entity and spec.entity != entity.name:
        raise error("wrong-entity", f"`{key}` is a segment of {spec.entity}, not of {entity.name}", span)
    if spec.status is Status.ARCHIVED:
        raise error("archived-segment", f"`{key}` is archived", span, "make it active, or drop the reference")


GROUPS: dict[str, Handler] = {"all": _group, "any": _group, "none": _group, "not": _group, "everyone": _everyone}
SUBJECTS: dict[str, Handler] = {
    "attribute": _attribute,
    "performed": _performed,
    "not_performed": _performed,
    "related": _related,
    "in_segment": _segments,
    "not_in_segment": _segments,
}
WORDS: dict[str, Handler] = {**GROUPS, **SUBJECTS}
