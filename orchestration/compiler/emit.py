"""What dbt reads: plans as the files of the generated folder."""

from __future__ import annotations

from sqlglot import exp

from orchestration.compiler import documents, shapes
from orchestration.compiler.activity_models import activity_model, overall_activity_model, segment_to_activity
from orchestration.compiler.aim_models import goals_select, messages_select
from orchestration.compiler.audience import audience_select
from orchestration.compiler.compile import Compilation
from orchestration.compiler.engines.registry import ENGINES
from orchestration.compiler.files import HEADER, GeneratedFile
from orchestration.compiler.flags import flags_select
from orchestration.compiler.imports import union_all
from orchestration.compiler.measures import OPEN_FROM, measure_definitions, measures_select
from orchestration.compiler.metrics import metrics_select
from orchestration.compiler.past import DEFINITIONS_BEFORE, HISTORY_BEFORE, UNEDITED_MOVES
from orchestration.compiler.plan import Plan
from orchestration.compiler.recording import as_of_select, observed_select
from orchestration.compiler.render import to_definition, to_model
from orchestration.compiler.segment import Segment, Status
from orchestration.compiler.sentence import segment_to_sentence
from orchestration.compiler.sql import MODEL, aliased, literal, text
from orchestration.compiler.traits import list_model, traits_select
from orchestration.compiler.waterfall import waterfall_select
from orchestration.compiler.words import names_to_words

DEFINED = (
    *("segment", "name", "entity", "description", "owner"),
    *("labels", "status", "hidden", "rule", "definition"),
    *("active_by", "activity"),
)


def compilation_to_files(compilation: Compilation, dialect: str) -> tuple[GeneratedFile, ...]:
    """Every file of the generated folder, in the dialect of the warehouse that will run it."""
    plans = list(compilation.plans())
    files: list[GeneratedFile] = []
    for plan in plans:
        files += _plan_files(compilation, plan, dialect)
    for plan in plans:
        if plan.is_last:
            files += _entity_files(compilation, [each for each in plans if each.entity is plan.entity], dialect)
    files += [_definition_file(compilation, segment, dialect) for segment in _judged(compilation)]
    files += _list_files(plans)
    files += _audience_files(compilation, dialect)
    files += _overall_files(compilation, plans, dialect)
    return tuple(files)


def _sql(path: str, grain: str, body: str) -> GeneratedFile:
    return GeneratedFile(f"{path}.sql", f"-- {HEADER}\n-- {grain}\n{body.rstrip()}\n")


def _yml(path: str, content: dict[str, object]) -> GeneratedFile:
    return GeneratedFile(f"{path}.yml", f"# {HEADER}\n{documents.to_yaml(content)}")


def _macros(compilation: Compilation, plan: Plan) -> dict[str, str]:
    """The calls of Muster's macros that stand behind names in an entity's selects."""
    name = plan.entity.name
    return {
        MODEL + HISTORY_BEFORE + name: shapes.history_before(name, plan.entity.key, plan.recorded),
        MODEL + DEFINITIONS_BEFORE: shapes.DEFINITIONS_BEFORE,
        MODEL + UNEDITED_MOVES: shapes.UNEDITED_MOVES,
        OPEN_FROM + name: shapes.open_from(measure_definitions(plan, compilation.bases.clock)),
    }


def _plan_files(compilation: Compilation, plan: Plan, dialect: str) -> list[GeneratedFile]:
    folder, name, entity = plan.entity.name, plan.name, plan.entity.name
    macros = _macros(compilation, plan)
    traits = to_model(traits_select(plan, compilation.bases), dialect, macros)
    flags = to_model(flags_select(plan, compilation.bases.clock), dialect, macros)
    return [
        _sql(f"{folder}/{name}_traits", f"Grain: one row per {entity} of the base population.", traits),
        _sql(f"{folder}/{name}_segments", f"Grain: one row per {entity}; one boolean column per segment.", flags),
    ]


def _entity_files(compilation: Compilation, plans: list[Plan], dialect: str) -> list[GeneratedFile]:
    """What an entity has once, however many plans judge its segments; its own plan is the last."""
    plan = plans[-1]
    entity, name, clock, engine = plan.entity, plan.entity.name, compilation.bases.clock, ENGINES[dialect]
    models = shapes.entity_models(name, entity.key, compilation.served_from_spells(name), engine)
    waterfall, metrics = to_model(waterfall_select(plans, clock), dialect), to_model(metrics_select(plan), dialect)
    files = [
        *(_sql(f"{name}/{path}", grain, body) for path, grain, body in models),
        _sql(f"{name}/{name}_waterfall", "Grain: one row per active segment and step of its rule.", waterfall),
        _sql(
            f"{name}/{name}_metrics_daily",
            "Grain: one row per as-of date, segment and metric; a run adds its day.",
            metrics,
        ),
        _yml(f"{name}/{name}", documents.entity_document(compilation, plans, engine)),
    ]
    if entity.is_recorded:
        observed, held = to_model(observed_select(entity), dialect), to_model(as_of_select(entity, clock), dialect)
        files.append(_sql(f"{name}/{name}_observed", f"Grain: one row per {name} of its table.", observed))
        files.append(
            _sql(f"{name}/{entity.as_of}", f"Grain: one row per {name}, with its attributes as of the day.", held)
        )
    if plan.rolled_up:
        macros = _macros(compilation, plan)
        query = to_model(measures_select(plan, clock), dialect, macros)
        files.append(_sql(f"{name}/{name}_measures", f"Grain: one row per measure, {name} and local day.", query))
    if plan.activities:
        grain = f"Grain: one row per activity, {name} and local day."
        files.append(_sql(f"{name}/{name}_activity", grain, activity_model(plan, clock, engine)))
    return files


def _judged(compilation: Compilation) -> list[Segment]:
    return [segment for segment in compilation.segments.values() if segment.status is not Status.ARCHIVED]


def _definition_file(compilation: Compilation, segment: Segment, dialect: str) -> GeneratedFile:
    """A segment's rule as one query, in a block that dbt's manifest keeps as it is."""
    plans = compilation.plans_of(segment.entity, segment.key)
    query = to_definition(plans, compilation.bases, segment.key, dialect)
    path = f"{segment.entity}/definitions/{segment.key}.md"
    return GeneratedFile(path, f"<!-- {HEADER} -->\n{documents.definition_block(segment.key, query)}")


def _list_files(plans: list[Plan]) -> list[GeneratedFile]:
    """Fixed lists as dbt seeds, in key order, every key quoted."""
    lists = {list_model(each.path): each.keys for plan in plans for each in plan.lists}
    rows = {name: ['"' + key.replace('"', '""') + '"' for key in keys] for name, keys in lists.items()}
    return [GeneratedFile(f"lists/{name}.csv", "\n".join(["member", *keys, ""])) for name, keys in rows.items()]


def _audience_files(compilation: Compilation, dialect: str) -> list[GeneratedFile]:
    files = [
        _sql(
            f"audiences/audience_{spec.key}",
            f"Grain: one row per member of {spec.segment.text}; held_back_by is null for those who are sent.",
            to_model(audience_select(compilation, spec), dialect),
        )
        for spec in compilation.audiences.values()
    ]
    return [*files, _yml("audiences/audiences", documents.audiences_document(compilation))] if files else []


def _overall_files(compilation: Compilation, plans: list[Plan], dialect: str) -> list[GeneratedFile]:
    keys = {entity.name: entity.key for entity in compilation.catalog.entities.values()}
    definitions = to_model(_definitions_select(compilation, plans), dialect)
    last = {plan.name: plan for plan in plans}
    activity = overall_activity_model([last[name] for name in keys], ENGINES[dialect])
    return [
        _sql("all/segment_definitions", "Grain: one row per segment, as defined today.", definitions),
        *(_sql(f"all/{name}", grain, body) for name, grain, body in shapes.union_models(keys, ENGINES[dialect])),
        _sql("all/entity_activity", "Grain: one row per entity, activity, subject and local day.", activity),
        _sql(
            "all/audience_goals",
            "Grain: one row per audience and subject that reached its goal in time.",
            to_model(goals_select(compilation, plans), dialect),
        ),
        _sql(
            "all/audience_messages",
            "Grain: one row per message of an audience.",
            to_model(messages_select(compilation), dialect),
        ),
        _yml("all/all", documents.overall_document()),
    ]


def _definitions_select(compilation: Compilation, plans: list[Plan]) -> exp.Query:
    parts = [_definition(compilation, plans, segment) for segment in compilation.segments.values()]
    if not parts:
        return _row({name: literal(False) if name == "hidden" else text("") for name in DEFINED}).where(
            exp.false(), copy=False
        )
    return union_all(parts)


def _definition(compilation: Compilation, plans: list[Plan], segment: Segment) -> exp.Select:
    values: tuple[exp.Expr, ...] = (
        text(segment.key),
        text(segment.name),
        text(segment.entity),
        text(segment.description),
        text(segment.owner),
        text(", ".join(segment.labels)),
        text(segment.status.value),
        literal(segment.hidden),
        text(segment_to_sentence(segment)),
        text(compilation.definition(segment.key)),
        text(names_to_words(segment.active_by.names) if segment.active_by else ""),
        text(segment_to_activity(plans, segment, compilation.bases.clock)),
    )
    return _row(dict(zip(DEFINED, values, strict=True)))


def _row(values: dict[str, exp.Expr]) -> exp.Select:
    return exp.Select(expressions=[aliased(value, name) for name, value in values.items()])
