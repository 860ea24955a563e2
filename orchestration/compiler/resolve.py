"""From what is written to what is meant: a node becomes a typed rule over the catalog, or problems.

To add a condition: a dataclass in `segment`, a word in `WORDS` here, a branch in `plan` and a phrase in `words`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from orchestration.compiler.behaviour import AGGREGATES, performed, rows_number, take_windows
from orchestration.compiler.catalog import Entity, EventRows, Link, Rows, TimeColumn, Type
from orchestration.compiler.fields import Fields, as_boolean, as_text, as_texts, collected, error
from orchestration.compiler.operators import WORDS as OPERATORS
from orchestration.compiler.operators import entries_to_conditions, node_to_conditions
from orchestration.compiler.problem import Problem, Problems, Span, closest, nearest
from orchestration.compiler.scope import Scope, attached_scope, row_scope
from orchestration.compiler.segment import (
    AT_LEAST_ONE,
    NONE_AT_ALL,
    All,
    AnyOf,
    AttributeCondition,
    Everyone,
    IsAnyOf,
    Move,
    MoveCondition,
    Not,
    Number,
    RelationCondition,
    Rule,
    SegmentCondition,
    Status,
    Step,
)
from orchestration.compiler.source import Entry, Mapping, Node, Scalar, Sequence
from orchestration.compiler.timing import (
    end_of_rows,
    first_or_last,
    node_to_step,
    performed_regularly,
    resumed_performing,
    sequence,
    stopped_performing,
)
from orchestration.compiler.window import DayWindow

Handler: TypeAlias = Callable[[Mapping, Scope], Rule]


def node_to_rule(node: Node, scope: Scope) -> Rule:
    """The rule a node stands for; a list means all of it. Raises Problems."""
    if isinstance(node, Sequence):
        return All(_rules(node, scope))
    if not isinstance(node, Mapping) or not node.entries:
        raise error("no-condition", "expected a condition", node.span, "as in `plan: pro`, or `everyone: true`")
    words = [entry for entry in node.entries if entry.name in SUBJECTS]
    if len(words) > 1:
        raise _second_condition(words[1])
    if len(node.entries) > 1 and not words:
        raise _no_single_subject(node, scope)
    subject = words[0] if words else node.entries[0]
    if subject.name in WORDS:
        return _read_whole(WORDS[subject.name], node, scope)
    return _named(subject, scope)


def _second_condition(entry: Entry) -> Problems:
    help_ = "give each its own `- `, or put both under `all:`"
    return error("two-subjects", f"`{entry.name}` begins a second condition", entry.key.span, help_)


def _no_single_subject(node: Mapping, scope: Scope) -> Problems:
    """Several entries, and none of them a word that others may stand beside: a slip, or conditions without a list."""
    known = [entry for entry in node.entries if _is_subject(entry.name, scope)]
    unknown = [entry for entry in node.entries if entry not in known]
    misspelt = [entry for entry in unknown if closest(entry.name, (*SUBJECTS, *scope.attributes))]
    if len(known) > 1:
        return _second_condition(known[1])
    if known and unknown[0].name in BESIDE and known[0].name in scope.attributes:
        message = f"`{unknown[0].name}` stands beside `{known[0].name}` and belongs below it"
        help_ = f"write `{known[0].name}: {{{unknown[0].name}: …}}`"
        return error("two-subjects", message, unknown[0].key.span, help_)
    return _no_attribute((misspelt or unknown)[0], scope)


def _is_subject(name: str, scope: Scope) -> bool:
    relation = name.partition(".")[0]
    return name in WORDS or name in scope.attributes or bool(scope.entity and relation in scope.entity.relations)


def _read_whole(handler: Handler, node: Mapping, scope: Scope) -> Rule:
    """The condition; where it cannot be read, fields that nothing knows are reported with it."""
    try:
        return handler(node, scope)
    except Problems as found:
        strange = [entry for entry in node.entries if entry.name not in WORDS and entry.name not in BESIDE]
        if handler in GROUPS.values() or handler is _attribute or handler is _segments:
            raise
        named = {problem.span for problem in (*found.problems, *scope.report.problems)}
        raise Problems((*found.problems, *(_strange(each) for each in strange if each.key.span not in named))) from None


def _strange(entry: Entry) -> Problem:
    message = f"the condition has no field `{entry.name}`"
    return Problem("unknown-field", message, entry.key.span, nearest(entry.name, BESIDE))


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
            span = _span_of(value, entry.value) or entry.key.span
            scope.report.warn("unknown-value", message, span, nearest(str(value), map(str, known)))


def _span_of(value: object, node: Node) -> Span | None:
    """Where a value stands in what is said about an attribute."""
    match node:
        case Scalar(value=written):
            return node.span if written == value else None
        case Sequence(items):
            inner: tuple[Node, ...] = items
        case Mapping(entries):
            inner = tuple(each.value for each in entries)
    return next(filter(None, (_span_of(value, each) for each in inner)), None)


def _named(entry: Entry, scope: Scope) -> Rule:
    if entry.name in scope.attributes:
        found = node_to_conditions(scope.attributes[entry.name], entry.value, scope.around)
        return _conditions(found, entry, scope)
    relation, _, rest = entry.name.partition(".")
    if rest and scope.entity and relation in scope.entity.relations:
        _check_dotted(entry, relation, rest, scope)
        inner = replace(entry, key=replace(entry.key, text=rest, value=rest))
        return _related_rule(relation, Mapping((inner,), entry.key.span), scope)
    raise _no_attribute(entry, scope)


def _no_attribute(entry: Entry, scope: Scope) -> Problems:
    if scope.entity and entry.name in scope.entity.relations:
        message = f"`{entry.name}` is a relation of {scope.entity.name}, not an attribute"
        help_ = f"write `{entry.name}.ATTRIBUTE: …`, or `related: {entry.name}` with `where:`"
        return error("unknown-attribute", message, entry.key.span, help_)
    known = (*scope.attributes, *(WORDS if scope.entity else GROUPS))
    close = closest(entry.name, known)
    help_ = f"did you mean `{close}`?" if close else nearest(entry.name, scope.attributes)
    return error("unknown-attribute", f"{scope.what} has no attribute `{entry.name}`", entry.key.span, help_)


def _check_dotted(entry: Entry, relation: str, rest: str, scope: Scope) -> None:
    """Refuse `company.plann` under its whole name."""
    assert scope.entity, "relations are an entity's"
    found = scope.entity.relations[relation]
    attributes = scope.catalog.entities[found.entity].attributes if isinstance(found, Link) else found.attributes
    words = ("in_segment", "not_in_segment") if isinstance(found, Link) else ()
    if rest not in attributes and rest not in words and rest not in GROUPS:
        known = [f"{relation}.{name}" for name in (*attributes, *words)]
        message = f"{relation} has no attribute `{rest}`"
        raise error("unknown-attribute", message, entry.key.span, nearest(entry.name, known))


def _attribute(node: Mapping, scope: Scope) -> Rule:
    entry = next(entry for entry in node.entries if entry.name == "attribute")
    name = as_text(entry.value)
    if name not in scope.attributes:
        known = nearest(name, scope.attributes)
        raise error("unknown-attribute", f"{scope.what} has no attribute `{name}`", entry.value.span, known)
    others = tuple(other for other in node.entries if other is not entry)
    return _conditions(entries_to_conditions(scope.attributes[name], others, node, scope.around), entry, scope)


def _rule_of(fields: Fields, name: str, scope: Scope) -> Rule | None:
    """The rule of a field; one that is reported is stood in for, so that the rest is read too."""
    node = fields.take(name)
    return None if node is None else scope.report.attempt(partial(node_to_rule, node, scope)) or Everyone()


def _subject_entity(scope: Scope, node: Mapping, word: str) -> Entity:
    if scope.entity is None:
        help_ = "name one of its attributes"
        if scope.attached:
            help_ = f"make it a segment of {scope.attached.name}, and ask `in_segment` here"
        raise error("not-here", f"`{word}` cannot be asked of {scope.what}", node.span, help_)
    return scope.entity


def _event_rows(node: Mapping, scope: Scope) -> EventRows:
    word = next(entry.name for entry in node.entries if entry.name in EVENTS)
    entity = _subject_entity(scope, node, word)
    if entity.events is None:
        raise error(
            "no-events", f"the catalog gives no events for {entity.name}", node.span, "add `events:` to the catalog"
        )
    return entity.events


def _event_scope(scope: Scope, events: EventRows) -> Scope:
    return row_scope(scope, "an event", events.attributes)


def _events(node: Mapping, scope: Scope) -> Rule:
    """A condition on one kind of event."""
    events = _event_rows(node, scope)
    fields = Fields(node, "the condition", scope.report)
    where = _rule_of(fields, "where", _event_scope(scope, events))
    match next(entry.name for entry in node.entries if entry.name in EVENTS):
        case "first_performed" | "last_performed":
            having = _rule_of(fields, "having", _event_scope(scope, events))
            found = first_or_last(events, fields, where, having)
        case "performed_regularly":
            found = performed_regularly(events, fields, where)
        case "stopped_performing":
            found = stopped_performing(events, fields, where)
        case "resumed_performing":
            found = resumed_performing(events, fields, where)
        case _:
            found = performed(events, fields, where, scope.around)
    fields.close({name: f"write `where: {{{name}: …}}`" for name in events.attributes})
    return found


def _sequence(node: Mapping, scope: Scope) -> Rule:
    events = _event_rows(node, scope)
    fields = Fields(node, "the condition", scope.report)
    listed = fields.require("sequence")
    if not isinstance(listed, Sequence):
        help_ = "give each step its own `- performed: …`"
        raise error("not-a-list", "a sequence is a list of steps", listed.span, help_)
    items = listed.items
    steps = collected(
        partial(_step, item, number, number == len(items) - 1, events, scope) for number, item in enumerate(items)
    )
    found = sequence(events, fields, steps, listed)
    fields.close()
    return found


def _step(node: Node, number: int, last: bool, events: EventRows, scope: Scope) -> Step:
    fields = Fields(node, "the step", scope.report)
    where = _rule_of(fields, "where", _event_scope(scope, events))
    return node_to_step(fields, where, number, last)


def _related(node: Mapping, scope: Scope) -> Rule:
    entity = _subject_entity(scope, node, "related")
    fields = Fields(node, "the condition", scope.report)
    name = fields.require("related")
    relation = entity.relations.get(as_text(name))
    if relation is None:
        known = nearest(as_text(name), entity.relations)
        raise error("unknown-relation", f"a {entity.name} has no relation `{as_text(name)}`", name.span, known)
    match relation:
        case Link():
            related = scope.catalog.entities[relation.entity]
            rows = attached_scope(scope, relation.name, related)
            chosen = RelationCondition(relation, related, _rule_of(fields, "where", rows), (), AT_LEAST_ONE)
            take_windows(fields, None, relation.name)
        case Rows():
            rows = row_scope(scope, f"a row of {relation.name}", relation.attributes)
            where = _rule_of(fields, "where", rows)
            windows = take_windows(fields, relation.at, relation.name)
            chosen = RelationCondition(relation, None, where, windows, AT_LEAST_ONE)
    found = _asked_of_rows(chosen, fields, rows, scope)
    fields.close({name: f"write `where: {{{name}: …}}`" for name in rows.attributes})
    return found[0] if len(found) == 1 else All(found)


def _asked_of_rows(chosen: RelationCondition, fields: Fields, rows: Scope, scope: Scope) -> tuple[Rule, ...]:
    """What is asked of the chosen rows: a quantifier, their first or last, numbers, or that there is one."""
    quantifiers = [entry for entry in fields.left.values() if entry.name in QUANTIFIERS]
    or_none = fields.take("or_none")
    if or_none is not None and not any(entry.name == "every" for entry in quantifiers):
        raise error("not-here", "`or_none` goes with `every`", or_none.span, "leave it out, or ask `every:`")
    ends: tuple[Rule, ...] = ()
    if isinstance(chosen.relation, Rows):
        ends = end_of_rows(chosen.relation, fields, chosen.where, chosen.windows)
    numbers = rows_number(fields, rows.attributes, scope.around)
    fields.known.extend(QUANTIFIERS)
    if len(quantifiers) + bool(ends) + bool(numbers) > 1:
        help_ = "give each its own condition"
        raise error("two-subjects", "more than one thing is asked of the rows", fields.span, help_)
    if quantifiers:
        asked = _rule_of(fields, quantifiers[0].name, rows)
        assert asked is not None, "the field is there"
        return _quantified(chosen, quantifiers[0].name, asked, or_none is not None and as_boolean(or_none))
    counted = tuple(replace(chosen, number=number) for number in numbers)
    return ends or counted or (chosen,)


def _quantified(chosen: RelationCondition, word: str, asked: Rule, or_none: bool) -> tuple[Rule, ...]:
    """`every` row passes when none fails; unless `or_none`, there must be one."""

    def counted(number: Number, *more: Rule) -> Rule:
        rules = (*((chosen.where,) if chosen.where else ()), *more)
        return replace(chosen, where=rules[0] if len(rules) == 1 else All(rules), number=number)

    match word:
        case "any":
            return (counted(AT_LEAST_ONE, asked),)
        case "none":
            return (counted(NONE_AT_ALL, asked),)
        case _:
            return (*(() if or_none else (chosen,)), counted(NONE_AT_ALL, Not(asked)))


def _related_rule(relation: str, where: Mapping, scope: Scope) -> Rule:
    """`company.plan: pro` as `related: company, where: {plan: pro}`."""
    name = Scalar(relation, relation, where.span)
    entries = (Entry(replace(name, value="related", text="related"), name), Entry(replace(name, text="where"), where))
    return _related(Mapping(entries, where.span), scope)


def _segments(node: Mapping, scope: Scope) -> Rule:
    entry = next(entry for entry in node.entries if entry.name in ("in_segment", "not_in_segment"))
    entity = scope.attached or _subject_entity(scope, node, entry.name)
    extra = next((other for other in node.entries if other is not entry), None)
    if extra:
        help_ = "was a member on a day: `was_in_segment`; moved on a day: `entered_segment`, `left_segment`"
        raise error("unknown-field", f"`{entry.name}` has no field `{extra.name}`", extra.key.span, help_)
    condition = SegmentCondition(_segment_keys(entry, entity, scope))
    return Not(condition) if entry.name == "not_in_segment" else condition


def _segment_keys(entry: Entry, entity: Entity, scope: Scope) -> tuple[str, ...]:
    keys = tuple(dict.fromkeys(as_texts(entry.value)))
    if not keys:
        raise error("empty-list", "an empty list names no segment", entry.value.span, "name at least one")
    items = entry.value.items if isinstance(entry.value, Sequence) else (entry.value,)
    collected(partial(_check_reference, item, entity, scope) for item in items)
    return keys


MOVES: dict[str, Move] = {"entered_segment": "entered", "left_segment": "left", "was_in_segment": "was_in"}


def _moved(node: Mapping, scope: Scope) -> Rule:
    """A condition on what was recorded of a segment."""
    entry = next(entry for entry in node.entries if entry.name in MOVES)
    entity = _subject_entity(scope, node, entry.name)
    fields = Fields(node, "the condition", scope.report)
    keys = _segment_keys(Entry(entry.key, fields.require(entry.name)), entity, scope)
    windows = take_windows(fields, RECORDED_ON, entry.name)
    fields.close()
    if entry.name == "was_in_segment" and not windows:
        help_ = "add one, as in `on: 2026-01-31` or `in_last: 30 days`"
        raise error("missing-field", "`was_in_segment` on what day?", entry.key.span, help_)
    return MoveCondition(keys, MOVES[entry.name], tuple(each for each in windows if isinstance(each, DayWindow)))


def _check_reference(node: Node, entity: Entity, scope: Scope) -> None:
    key, span = as_text(node), node.span
    spec = scope.specs.get(key)
    if spec is None:
        heirs = [each.key for each in scope.specs.values() if key in {former.text for former in each.formerly}]
        help_ = f"it is `{heirs[0]}` now" if heirs else nearest(key, scope.specs)
        raise error("unknown-segment", f"there is no segment `{key}`", span, help_)
    if spec.entity and spec.entity != entity.name:
        message = f"`{key}` is a segment of {spec.entity}, not of {entity.name}"
        raise error("wrong-entity", message, span, f"name a segment of {entity.name}")
    if spec.status is Status.ARCHIVED:
        help_ = "make it active, or drop the reference"
        raise error("archived-segment", f"`{key}` is archived, so nobody is in it", span, help_)


RECORDED_ON = TimeColumn("recorded_on", Type.DATE)
QUANTIFIERS = ("any", "every", "none")
GROUPS: dict[str, Handler] = {"all": _group, "any": _group, "none": _group, "not": _group, "everyone": _everyone}
EVENTS: dict[str, Handler] = {
    "performed": _events,
    "not_performed": _events,
    "first_performed": _events,
    "last_performed": _events,
    "performed_regularly": _events,
    "stopped_performing": _events,
    "resumed_performing": _events,
    "sequence": _sequence,
}
SUBJECTS: dict[str, Handler] = {
    "attribute": _attribute,
    **EVENTS,
    "related": _related,
    "in_segment": _segments,
    "not_in_segment": _segments,
    **dict.fromkeys(MOVES, _moved),
}
WORDS: dict[str, Handler] = {**GROUPS, **SUBJECTS}
BESIDE = (
    *("where", "having", "unknown", "times", "on_days", "count", "within", "for_at_least", "or_none", "first", "last"),
    *("in_at_least", "of_last", "period", "was_in", "silent_for", "back_in", "exactly"),
    *dict.fromkeys((*QUANTIFIERS, *AGGREGATES, *(word for words in OPERATORS.values() for word in words))),
)
