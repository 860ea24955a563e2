"""The YAML of the generated folder: descriptions, tests, configuration, snapshots, exposures."""

from __future__ import annotations

from typing import TypeAlias

import yaml

from orchestration.compiler.audience import audience_exposure
from orchestration.compiler.catalog import Entity, Link
from orchestration.compiler.compile import Compilation
from orchestration.compiler.engines.engine import Engine
from orchestration.compiler.knowledge import knows_now, looks_back, recorded_of
from orchestration.compiler.measures import measure_definitions
from orchestration.compiler.plan import Plan
from orchestration.compiler.segment import Segment
from orchestration.compiler.sentence import segment_to_sentence
from orchestration.compiler.sql import identifier
from orchestration.compiler.trait import EndTrait, PeriodsTrait, RowsTrait, SequenceTrait
from orchestration.compiler.trait_words import trait_to_words

Document: TypeAlias = dict[str, object]

DAY = "muster_day"
DEFINITIONS = "muster_definitions"
ATTRIBUTES = "muster_attributes"
SNAPSHOT_HOOKS = ["{{ rewind_delete() }}", "{{ rewind_reopen() }}"]


class _Dumper(yaml.CSafeDumper):
    """libyaml's writer, which is many times faster; nothing is written by reference."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


def to_yaml(content: Document) -> str:
    """As dbt's YAML 1.1 reader takes it."""
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def said(words: str) -> str:
    """Words from a spec as a value that dbt renders: each opening of its template language as a quoted constant."""
    if not any(opening in words for opening in ("{{", "{%", "{#")):
        return words
    return "{{ " + repr(words.replace("{", "\0")).replace("\\x00", "\\x7b") + " }}"


def _all_said(value: object) -> object:
    """The same for every text inside a value."""
    match value:
        case str():
            return said(value)
        case dict():
            return {key: _all_said(each) for key, each in value.items()}
        case list():
            return [_all_said(each) for each in value]
        case _:
            return value


def definition_block(segment: str, query: str) -> str:
    """A query as documentation in dbt's sense, kept as it is."""
    lines = (
        f"{{% docs definition_{segment} %}}",
        "{% raw %}",
        "```sql",
        query,
        "```",
        "{% endraw %}",
        "{% enddocs %}",
        "",
    )
    return "\n".join(lines)


def _column(name: str, description: str, *tests: str) -> Document:
    column: Document = {"name": name, "description": said(description)}
    if identifier(name).quoted:
        column["quote"] = True
    return {**column, "data_tests": list(tests)} if tests else column


def _model(name: str, description: str, columns: list[Document], **config: object) -> Document:
    found: Document = {"name": name, "description": said(description)}
    if config:
        found["config"] = config
    return {**found, "columns": columns}


def entity_document(compilation: Compilation, plans: list[Plan], engine: Engine) -> Document:
    """Models and snapshot of one entity; its own plan is the last."""
    plan = plans[-1]
    name, key = plan.entity.name, plan.entity.key
    models = [_measures_document(compilation, plan)] if plan.rolled_up else []
    for each in plans:
        models += [_traits_document(each), _segments_document(compilation, each, plans)]
    models.append(
        _model(
            f"{name}_recorded",
            "The flags as the history records them: segments that are gone are false.",
            [_column(key, f"The {name}.")],
            materialized="view",
            tags=[DAY],
        )
    )
    models += _history_documents(name, key, compilation.served_from_spells(name))
    if plan.activities:
        models.append(_activity_document(plan))
    models += [_waterfall_document(name), _metrics_document(name)]
    spelled = engine.spelled(identifier(key))
    snapshots = [_snapshot(name, spelled)]
    if plan.entity.is_recorded:
        models += _recorded_documents(plan.entity)
        snapshots.append(_attributes_snapshot(plan.entity, spelled))
    return {"version": 2, "models": models, "snapshots": snapshots}


def _recorded_documents(entity: Entity) -> list[Document]:
    subject = _column(entity.key, f"The {entity.name}.")
    return [
        _model(
            f"{entity.name}_observed",
            f"The attributes of each {entity.name} as they are now: what the history of attributes records.",
            [subject],
            materialized="view",
            tags=[DAY, ATTRIBUTES],
        ),
        _model(
            entity.as_of,
            f"The attributes of each {entity.name} as recorded for the day; before the first record, as they are now.",
            [subject],
            materialized="view",
            pre_hook="{{ widen_attributes('" + f"{entity.name}_observed', '{entity.versions}" + "') }}",
            tags=[DAY],
        ),
    ]


def _attributes_snapshot(entity: Entity, key: str) -> Document:
    return {
        "name": entity.versions,
        "relation": f"ref('{entity.name}_observed')",
        "description": f"Every state of a {entity.name}'s attributes: dbt_valid_from is its first day.",
        "config": {
            "unique_key": key,
            "strategy": "check",
            "check_cols": "all",
            "hard_deletes": "invalidate",
            "tags": ["muster", DAY, ATTRIBUTES],
            "pre_hook": SNAPSHOT_HOOKS,
        },
    }


def _measures_document(compilation: Compilation, plan: Plan) -> Document:
    definitions = measure_definitions(plan, compilation.bases.clock)
    listed = ", ".join(f"'{definition}'" for definition in definitions)
    columns = [
        _column("measure", "Which events are rolled up."),
        _column("definition", "A digest of the measure's definition; rows of an older one are replaced."),
        _column(plan.entity.key, f"The {plan.entity.name}."),
        _column("day", "The local day."),
        _column("events", "How many events."),
        _column("known_values", "How many of them have a known value of the property."),
        _column("total", "Sum of the property."),
        _column("minimum", "Smallest value of the property."),
        _column("maximum", "Largest value of the property."),
    ]
    return _model(
        f"{plan.entity.name}_measures",
        f"Events rolled up by {plan.entity.name} and local day. A run fills the days that late events may change.",
        columns,
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="ignore",
        pre_hook="{{ forget_measures([" + listed + "]) }}",
        tags=[DAY],
    )


def _activity_document(plan: Plan) -> Document:
    columns = [
        _column("activity", "What counts as being active: a measure by name and definition."),
        _column(plan.entity.key, f"The {plan.entity.name}."),
        _column("day", "A local day with such an event."),
    ]
    description = f"The days on which each {plan.entity.name} was active, as far as segments say what that means."
    return _model(f"{plan.entity.name}_activity", description, columns, materialized="view")


def _traits_document(plan: Plan) -> Document:
    columns = [
        _column(plan.entity.key, f"The {plan.entity.name}.", "unique", "not_null"),
        *(_column(name, trait_to_words(trait)) for trait, name in plan.traits.items()),
    ]
    description = f"What the rules look at: one row per {plan.entity.name} of the base population."
    return _model(f"{plan.name}_traits", description, columns, tags=[DAY])


def _segments_document(compilation: Compilation, plan: Plan, plans: list[Plan]) -> Document:
    columns = [
        _column(plan.entity.key, f"The {plan.entity.name}."),
        *(_column(segment.key, f"{segment.name}: {segment_to_sentence(segment)}") for segment in plan.segments),
    ]
    if not plan.is_last:
        description = f"Segments of each {plan.entity.name} that other entities' segments look at."
        return _model(f"{plan.name}_segments", description, columns, tags=[DAY])
    return _model(
        f"{plan.name}_segments",
        f"Which segments each {plan.entity.name} is in as of the last judged day. Only the key is promised.",
        columns,
        tags=[DAY],
        meta={"muster": _entity_meta(compilation, plan, plans)},
    )


def _entity_meta(compilation: Compilation, plan: Plan, plans: list[Plan]) -> Document:
    """What the run reads back: the entity, the tables it is judged by, and its segments."""
    return {
        "entity": plan.entity.name,
        "key": plan.entity.key,
        "timezone": compilation.catalog.timezone,
        "is_recorded": plan.entity.is_recorded,
        "sources": _sources_meta(plans),
        "segments": {segment.key: _segment_meta(compilation, segment) for segment in plan.segments},
    }


def _sources_meta(plans: list[Plan]) -> list[Document]:
    """The tables that must be right before anything is judged; rows of a relation may belong to nobody."""
    entity = plans[-1].entity
    tables: list[Document] = [{"model": entity.model, "key": entity.key, "unique": not entity.has_versions, "at": None}]
    traits = dict.fromkeys(trait for plan in plans for trait in plan.traits)
    reads_events = (isinstance(trait, PeriodsTrait | SequenceTrait | EndTrait) for trait in traits)
    events = entity.events
    if events and events.at and (plans[-1].rolled_up or any(reads_events)):
        tables.append({"model": events.model, "key": events.subject, "unique": False, "at": events.at.column})
    links = dict.fromkeys(
        trait.source for trait in traits if isinstance(trait, RowsTrait) and isinstance(trait.source, Link)
    )
    pairs: list[Document] = [{"model": each.model, "key": each.subject, "unique": False, "at": None} for each in links]
    return tables + pairs


def _segment_meta(compilation: Compilation, segment: Segment) -> Document:
    return {
        "name": said(segment.name),
        "owner": said(segment.owner),
        "status": segment.status.value,
        "hidden": segment.hidden,
        "path": said(segment.path),
        "definition": compilation.definition(segment.key),
        "formerly": list(segment.formerly),
        "known_now": knows_now(compilation, segment),
        "recorded": recorded_of(compilation, segment),
        "looks_back": looks_back(segment),
    }


def _history_documents(name: str, key: str, served: tuple[str, ...]) -> list[Document]:
    subject = _column(key, f"The {name}.")
    segment = _column("segment", "The segment's key.")
    day = _column("as_of_date", "The day.")
    listed = ", ".join(f"'{each}'" for each in served)
    return [
        _model(
            f"{name}_presence",
            f"When each {name} was in the base population.",
            [
                subject,
                _column("arrived_on", "The first day in."),
                _column("departed_on", "The first day out, or null."),
            ],
            **_growing([key, "arrived_on"], "{{ forget_since('arrived_on') }}", "{{ reopen_since('departed_on') }}"),
        ),
        _model(
            f"{name}_spells",
            "Stays in segments.",
            [segment, subject, *_spell_columns()],
            **_growing(
                ["segment", key, "entered_on"],
                "{{ forget_since('entered_on') }}",
                "{{ reopen_since('exited_on', ['exit_reason']) }}",
            ),
        ),
        _model(
            f"{name}_transitions",
            "Entries and exits.",
            [
                _column("as_of_date", "The day of the move."),
                segment,
                subject,
                _column("transition", "entered or exited."),
                _column("reason", "Why."),
            ],
            materialized="view",
        ),
        _model(
            f"{name}_membership_kept",
            "Members on each of the last days, as far as they are kept from day to day.",
            [day, segment, subject],
            materialized="incremental",
            incremental_strategy="append",
            pre_hook="{{ forget_members([" + listed + "]) }}",
        ),
        _model(
            f"{name}_membership_daily",
            "Members on each of the last days.",
            [day, segment, subject],
            materialized="view",
        ),
        _model(
            f"{name}_blocks",
            "Members as bits, by which members in common are counted; its numbers mean something to one build only.",
            [
                segment,
                _column("block", "Which keys the bits stand for: so many in a row, in the order of keys."),
                _column("bits", "A number with the bit of each member set."),
            ],
        ),
    ]


def _spell_columns() -> list[Document]:
    return [
        _column("entered_on", "The first day in."),
        _column("exited_on", "The first day out; null while in."),
        _column("entry_reason", "data, arrived or definition."),
        _column("exit_reason", "data, departed, definition or archived; null while in."),
        _column(
            "entry_observed", "False for stays already open when the judging of the segment began, or began again."
        ),
    ]


def _growing(unique_key: list[str], *hooks: str) -> Document:
    """A table that is rewound to the first changed day and goes on from there; never made of a shortened history."""
    return {
        "materialized": "incremental",
        "incremental_strategy": "delete+insert",
        "unique_key": unique_key,
        "pre_hook": list(hooks),
        "full_refresh": "{{ false if var('history_days', 0) else none }}",
    }


def _waterfall_document(name: str) -> Document:
    columns = [
        _column("as_of_date", "The last judged day."),
        _column("segment", "The segment's key."),
        _column("step", "Which condition of the rule, from 1 on; 0 is the base population."),
        _column("condition", "The condition in words."),
        _column("passing_alone", "How many of the base population pass it."),
        _column("passing", "How many pass it and all before it; at the last step the members."),
        _column("lost", "How many pass all before it and not this one."),
    ]
    return _model(f"{name}_waterfall", "How many are left after each condition of each active segment.", columns)


def _metrics_document(name: str) -> Document:
    columns = [
        _column("as_of_date", "The day."),
        _column("segment", "The segment's key, or `base population`."),
        _column("metric", "The number that is followed, in words."),
        _column("known_values", "Of how many members it is known."),
        _column("mean", "Their mean, to six decimals."),
        _column("median", "Their median, to six decimals."),
        _column("sum", "Their sum."),
    ]
    return _model(
        f"{name}_metrics_daily",
        f"Numbers of each {name} over the members of each segment. A run adds its day; all days are kept.",
        columns,
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="ignore",
        pre_hook="{{ forget_days() }}",
        tags=[DAY],
    )


def _snapshot(name: str, key: str) -> Document:
    return {
        "name": f"{name}_history",
        "relation": f"ref('{name}_recorded')",
        "description": f"Every state of a {name}'s flags: dbt_valid_from is its first day, dbt_valid_to the one after.",
        "config": {
            "unique_key": key,
            "strategy": "check",
            "check_cols": "all",
            "hard_deletes": "invalidate",
            "tags": ["muster", DAY],
            # first: DuckDB alters no table that the same transaction has changed
            "pre_hook": ["{{ widen_history('" + name + "_recorded') }}", *SNAPSHOT_HOOKS],
        },
    }


def audiences_document(compilation: Compilation) -> Document:
    """Audience models and their exposures."""
    models, exposures = [], []
    for spec in compilation.audiences.values():
        meta = audience_exposure(compilation, spec)
        columns = [
            _column(str(meta["key"]), "The subject.", "unique", "not_null"),
            _column("held_back_by", "By what a member is held back; null for those who are sent."),
        ]
        models.append(_model(f"audience_{spec.key}", f"{spec.name}. {spec.description}".strip(), columns))
        meta = {name: _all_said(value) for name, value in meta.items()}
        exposures.append(
            {
                "name": f"audience_{spec.key}",
                "label": said(spec.name),
                "type": "application",
                "description": said(spec.description),
                "owner": {"name": said(spec.owner or "nobody named")},
                "depends_on": [f"ref('audience_{spec.key}')"],
                "config": {"meta": {"muster": meta}},
            }
        )
    return {"version": 2, "models": models, "exposures": exposures}


def overall_document() -> Document:
    """Models over all entities."""
    definitions = _model(
        "segment_definitions",
        "Every segment that has a spec, archived ones included.",
        [_column("segment", "The segment's key.", "unique", "not_null")],
        materialized="view",
        tags=[DAY, DEFINITIONS],
    )
    snapshot: Document = {
        "name": "segment_definition_history",
        "relation": "ref('segment_definitions')",
        "description": "Every definition that each segment had: dbt_valid_from is its first day.",
        "config": {
            "unique_key": "segment",
            "strategy": "check",
            "check_cols": ["definition", "status"],
            "hard_deletes": "invalidate",
            "tags": ["muster", DAY, DEFINITIONS],
            "pre_hook": SNAPSHOT_HOOKS,
        },
    }
    return {"version": 2, "models": [definitions, *_union_documents()], "snapshots": [snapshot]}


def _union_documents() -> list[Document]:
    described = {
        "entity_presence": "Stays in base populations, over all entities.",
        "entity_spells": "Stays in segments, over all entities.",
        "entity_transitions": "Entries and exits, over all entities.",
        "entity_membership_daily": "Members on each of the last days, over all entities.",
        "entity_activity": "The days on which subjects were active, over all entities.",
    }
    summaries = {
        "entity_blocks": "Members as bits, over all entities.",
        "entity_waterfall": "How many are left after each condition of active segments, over all entities.",
        "entity_metrics_daily": "Numbers over the members of segments day by day, over all entities.",
    }
    columns = [_column("entity", "The entity."), _column("subject_key", "The subject's key as text.")]
    return [
        *(_model(name, said, columns, materialized="view") for name, said in described.items()),
        *(_model(name, said, columns[:1], materialized="view") for name, said in summaries.items()),
    ]
