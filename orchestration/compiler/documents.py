"""The YAML of the generated folder: descriptions, tests, configuration, snapshots, exposures."""

from __future__ import annotations

import yaml

from orchestration.compiler.aim_models import aim_documents
from orchestration.compiler.audience import audience_exposure
from orchestration.compiler.catalog import Entity, Link
from orchestration.compiler.compile import Compilation
from orchestration.compiler.engines.engine import Engine
from orchestration.compiler.knowledge import knows_now, looks_back, recorded_of
from orchestration.compiler.measures import measure_definitions
from orchestration.compiler.pieces import Document, column_document, model_document, said
from orchestration.compiler.plan import Plan
from orchestration.compiler.segment import Segment
from orchestration.compiler.sentence import segment_to_sentence
from orchestration.compiler.shape_documents import history_documents
from orchestration.compiler.sql import identifier
from orchestration.compiler.trait import EndTrait, PeriodsTrait, RowsTrait, SequenceTrait
from orchestration.compiler.trait_words import trait_to_words

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


def entity_document(compilation: Compilation, plans: list[Plan], engine: Engine) -> Document:
    """Models and snapshot of one entity; its own plan is the last."""
    plan = plans[-1]
    name, key = plan.entity.name, plan.entity.key
    models = [_measures_document(compilation, plan)] if plan.rolled_up else []
    for each in plans:
        models += [_traits_document(each), _segments_document(compilation, each, plans)]
    models.append(
        model_document(
            f"{name}_recorded",
            "The flags as the history records them: segments that are gone are false.",
            [column_document(key, f"The {name}.")],
            materialized="view",
            tags=[DAY],
        )
    )
    models += history_documents(name, key, compilation.served_from_spells(name))
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
    subject = column_document(entity.key, f"The {entity.name}.")
    return [
        model_document(
            f"{entity.name}_observed",
            f"The attributes of each {entity.name} as they are now: what the history of attributes records.",
            [subject],
            materialized="view",
            tags=[DAY, ATTRIBUTES],
        ),
        model_document(
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
        column_document("measure", "Which events are rolled up."),
        column_document("definition", "A digest of the measure's definition; rows of an older one are replaced."),
        column_document(plan.entity.key, f"The {plan.entity.name}."),
        column_document("day", "The local day."),
        column_document("events", "How many events."),
        column_document("known_values", "How many of them have a known value of the property."),
        column_document("total", "Sum of the property."),
        column_document("minimum", "Smallest value of the property."),
        column_document("maximum", "Largest value of the property."),
    ]
    return model_document(
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
        column_document("activity", "What counts as being active: a measure by name and definition."),
        column_document(plan.entity.key, f"The {plan.entity.name}."),
        column_document("day", "A local day with such an event."),
    ]
    description = f"The days on which each {plan.entity.name} was active, as far as segments say what that means."
    return model_document(f"{plan.entity.name}_activity", description, columns, materialized="view")


def _traits_document(plan: Plan) -> Document:
    columns = [
        column_document(plan.entity.key, f"The {plan.entity.name}.", "unique", "not_null"),
        *(column_document(name, trait_to_words(trait)) for trait, name in plan.traits.items()),
    ]
    description = f"What the rules look at: one row per {plan.entity.name} of the base population."
    return model_document(f"{plan.name}_traits", description, columns, tags=[DAY])


def _segments_document(compilation: Compilation, plan: Plan, plans: list[Plan]) -> Document:
    columns = [
        column_document(plan.entity.key, f"The {plan.entity.name}."),
        *(column_document(segment.key, f"{segment.name}: {segment_to_sentence(segment)}") for segment in plan.segments),
    ]
    erased = f"{{{{ without_erased('{plan.entity.name}', '{plan.entity.key}') }}}}"
    if not plan.is_last:
        description = f"Segments of each {plan.entity.name} that other entities' segments look at."
        return model_document(f"{plan.name}_segments", description, columns, post_hook=erased, tags=[DAY])
    return model_document(
        f"{plan.name}_segments",
        f"Which segments each {plan.entity.name} is in as of the last judged day. Only the key is promised.",
        columns,
        post_hook=erased,
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


def _waterfall_document(name: str) -> Document:
    columns = [
        column_document("as_of_date", "The last judged day."),
        column_document("segment", "The segment's key."),
        column_document("step", "Which condition of the rule, from 1 on; 0 is the base population."),
        column_document("condition", "The condition in words."),
        column_document("passing_alone", "How many of the base population pass it."),
        column_document("passing", "How many pass it and all before it; at the last step the members."),
        column_document("lost", "How many pass all before it and not this one."),
    ]
    return model_document(
        f"{name}_waterfall", "How many are left after each condition of each active segment.", columns
    )


def _metrics_document(name: str) -> Document:
    columns = [
        column_document("as_of_date", "The day."),
        column_document("segment", "The segment's key, or `base population`."),
        column_document("metric", "The number that is followed, in words."),
        column_document("known_values", "Of how many members it is known."),
        column_document("mean", "Their mean, to six decimals."),
        column_document("median", "Their median, to six decimals."),
        column_document("sum", "Their sum."),
    ]
    return model_document(
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
            column_document(str(meta["key"]), "The subject.", "unique", "not_null"),
            *([column_document("variant", "Whose share of the split the subject lies in.")] if spec.split else []),
            column_document("held_back_by", "By what a member is held back; null for those who are sent."),
        ]
        models.append(model_document(f"audience_{spec.key}", f"{spec.name}. {spec.description}".strip(), columns))
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
    definitions = model_document(
        "segment_definitions",
        "Every segment that has a spec, archived ones included.",
        [column_document("segment", "The segment's key.", "unique", "not_null")],
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
    return {"version": 2, "models": [definitions, *_union_documents(), *aim_documents()], "snapshots": [snapshot]}


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
    columns = [column_document("entity", "The entity."), column_document("subject_key", "The subject's key as text.")]
    return [
        *(model_document(name, said, columns, materialized="view") for name, said in described.items()),
        *(model_document(name, said, columns[:1], materialized="view") for name, said in summaries.items()),
    ]
