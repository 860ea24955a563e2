"""Audiences: the select of who is wanted and who is held back, and the exposure that the push reads."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from orchestration.compiler.aim_models import aim_to_meta
from orchestration.compiler.audience_spec import AudienceSpec, place_of
from orchestration.compiler.catalog import Attribute, Type
from orchestration.compiler.compile import Compilation
from orchestration.compiler.imports import Import, bare, in_base, select, union_all, with_ctes
from orchestration.compiler.split import HOLDOUT, split_to_ends
from orchestration.compiler.sql import (
    aliased,
    all_of,
    as_of,
    cast,
    column,
    compared,
    either_of,
    is_known,
    is_null,
    model,
    negated,
    number,
    table,
    text,
)

Ctes = list[tuple[str, exp.Query]]


def audience_select(compilation: Compilation, spec: AudienceSpec) -> exp.Select:
    """One row per member of the segment: identifiers, fields, the variant, and by what a member is held back.

    Where each subject is sent at most once, the rows of those who may not be contacted any more are there too, members
    or not: the destination has to let go of them although the segment did long ago.
    """
    return _Audience(compilation, spec).select()


class _Audience:
    """The parts of one audience's select; only those that the spec asks for become CTEs."""

    def __init__(self, compilation: Compilation, spec: AudienceSpec) -> None:
        self.compilation, self.spec = compilation, spec
        self.entity = compilation.catalog.entities[compilation.segments[spec.segment.text].entity]
        self.base = bare(self.entity.model)
        self.key = self.entity.key
        self.reading = Import(self.base, compilation.bases.clock, self.key, self.key, joined=True)
        self.rivals = rivals_of(compilation, spec)
        self.withdrawn: list[exp.Expr] = []

    def select(self) -> exp.Select:
        entity, spec = self.entity, self.spec
        values = self._values()
        consented = self._consented()
        held_back = _case(self._reasons(consented))
        columns = [column(self.key, self.base), *values]
        columns += [column("variant", "variants")] if spec.split else []
        columns.append(aliased(held_back, "held_back_by"))
        columns += [aliased(column("audience", "claimed"), "held_back_for")] if self.rivals else []
        columns += [aliased(consented.copy(), "consent")] if consented is not None else []
        query = select(*columns, aliased(as_of(), "as_of_date")).from_(table("flags"), copy=False)
        query = query.join(table(self.base), on=self._same("flags"), join_type="inner", copy=False)
        for name in self._joined():
            query = query.join(table(name), on=self._same(name), join_type="left", copy=False)
        query = query.where(either_of(column(spec.segment.text, "flags"), *self.withdrawn), copy=False)
        people = self.reading.select(entity.as_of, in_base(entity, self.compilation.bases))
        flags = select(exp.Star()).from_(model(f"{entity.name}_segments"), copy=False)
        return with_ctes(query, [("flags", flags), (self.base, people), *self._ctes()])

    def _same(self, other: str) -> exp.Expr:
        left = self.base if other == "flags" else other
        right = other if other == "flags" else self.base
        return compared(column(self.key, left), "=", column(self.key, right))

    def _values(self) -> list[exp.Expr]:
        attributes = {**self.entity.attributes, self.key: Attribute(self.key, self.key, Type.TEXT)}
        named = {each.text: each.text for each in self.spec.identify_by}
        named |= {field.name: field.value.text for field in self.spec.fields}
        keys = [
            aliased(column(self.key, self.base), name)
            for name, attribute in named.items()
            if attribute == self.key != name
        ]
        values = [
            aliased(self.reading.value(attributes[attribute], False), name)
            for name, attribute in named.items()
            if attribute != self.key
        ]
        return [*keys, *values]

    def _consented(self) -> exp.Expr | None:
        if self.spec.consent is None:
            return None
        value = self.reading.value(self.entity.attributes[self.spec.consent.text], False)
        return exp.Coalesce(this=value, expressions=[exp.false()])

    def _reasons(self, consented: exp.Expr | None) -> Iterator[tuple[exp.Expr, str]]:
        """What holds a member back, in the order in which it is told."""
        spec = self.spec
        refused = list(self._refused(consented))
        if spec.send == "entries_once" and refused:
            self.withdrawn = [condition.copy() for condition, _ in refused]
            yield negated(column(spec.segment.text, "flags")), "withdrawn"
        yield from refused
        if spec.exclude_segments:
            yield either_of(*(column(each.text, "flags") for each in spec.exclude_segments)), "exclude_segments"
        if spec.exit_when:
            yield is_known(column(self.key, "exits")), "exit_when"
        if self.rivals:
            yield is_known(column("audience", "claimed")), "priority"
        if any(share.variant == HOLDOUT for share in spec.split):
            yield compared(column("variant", "variants"), "=", text(HOLDOUT)), HOLDOUT
        if all(end for _, end in split_to_ends(spec.split)) and spec.split:
            yield is_null(column("variant", "variants")), "split"

    def _refused(self, consented: exp.Expr | None) -> Iterator[tuple[exp.Expr, str]]:
        """What forbids to contact a subject at all."""
        if self.entity.suppressed_by:
            yield either_of(*(column(each.text, "flags") for each in self.entity.suppressed_by)), "suppression"
        if consented is not None:
            yield negated(consented.copy()), "consent"

    def _joined(self) -> list[str]:
        asked = (("exits", self.spec.exit_when), ("claimed", self.rivals), ("variants", self.spec.split))
        return [name for name, wanted in asked if wanted]

    def _ctes(self) -> Ctes:
        found: Ctes = []
        if self.spec.exit_when:
            found += self._exits()
        if self.rivals:
            found.append(("claimed", self._claimed()))
        if self.spec.split:
            found += self._variants()
        return found

    def _exits(self) -> Ctes:
        """Who met `exit_when` on a day of the stay that they are in."""
        stays, exits = exp.to_table("stays"), "met"
        listed = [text(self.spec.segment.text), text(self.spec.exit_key)]
        read = select(column(self.key), column("segment"), column("entered_on"), column("exited_on"))
        read = read.from_(model(f"{self.entity.name}_spells"), copy=False)
        read = read.where(column("segment").isin(*listed), copy=False)
        query = exp.Select(expressions=[column(self.key, "stays")]).distinct().from_(stays, copy=False)
        same = [
            compared(column(self.key, exits), "=", column(self.key, "stays")),
            compared(column("segment", exits), "=", text(self.spec.exit_key)),
        ]
        query = query.join(exp.alias_(exp.to_table("stays"), exits, table=True), on=all_of(same), copy=False)
        during = either_of(
            is_null(column("exited_on", exits)),
            compared(column("exited_on", exits), ">", column("entered_on", "stays")),
        )
        mine = compared(column("segment", "stays"), "=", text(self.spec.segment.text))
        open_ = is_null(column("exited_on", "stays"))
        return [("stays", read), ("exits", query.where(all_of([mine, open_, during]), copy=False))]

    def _claimed(self) -> exp.Query:
        """Whom another audience of the group has: those it is sent, and those it holds out to compare them with."""
        parts = []
        for rival in self.rivals:
            query = select(column(self.key), aliased(text(rival.key), "audience"))
            reason = column("held_back_by")
            sent = either_of(is_null(reason.copy()), compared(reason, "=", text(HOLDOUT)))
            parts.append(query.from_(model(f"audience_{rival.key}"), copy=False).where(sent, copy=False))
        return union_all(parts)

    def _variants(self) -> Ctes:
        """Everybody's place on the line, and the variant whose share it lies in."""
        salted = exp.DPipe(this=text(f"{self.spec.salt}:"), expression=cast(column(self.key), "text"))
        place = exp.Substring(this=exp.MD5(this=salted), start=number(1), length=number(8))
        places = select(column(self.key), aliased(place, "place")).from_(table(self.base), copy=False)
        shares = [
            (compared(column("place"), "<", text(end)) if end else exp.true(), variant)
            for variant, end in split_to_ends(self.spec.split)
        ]
        variants = select(column(self.key), aliased(_case(iter(shares)), "variant")).from_(table("places"), copy=False)
        return [("places", places), ("variants", variants)]


def rivals_of(compilation: Compilation, spec: AudienceSpec) -> list[AudienceSpec]:
    """The audiences of the same group that come before this one."""
    if spec.group is None or spec.priority is None:
        return []
    found = [
        each
        for each in compilation.audiences.values()
        if each.group and each.group.text == spec.group.text and each.priority is not None
        if each.priority < spec.priority
    ]
    return sorted(found, key=lambda each: each.priority or 0)


def _case(reasons: Iterator[tuple[exp.Expr, str]]) -> exp.Expr:
    """The text of the first condition that holds, or null."""
    ifs: list[exp.If] = []
    for condition, said in reasons:
        if condition == exp.true():
            return exp.Case(ifs=ifs, default=text(said)) if ifs else text(said)
        ifs.append(exp.If(this=condition, true=text(said)))
    return exp.Case(ifs=ifs) if ifs else cast(exp.Null(), "text")


def audience_exposure(compilation: Compilation, spec: AudienceSpec) -> dict[str, object]:
    """The audience as a dbt exposure; its meta is all that the push has to know."""
    entity = compilation.catalog.entities[compilation.segments[spec.segment.text].entity]
    destination = compilation.destinations[spec.destination.text]
    meta: dict[str, object] = {
        "audience": spec.key,
        "entity": entity.name,
        "key": entity.key,
        "segment": spec.segment.text,
        "model": f"audience_{spec.key}",
        "destination": destination.name,
        "send": spec.send,
        "identify_by": [each.text for each in spec.identify_by],
        "fields": {field.name: field.value.text for field in spec.fields},
        "consent": spec.consent.text if spec.consent else None,
        "exclude_segments": [each.text for each in spec.exclude_segments],
        "split": {share.variant: str(share.percent) for share in spec.split},
        "guard": {
            "max_change": None if spec.max_change is None else float(spec.max_change),
            "allow_empty": spec.allow_empty,
        },
        "schedule": spec.schedule,
        "freshness": spec.freshness,
        "timezone": compilation.catalog.timezone,
        "owner": spec.owner,
        "description": spec.description,
        "formerly": [each.text for each in spec.formerly],
        "into": place_of(spec, destination.type),
        "outcome": aim_to_meta(compilation, spec.key),
        "destination_settings": {"type": destination.type, **dict(destination.settings)},
    }
    return meta
