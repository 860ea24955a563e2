"""Whether an audience makes sense with the catalog, the segments and the destinations: all that does not, at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orchestration.compiler.audience_spec import RESERVED, AudienceField, AudienceSpec, place_of
from orchestration.compiler.catalog import Catalog, Entity, Type
from orchestration.compiler.destination_spec import DestinationSpec
from orchestration.compiler.fields import Report
from orchestration.compiler.problem import nearest
from orchestration.compiler.segment import Status
from orchestration.compiler.source import Scalar
from orchestration.compiler.spec import SegmentSpec


def check_audience(
    spec: AudienceSpec,
    catalog: Catalog,
    specs: Mapping[str, SegmentSpec],
    destinations: Mapping[str, DestinationSpec],
    report: Report,
) -> None:
    """Report everything about an audience that cannot be."""
    for named in (spec.segment, *spec.exclude_segments):
        _check_segment(named, specs, report)
    _check_destination(spec.destination, destinations, report)
    segment = specs.get(spec.segment.text)
    entity = catalog.entities.get(segment.entity) if segment else None
    if entity is None:
        return
    for named in spec.exclude_segments:
        _check_entity(named, specs, entity, report)
    for named in (*spec.identify_by, *(field.value for field in spec.fields)):
        _check_attribute(named, entity, report)
    if spec.consent:
        _check_consent(spec.consent, entity, report)
    _check_columns(spec, entity, report)


def _check_segment(named: Scalar, specs: Mapping[str, SegmentSpec], report: Report) -> None:
    if not named.text:
        return
    if named.text not in specs:
        help_ = nearest(named.text, specs) or "write it"
        report.error("unknown-segment", f"there is no segment `{named.text}`", named.span, help_)
    elif specs[named.text].status is Status.ARCHIVED:
        help_ = "name an active one, or make this one active again"
        report.error("archived-segment", f"`{named.text}` is archived, so nobody is in it", named.span, help_)


def check_groups(audiences: Mapping[str, AudienceSpec], specs: Mapping[str, SegmentSpec], report: Report) -> None:
    """Report audiences of one group that nobody could choose between, or whose subjects are none of each other's."""
    taken: dict[tuple[str, int], AudienceSpec] = {}
    first: dict[str, AudienceSpec] = {}
    for spec in audiences.values():
        if spec.group is None or spec.priority is None:
            continue
        name = spec.group.text
        other = taken.setdefault((name, spec.priority), spec)
        if other is not spec:
            message = f"`{other.key}` has priority {spec.priority} in the group `{name}` as well"
            report.error("same-priority", message, spec.group.span, "give each audience of a group a number of its own")
        mine, theirs = (specs.get(each.segment.text) for each in (spec, first.setdefault(name, spec)))
        if mine and theirs and mine.entity != theirs.entity:
            message = f"the group `{name}` has audiences of {theirs.entity}, and this one is of {mine.entity}"
            report.error("wrong-entity", message, spec.group.span, f"name another group for audiences of {mine.entity}")


def check_places(
    audiences: Mapping[str, AudienceSpec], destinations: Mapping[str, DestinationSpec], report: Report
) -> None:
    """Report audiences that share a tag or a list: what one removes there the other would not miss."""
    taken: dict[tuple[str, str], AudienceSpec] = {}
    for spec in audiences.values():
        destination = destinations.get(spec.destination.text)
        place = place_of(spec, destination.type) if destination else {}
        named = str(place.get("tag", place.get("list", ""))).casefold()
        other = taken.setdefault((spec.destination.text, named), spec) if named else spec
        if other is not spec:
            message = f"`{other.key}` goes to the same place of `{spec.destination.text}`"
            where = spec.into.span if spec.into else spec.destination.span
            report.error("same-place", message, where, "name another tag or list under `into`")


def check_suppression(catalog: Catalog, specs: Mapping[str, SegmentSpec], report: Report) -> None:
    """Report segments that suppress and are none, or none of the entity."""
    for entity in catalog.entities.values():
        for named in entity.suppressed_by:
            _check_segment(named, specs, report)
            _check_entity(named, specs, entity, report, "what it suppresses")


def check_former_audiences(audiences: Mapping[str, AudienceSpec], report: Report) -> None:
    """Report former keys that another audience has, or claims: whom was sent what belongs to one audience."""
    claimed: dict[str, str] = {}
    for spec in audiences.values():
        for former in spec.formerly:
            other = audiences[former.text].key if former.text in audiences else claimed.get(former.text)
            if other:
                message = f"`{former.text}` is a key of the audience `{other}`"
                report.error("bad-former-key", message, former.span, "name the key that this file had before")
            claimed.setdefault(former.text, spec.key)


def _check_destination(named: Scalar, known: Mapping[str, DestinationSpec], report: Report) -> None:
    if named.text and named.text not in known:
        help_ = nearest(named.text, known) or "name it in segment_specs/destinations.yml"
        report.error("unknown-destination", f"there is no destination `{named.text}`", named.span, help_)


def _check_entity(
    named: Scalar, specs: Mapping[str, SegmentSpec], entity: Entity, report: Report, what: str = "the audience"
) -> None:
    other = specs[named.text].entity if named.text in specs else ""
    if other and other != entity.name:
        message = f"`{named.text}` is a segment of {other}, and {what} is of {entity.name}"
        report.error("wrong-entity", message, named.span, f"name segments of {entity.name}")


def _check_attribute(named: Scalar, entity: Entity, report: Report) -> bool:
    known = {*entity.attributes, entity.key}
    if named.text not in known:
        help_ = nearest(named.text, known)
        report.error("unknown-attribute", f"{entity.name} has no attribute `{named.text}`", named.span, help_)
    return named.text in known


def _check_consent(named: Scalar, entity: Entity, report: Report) -> None:
    if _check_attribute(named, entity, report):
        attribute = entity.attributes.get(named.text)
        if attribute is None or attribute.type is not Type.BOOLEAN:
            message = f"`{named.text}` is no boolean, so it cannot say who consents"
            booleans = [each.name for each in entity.attributes.values() if each.type is Type.BOOLEAN]
            report.error("wrong-operand", message, named.span, nearest(named.text, booleans))


def _columns(spec: AudienceSpec) -> Iterator[AudienceField]:
    """The columns of the file that is sent, in order."""
    yield from (AudienceField(each.text, each.span, each) for each in spec.identify_by)
    yield from spec.fields


def _check_columns(spec: AudienceSpec, entity: Entity, report: Report) -> None:
    """Report columns of one name; the key is always one of them."""
    seen: dict[str, AudienceField] = {}
    for column in _columns(spec):
        name = column.name.lower()
        before = seen.setdefault(name, column)
        if name in RESERVED:
            message = f"a column of the file cannot be called `{column.name}`"
            help_ = f"call it otherwise: Muster writes {', '.join(f'`{each}`' for each in RESERVED)}"
            report.error("bad-name", message, column.span, help_)
        elif name == entity.key.lower() and (column.name, column.value.text) != (entity.key, entity.key):
            message = f"`{column.name}` would take the place of the key `{entity.key}`"
            report.error("bad-name", message, column.span, "call it otherwise")
        elif (before.name, before.value.text) != (column.name, column.value.text):
            message = f"two columns of the file would be called `{column.name}`"
            report.error("bad-name", message, column.span, "call it otherwise; capital letters make no difference")
