"""Reading the `tests:` of a segment: whatever they mention is in the catalog and of its type, or a problem."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from functools import partial

from orchestration.compiler.catalog import Attribute, Catalog, Entity, EventRows, Link, Rows, Type
from orchestration.compiler.fields import Fields, Report, as_boolean, as_entries, as_text, error
from orchestration.compiler.given import LONG_AGO, node_to_day, node_to_given, node_to_moment
from orchestration.compiler.problem import nearest
from orchestration.compiler.source import Entry, Node, Scalar, Sequence
from orchestration.compiler.spec import SegmentSpec
from orchestration.compiler.spectest import Given, GivenRow, GivenStay, GivenSubject, GivenVersion, SpecTest

BESIDE = ("events", "related", "before")
MAX_TIMES = 10_000


@dataclass(frozen=True)
class SpecTestScope:
    """What a test can mention."""

    catalog: Catalog
    entity: Entity
    specs: dict[str, SegmentSpec]
    report: Report


def node_to_tests(node: Node | None, scope: SpecTestScope) -> tuple[SpecTest, ...]:
    """The tests that make sense; what is wrong with the others is reported."""
    if node is None:
        return ()
    items = scope.report.attempt(partial(_items, node)) or ()
    found = [scope.report.attempt(partial(_spec_test, item, scope)) for item in items]
    return tuple(each for each in found if each)


def _items(node: Node) -> tuple[Node, ...]:
    if not isinstance(node, Sequence):
        raise error("not-a-list", "expected a list", node.span, "begin each with `- `")
    return node.items


def _spec_test(node: Node, scope: SpecTestScope) -> SpecTest:
    report = Report()
    fields = Fields(node, "the test", report)
    beside = {name: found for name in BESIDE if (found := fields.take(name)) is not None}
    given, others, stays = fields.take("subject"), fields.take("others"), fields.take("stays")
    name = report.attempt(partial(fields.text, "name"))
    as_of = report.attempt(lambda: node_to_day(fields.require("as_of")))
    member = report.attempt(lambda: fields.require("member"))
    expected = report.attempt(lambda: as_boolean(member)) if member else None
    fields.close()
    reading = _Reading(scope.catalog, report)
    entries = report.attempt(partial(as_entries, given)) if given else ()
    subject = reading.subject(scope.entity, entries or (), beside)
    rest = report.attempt(partial(_items, others)) if others else ()
    more = [report.attempt(partial(reading.attached, scope.entity, item)) for item in rest or ()]
    recorded = _stays(stays, scope, report)
    _close(report, scope.report)
    assert as_of is not None and expected is not None and member is not None, "each of them missing is an error"
    known = tuple(each for each in more if each)
    return SpecTest(name or "", as_of, subject, known, recorded, expected, member.span)


def _close(report: Report, whole: Report) -> None:
    """Raise the errors of one test; its warnings alone are passed on."""
    report.close()
    whole.problems.extend(report.problems)


def _stays(node: Node | None, scope: SpecTestScope, report: Report) -> tuple[GivenStay, ...]:
    entries = report.attempt(partial(as_entries, node)) if node else ()
    found = [report.attempt(partial(_stays_in, entry, scope, report)) for entry in entries or ()]
    return tuple(stay for stays in found for stay in stays or ())


def _stays_in(entry: Entry, scope: SpecTestScope, report: Report) -> tuple[GivenStay, ...]:
    spec, span = scope.specs.get(entry.name), entry.key.span
    if spec is None:
        raise error("unknown-segment", f"there is no segment `{entry.name}`", span, nearest(entry.name, scope.specs))
    if spec.entity != scope.entity.name:
        message = f"`{entry.name}` is a segment of {spec.entity}, not of {scope.entity.name}"
        raise error("wrong-entity", message, span, f"name segments of {scope.entity.name}")
    return tuple(_stay(entry.name, item, report) for item in _items(entry.value))


def _stay(segment: str, node: Node, report: Report) -> GivenStay:
    fields = Fields(node, "the stay", report)
    until = fields.take("until")
    stay = GivenStay(segment, node_to_day(fields.require("from")), node_to_day(until) if until else None)
    fields.close()
    if until and stay.until and stay.until <= stay.since:
        help_ = "leave it out for a stay that is not over"
        raise error("bad-stay", "`until` is the first day out, so it comes after `from`", until.span, help_)
    return stay


@dataclass(frozen=True)
class _Reading:
    """Reads made-up subjects of any entity; one problem does not hide the next."""

    catalog: Catalog
    report: Report

    def attached(self, entity: Entity, node: Node) -> GivenSubject:
        """A subject whose events, rows and earlier versions stand among its attributes."""
        entries = as_entries(node)
        beside = {entry.name: entry.value for entry in entries if _is_beside(entry, entity)}
        return self.subject(entity, tuple(entry for entry in entries if entry.name not in beside), beside)

    def subject(self, entity: Entity, entries: tuple[Entry, ...], beside: dict[str, Node]) -> GivenSubject:
        attempt = self.report.attempt
        keys = [entry for entry in entries if entry.name == entity.key and entry.name not in entity.attributes]
        attributes = (entry for entry in entries if entry not in keys)
        given = self.values(attributes, entity.attributes, f"a {entity.name}")
        rows = attempt(partial(self.events, entity, beside["events"])) if "events" in beside else ()
        related = attempt(partial(self.related, entity, beside["related"])) if "related" in beside else ()
        earlier = attempt(partial(self.earlier, entity, beside["before"])) if "before" in beside else ()
        found = related or ()
        key = attempt(partial(_key, keys[0].value)) if keys else given.pop(entity.key, None)
        return GivenSubject(
            entity=entity.name,
            key=key if isinstance(key, str | int) else None,
            values={**_long_known(entity), **given},
            earlier=earlier or (),
            rows=(*(rows or ()), *(each for each in found if isinstance(each, GivenRow))),
            attached=tuple(each for each in found if not isinstance(each, GivenRow)),
        )

    def values(self, entries: Iterable[Entry], attributes: dict[str, Attribute], what: str) -> dict[str, Given]:
        """Values by column."""
        found: dict[str, Given] = {}
        for entry in entries:
            attribute = attributes.get(entry.name)
            if attribute is None:
                message, help_ = f"{what} has no attribute `{entry.name}`", nearest(entry.name, attributes)
                self.report.error("unknown-attribute", message, entry.key.span, help_)
                continue
            read = partial(node_to_given, entry.value, attribute, self.catalog.timezone)
            found[attribute.column] = self.report.attempt(read)
            self._warn_of_value(entry, attribute, found[attribute.column])
        return found

    def _warn_of_value(self, entry: Entry, attribute: Attribute, value: Given) -> None:
        if value is not None and attribute.values and value not in attribute.values:
            message = f"the catalog knows no value `{value}` of `{attribute.name}`"
            self.report.warn(
                "unknown-value", message, entry.value.span, nearest(str(value), map(str, attribute.values))
            )

    def events(self, entity: Entity, node: Node) -> tuple[GivenRow, ...]:
        if entity.events is None:
            raise error("no-events", f"the catalog gives no events for {entity.name}", node.span, "add `events:` to it")
        found = [self.report.attempt(partial(self.row, entity.events, "an event", item)) for item in _items(node)]
        return tuple(row for row in found if row)

    def related(self, entity: Entity, node: Node) -> tuple[GivenRow | tuple[Link, GivenSubject], ...]:
        found = [self.report.attempt(partial(self._related, entity, entry)) for entry in as_entries(node)]
        return tuple(each for some in found for each in some or ())

    def _related(self, entity: Entity, entry: Entry) -> list[GivenRow | tuple[Link, GivenSubject]]:
        relation = entity.relations.get(entry.name)
        if relation is None:
            message, help_ = f"a {entity.name} has no relation `{entry.name}`", nearest(entry.name, entity.relations)
            raise error("unknown-relation", message, entry.key.span, help_)
        if relation.model == entity.model and relation.subject == entity.key:
            message = f"rows of `{entry.name}` are the {entity.name}'s own, which `subject` gives"
            raise error("not-here", message, entry.key.span, "write its values below `subject:`")
        found: list[GivenRow | tuple[Link, GivenSubject] | None] = []
        for item in _items(entry.value):
            if isinstance(relation, Link):
                subject = self.report.attempt(partial(self.attached, self.catalog.entities[relation.entity], item))
                found.append((relation, subject) if subject else None)
            else:
                found.append(self.report.attempt(partial(self.row, relation, f"a row of {relation.name}", item)))
        return [each for each in found if each]

    def row(self, rows: Rows, what: str, node: Node) -> GivenRow:
        fields = Fields(node, what, self.report)
        values: dict[str, Given] = {}
        if isinstance(rows, EventRows):
            values[rows.named.column] = as_text(fields.require("name"))
        at = fields.take("at")
        if at and rows.at is None:
            raise error("no-date", f"`{rows.name}` has no date", at.span, "give it `at:` in the catalog")
        if isinstance(rows, EventRows) and at is None:
            fields.require("at")
        if rows.at and at:
            read = partial(node_to_moment, at, rows.at.type, self.catalog.timezone)
            values[rows.at.column] = self.report.attempt(read)
        times = fields.take("times")
        word = "properties" if isinstance(rows, EventRows) else "attributes"
        inner = () if word in rows.attributes else fields.entries(word)
        given = self.values((*inner, *fields.left.values()), rows.attributes, what)
        return GivenRow(rows, {**values, **given}, _times(times) if times else 1)

    def earlier(self, entity: Entity, node: Node) -> tuple[GivenVersion, ...]:
        if entity.history is None:
            message = f"{entity.name} has no `history` in the catalog, so no earlier versions"
            help_ = "`history:` in the catalog names the columns that say when a row held, or is `recorded`"
            raise error("no-history", message, node.span, help_)
        found: list[GivenVersion] = []
        for item in _items(node):
            fields = Fields(item, "an earlier version", self.report)
            until = fields.require("until")
            version = GivenVersion(
                node_to_day(until), self.values(fields.left.values(), entity.attributes, f"a {entity.name}")
            )
            if any(version.until == known.until for known in found):
                help_ = "give each version its own last day"
                raise error("same-day", f"another version ends on {version.until} too", until.span, help_)
            found.append(version)
        return tuple(sorted(found, key=lambda version: version.until))


def _is_beside(entry: Entry, entity: Entity) -> bool:
    return entry.name in BESIDE and entry.name not in entity.attributes


def _key(node: Node) -> str | int:
    """A key as written; the catalog does not type it."""
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise error("wrong-value", "a key is a text or a whole number", node.span, "as in `p1` or `1`")
    return value


def _long_known(entity: Entity) -> dict[str, Given]:
    """Subjects began long ago unless they say when."""
    if entity.since is None:
        return {}
    noon = datetime.combine(LONG_AGO, time(12))
    return {entity.since.column: LONG_AGO if entity.since.type is Type.DATE else noon}


def _times(node: Node) -> int:
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_TIMES:
        raise error("wrong-value", f"`times` is a number from 1 to {MAX_TIMES:,}", node.span, "as in `times: 2`")
    return value
