"""Whether an audience makes sense with the catalog, the segments and the destinations: all that does not, at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orchestration.compiler.catalog import Catalog, Entity, Type
from orchestration.compiler.fields import Report
from orchestration.compiler.problem import nearest
from orchestration.compiler.segment import Status
from orchestration.compiler.source import Scalar
from orchestration.compiler.spec import RESERVED, AudienceField, AudienceSpec, DestinationSpec, SegmentSpec


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
        report.error("unknown-segment", f"there is no segment `{named.text}`", named.span, nearest(named.text, specs))
    elif specs[named.text].status is Status.ARCHIVED:
        help_ = "name an active one, or make this one active again"
        report.error("archived-segment", f"`{named.text}` is archived, so nobody is in it", named.span, help_)


def _check_destination(named: Scalar, known: Mapping[str, DestinationSpec], report: Report) -> None:
    if named.text and named.text not in known:
        help_ = nearest(named.text, known) or "name it in segment_specs/destinations.yml"
        report.error("unknown-destination", f"there is no destination `{named.text}`", named.span, help_)


def _check_entity(named: Scalar, specs: Mapping[str, SegmentSpec], entity: Entity, report: Report) -> None:
    other = specs[named.text].entity if named.text in specs else ""
    if other and other != entity.name:
        message = f"`{named.text}` is a segment of {other}, and the audience is of {entity.name}"
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
