"""What an audience is for: the goal that its subjects are to reach, and the messages that they are sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from orchestration.compiler.activity import event_names
from orchestration.compiler.audience_spec import AudienceSpec
from orchestration.compiler.catalog import Attribute, Catalog, EventRows, Link, Rows
from orchestration.compiler.dates import Amount, node_to_length
from orchestration.compiler.fields import Fields, Report, as_text, error
from orchestration.compiler.problem import Span, nearest
from orchestration.compiler.resolve import node_to_rule
from orchestration.compiler.scope import Scope, row_scope, subject_scope
from orchestration.compiler.segment import Rule
from orchestration.compiler.source import Node
from orchestration.compiler.spec import SegmentSpec
from orchestration.compiler.trait import Measure, lasts

LONGEST_MONTH = 31
# the marts of audiences stand beside the audiences' own models, which are called audience_<key>
MARTS = ("cohorts", "deliveries", "enrolments", "goals", "members", "messages", "outcomes")


@dataclass(frozen=True)
class Goal:
    """Events that count as reaching it, on one of the days of `months` and `days` after the first delivery's."""

    measure: Measure
    months: int
    days: int

    @property
    def most_days(self) -> int:
        """The most days that the time can be."""
        return self.months * LONGEST_MONTH + self.days


@dataclass(frozen=True)
class Messages:
    """The rows of a relation that are an audience's messages."""

    relation: Rows
    where: Rule | None


@dataclass(frozen=True)
class Aim:
    """What an audience says of both; nothing by default."""

    goal: Goal | None = None
    messages: Messages | None = None


def audience_to_aim(spec: AudienceSpec, catalog: Catalog, specs: Mapping[str, SegmentSpec], report: Report) -> Aim:
    """What stands behind an audience's `goal` and `messages`; what cannot be is reported."""
    if spec.key in MARTS:
        message = f"an audience cannot be called `{spec.key}`: Muster has audience_{spec.key} of its own"
        report.error("name-taken", message, Span(spec.source, 1, 1, 1), "call the file otherwise")
    segment = specs.get(spec.segment.text)
    entity = catalog.entities.get(segment.entity) if segment else None
    if entity is None:
        return Aim()
    scope = subject_scope(catalog, entity, dict(specs), report)
    goal = report.attempt(partial(_goal, spec.goal, scope)) if spec.goal else None
    messages = report.attempt(partial(_messages, spec.messages, scope)) if spec.messages else None
    return Aim(goal, messages)


def _goal(node: Node, scope: Scope) -> Goal:
    events = _events(node, scope)
    fields = Fields(node, "`goal`", scope.report)
    where_node = fields.left["where"].value if "where" in fields.left else node
    where = _where(fields, "an event", events.attributes, scope)
    names = fields.read_required("performed", event_names, None)
    within = fields.read_required("within", node_to_length, Amount(None, 0, 1, None))
    fields.close({name: f"write `where: {{{name}: …}}`" for name in events.attributes})
    if not lasts(where):
        message = "what counts as the goal cannot change from day to day"
        raise error("not-here", message, where_node.span, "compare dates with dates, as in `after: 2026-01-31`")
    return Goal(Measure(names, where, None), within.months, within.days)


def _events(node: Node, scope: Scope) -> EventRows:
    assert scope.entity, "a goal is a subject's"
    if scope.entity.events is None:
        message = f"the catalog gives no events for {scope.entity.name}"
        raise error("no-events", message, node.span, "add `events:` to the catalog, or take `goal` out")
    return scope.entity.events


def _messages(node: Node, scope: Scope) -> Messages:
    fields = Fields(node, "`messages`", scope.report)
    relation = _relation(fields.require("related"), scope)
    where = _where(fields, f"a row of {relation.name}", relation.attributes, scope)
    fields.close({name: f"write `where: {{{name}: …}}`" for name in relation.attributes})
    return Messages(relation, where)


def _relation(node: Node, scope: Scope) -> Rows:
    """A relation whose rows are dated. Raises Problems."""
    assert scope.entity, "messages are a subject's"
    name, relations = as_text(node), scope.entity.relations
    relation = relations.get(name)
    if relation is None:
        message = f"a {scope.entity.name} has no relation `{name}`"
        raise error("unknown-relation", message, node.span, nearest(name, relations))
    if isinstance(relation, Link):
        message = f"`{name}` leads to a {relation.entity}, and messages are rows"
        raise error("unknown-relation", message, node.span, "name a relation with rows that say when they were sent")
    if relation.at is None:
        raise error("no-date", f"`{name}` has no date", node.span, "give it `at:` in the catalog")
    return relation


def _where(fields: Fields, what: str, attributes: dict[str, Attribute], scope: Scope) -> Rule | None:
    node = fields.take("where")
    if node is None:
        return None
    return scope.report.attempt(partial(node_to_rule, node, row_scope(scope, what, attributes)))
