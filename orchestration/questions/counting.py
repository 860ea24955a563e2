"""What a project and its warehouse answer: members, counts by segment, tag and attached subject."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from sqlglot import exp

from orchestration.compiler.catalog import Attribute, Entity, Link, Rows, Type
from orchestration.compiler.compile import Compilation
from orchestration.compiler.imports import Import, in_base, seen
from orchestration.compiler.problem import nearest
from orchestration.compiler.recording import recorded_columns
from orchestration.compiler.render import Recorded, members_of, put_tables, to_inline, to_text, with_columns
from orchestration.compiler.segment import Rule, Status
from orchestration.compiler.sql import column, located
from orchestration.errors import MusterError, UnknownNameError
from orchestration.questions.question import Locate, Question, rules_to_question
from orchestration.warehouse import Cost, Value, Warehouse


class QuestionError(MusterError):
    """The question cannot be answered; the message says what is missing and what to do."""


@dataclass(frozen=True)
class Places:
    """Where the catalog's tables lie: name → (schema, columns)."""

    tables: Mapping[str, tuple[str, tuple[str, ...]]]

    def locate(self, model: str) -> exp.Table:
        """A model's table. Raises QuestionError when the warehouse has none."""
        if "." in model:
            return located(model)
        if model not in self.tables:
            help_ = nearest(model, self.tables)
            raise QuestionError(f"the warehouse has no table `{model}`: load or build it first. {help_}".strip())
        return located(f"{self.tables[model][0]}.{model}")

    def columns(self, model: str) -> tuple[str, ...]:
        return self.tables[model][1] if model in self.tables else ()


@dataclass(frozen=True)
class Answer:
    """A table of results."""

    columns: tuple[str, ...]
    rows: list[tuple[Value, ...]]

    def records(self) -> list[dict[str, Value]]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Questions:
    """The project's specs and a warehouse to ask."""

    compilation: Compilation
    warehouse: Warehouse
    places: Places

    def members(self, segment: str, day: date) -> list[Value]:
        """The keys of a segment's members as of a day, in order. Raises QuestionError, WarehouseError."""
        entity = self.entity_of(segment)
        query = members_of(self._inline(entity, day, segment), entity.key, segment)
        return [row[0] for row in self.warehouse.rows(to_text(query, self.warehouse.dialect))]

    def count(self, segment: str, day: date) -> int:
        """How many members a segment has as of a day."""
        return self._counts(self.entity_of(segment), (segment,), day)[segment]

    def cost(self, segment: str, day: date) -> Cost:
        """What it costs to judge a segment alone as of a day."""
        return self.warehouse.cost(self._counting(self.entity_of(segment), (segment,), day))

    def recorded_members(self, segment: str, day: date) -> list[Value] | None:
        """The members that the history holds for a published day; None where it holds no such segment that day."""
        entity = self.entity_of(segment)
        if segment not in self.recorded_counts(day):
            return None
        within = "segment = ? and entered_on <= ? and (exited_on is null or exited_on > ?)"
        spells = self.places.locate(f"{entity.name}_spells").sql(self.warehouse.dialect)
        key = _spelled(entity.key)
        rows = self.warehouse.rows(f"select {key} from {spells} where {within} order by {key}", [segment, day, day])
        return [row[0] for row in rows]

    def recorded_counts(self, day: date) -> dict[str, int]:
        """The members of each segment that was judged on a published day."""
        counts = self.places.locate("segment_counts_daily").sql(self.warehouse.dialect)
        rows = self.warehouse.rows(f"select segment, members from {counts} where as_of_date = ?", [day])
        return {str(segment): int(str(members)) for segment, members in rows}

    def by_segment(self, day: date, *, recorded: bool = False) -> Answer:
        """Members of every segment as of a day, empty ones included; as recorded, where a published day has them."""
        known = self.recorded_counts(day) if recorded else {}
        rows: list[tuple[Value, ...]] = []
        for entity in self.compilation.catalog.entities.values():
            segments = self.compilation.segments.values()
            keys = [each.key for each in segments if each.entity == entity.name and each.status is not Status.ARCHIVED]
            asked = tuple(key for key in keys if key not in known)
            computed = self._counts(entity, asked, day) if asked else {}
            rows += ((key, entity.name, computed[key], "computed") for key in asked)
            rows += ((key, entity.name, known[key], "recorded") for key in keys if key in known)
        return Answer(("segment", "entity", "members", "source"), sorted(rows, key=lambda row: str(row[0])))

    def by_tag(self, day: date) -> Answer:
        """Subjects, and rows of relations, that carry each tag as of a day; unused tags included."""
        counted: dict[str, dict[str, int]] = {}
        for entity in self.compilation.catalog.entities.values():
            for name, sql in self._tagged(entity, day):
                counted[name] = {str(tag): int(str(n)) for tag, n in self.warehouse.rows(sql)}
        known = {tag for tags in counted.values() for tag in tags} | set(self._all_tags())
        rows: list[tuple[Value, ...]] = [
            (tag, *(counts.get(tag, 0) for counts in counted.values())) for tag in sorted(known)
        ]
        return Answer(("tag", *counted), rows)

    def by_entity(self, name: str, day: date) -> Answer:
        """Each subject of an entity with how many subjects of another are attached to it; nobody is 0."""
        other, link = self._linked_to(name)
        entity = self.compilation.catalog.entities[name]
        keys = {"related": self._base(entity, day), "subjects": self._base(other, day)}
        pairs = self.places.locate(link.model).sql(self.warehouse.dialect)
        key, subject, related = (_spelled(each) for each in (entity.key, link.subject, link.related))
        rows = self.warehouse.rows(
            f"with related as ({keys['related']}), subjects as ({keys['subjects']}) "
            f"select related.{key}, count(distinct subjects.{_spelled(other.key)}) from related "
            f"left join {pairs} as pairs on pairs.{related} = related.{key} "
            f"left join subjects on subjects.{_spelled(other.key)} = pairs.{subject} group by 1 order by 1"
        )
        return Answer((name, other.name), rows)

    def _linked_to(self, name: str) -> tuple[Entity, Link]:
        entities = self.compilation.catalog.entities
        links = (
            (entity, link)
            for entity in entities.values()
            for link in entity.relations.values()
            if isinstance(link, Link) and link.entity == name
        )
        found = next(links, None)
        if name not in entities or found is None:
            possible = {link.entity for entity in entities.values() for link in _links(entity)}
            raise UnknownNameError(f"nothing is attached to `{name}`. {nearest(name, possible | {'segment', 'tag'})}")
        return found

    def entity_of(self, segment: str) -> Entity:
        """The entity of a segment. Raises UnknownNameError."""
        if segment not in self.compilation.segments:
            raise UnknownNameError(f"there is no segment `{segment}`. {nearest(segment, self.compilation.segments)}")
        return self.compilation.catalog.entities[self.compilation.segments[segment].entity]

    def _inline(self, entity: Entity, day: date, *segments: str) -> exp.Select:
        plans = self.compilation.plans_of(entity.name, *segments)
        missing = set(segments) - {each.key for each in plans[-1].segments}
        if missing:
            raise QuestionError(f"`{missing.pop()}` is archived, so nobody is in it")
        return to_inline(plans, self.compilation.bases, day, self.places.locate, self.recorded_before(day))

    def question(self, entity: str, rules: Sequence[Rule], day: date, locate: Locate | None = None) -> Question:
        """Whether each rule holds for each of an entity's subjects as of a day; `locate` finds tables elsewhere."""
        return rules_to_question(
            self.compilation,
            entity,
            rules,
            day,
            locate or self.places.locate,
            recorded=self.recorded_before(day),
        )

    def recorded_before(self, day: date) -> Recorded:
        """What the warehouse holds of the days before a day, and of the attributes as of it."""
        return replace(self._recorded, looked_up=self._looked_up(day))

    def _looked_up(self, day: date) -> list[str]:
        """The entities of which the record tells the attributes as of the day."""
        if not self.places.columns("attributes") or not self.compilation.bases.recorded:
            return []
        rows = self.warehouse.rows(
            "select entity from ledger.attributes group by entity having ? between min(as_of_date) and max(as_of_date)",
            [day],
        )
        known = {str(entity) for (entity,) in rows}
        return [each.name for each in self.compilation.bases.recorded if each.name in known and self._holds(each)]

    def _holds(self, entity: Entity) -> bool:
        """Whether the record has every attribute that the catalog has by now."""
        return set(recorded_columns(entity)) <= set(self.places.columns(entity.versions))

    @cached_property
    def _recorded(self) -> Recorded:
        """What the warehouse holds of earlier days."""
        entities, segments = self.compilation.catalog.entities, self.compilation.segments
        return Recorded(
            columns={entity: self.places.columns(f"{entity}_history") for entity in entities},
            definitions={key: (self.compilation.definition(key), each.status) for key, each in segments.items()},
            has_definitions=bool(self.places.columns("segment_definition_history")),
            has_edits=bool(self.places.columns("unedited_moves")),
            formerly=dict(self._recorded_otherwise()),
            unrecorded=tuple(
                each for each in entities.values() if not each.has_versions and not self.places.columns(each.versions)
            ),
        )

    def _recorded_otherwise(self) -> Iterator[tuple[str, str]]:
        """Renamed segments that no run has met yet, with the keys under which they are recorded."""
        for key, segment in self.compilation.segments.items():
            held = self.places.columns(f"{segment.entity}_history")
            former = next((each for each in segment.formerly if each in held), None)
            if former and key not in held:
                yield key, former

    def _counting(self, entity: Entity, segments: tuple[str, ...], day: date) -> str:
        inline = to_text(with_columns(self._inline(entity, day, *segments), *segments), self.warehouse.dialect)
        counts = ", ".join(how_many(_spelled(key)) for key in segments)
        return f"select {counts} from ({inline}) as flags"

    def _counts(self, entity: Entity, segments: tuple[str, ...], day: date) -> dict[str, int]:
        row = self.warehouse.rows(self._counting(entity, segments, day))[0]
        return {key: int(str(count)) for key, count in zip(segments, row, strict=True)}

    def _base(self, entity: Entity, day: date, *attributes: Attribute) -> str:
        reading = Import(entity.name, self.compilation.bases.clock, entity.key, entity.key)
        for attribute in attributes:
            reading.value(attribute, False)
        return self._text(reading.select(entity.model, in_base(entity, self.compilation.bases)), day)

    def _text(self, query: exp.Select, day: date) -> str:
        return to_text(put_tables(query, self.places.locate, day), self.warehouse.dialect)

    def _tagged(self, entity: Entity, day: date) -> list[tuple[str, str]]:
        """For each list of tags: whose it is, and the select of tags with counts."""
        found = []
        for attribute in entity.attributes.values():
            if attribute.type is Type.LIST:
                base = self._base(entity, day, attribute)
                name = entity.name if attribute.name == "tags" else f"{entity.name}.{attribute.name}"
                found.append((name, _tag_counts(base, f"count(distinct {_spelled(entity.key)})", attribute.name)))
        for rows in entity.relations.values():
            for attribute in rows.attributes.values() if isinstance(rows, Rows) else ():
                if isinstance(rows, Rows) and attribute.type is Type.LIST:
                    reading = Import(rows.name, self.compilation.bases.clock, rows.subject, entity.key)
                    reading.value(attribute, False)
                    visible = self._text(reading.select(rows.model, seen(rows.at, self.compilation.bases.clock)), day)
                    found.append((rows.name, _tag_counts(visible, "count(*)", attribute.name)))
        return found

    def _all_tags(self) -> list[str]:
        tags = self.compilation.catalog.tags
        if tags is None:
            return []
        where = self.places.locate(tags.model).sql(self.warehouse.dialect)
        return [str(row[0]) for row in self.warehouse.rows(f"select distinct {_spelled(tags.name)} from {where}")]


def how_many(condition: str) -> str:
    """The number of rows that meet a condition, 0 of none, as SQL."""
    return f"coalesce(sum(case when {condition} then 1 else 0 end), 0)"


def ask(compilation: Compilation, warehouse: Warehouse) -> Questions:
    """Look once where the warehouse's tables lie."""
    return Questions(compilation, warehouse, Places(warehouse.tables()))


def _links(entity: Entity) -> list[Link]:
    return [relation for relation in entity.relations.values() if isinstance(relation, Link)]


def _spelled(name: str) -> str:
    return column(name).sql()


def _tag_counts(rows: str, count: str, attribute: str) -> str:
    """Tags with their counts; a tag that stands twice in one list counts once."""
    listed = f"select *, unnest(list_distinct({_spelled(attribute)})) as tag from ({rows}) as tagged"
    return f"select tag, {count} from ({listed}) as listed group by tag"
