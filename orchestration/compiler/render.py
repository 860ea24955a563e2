"""Trees as text. Two renderings of the same selects: dbt models, and one inline query for a given day."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.tokenizer_core import TokenType

from orchestration.compiler.catalog import Entity, Type
from orchestration.compiler.engines.registry import ENGINES
from orchestration.compiler.flags import flags_select
from orchestration.compiler.imports import Bases, union_all, where, with_ctes
from orchestration.compiler.measures import DEFINED, MEASURED_FROM
from orchestration.compiler.past import DEFINITIONS, DEFINITIONS_BEFORE, HISTORY_BEFORE, UNEDITED_MOVES
from orchestration.compiler.plan import Plan
from orchestration.compiler.recording import as_of_select, observed_select
from orchestration.compiler.sql import (
    AS_OF,
    MODEL,
    aliased,
    cast,
    column,
    compared,
    either_of,
    identifier,
    is_null,
    located,
    model,
    table,
    text,
)
from orchestration.compiler.trait import ListTrait
from orchestration.compiler.traits import list_model, traits_select
from orchestration.compiler.unrolled import unrolled_select

MAX_CLOSED = 60
EDITS_TABLE = "ledger.unedited_moves"
EDITS = {
    "as_of_date": "date",
    **dict.fromkeys(("entity", "segment", "subject_key", "transition", "reason"), "text"),
}
DAY = "{{ as_of }}"
KNOWN_OF_DEFINITIONS = ("segment", "definition", "status")
_OPENED = re.compile(r"\(\n +([^\n]*)\n +\)")
Locate = Callable[[str], exp.Table]
Later = Callable[[], exp.Query]


def to_text(query: exp.Expr, dialect: str, swaps: Mapping[str, str] | None = None) -> str:
    """The query as a person would write it: small letters, one clause a line; `swaps` gives names another spelling."""
    return _written(query.copy(), dialect, swaps or {})


def _written(query: exp.Expr, dialect: str, swaps: Mapping[str, str]) -> str:
    """The same for a tree that is used up."""
    has_lines = any("\n" in found.this for found in query.find_all(exp.Literal))
    written = ENGINES[dialect].to_sql(query)
    return _respelled(written if has_lines else _closed_up(written), dialect, swaps)


def _closed_up(written: str) -> str:
    """Parentheses around one short line on that line; a literal's own lines could be taken for them."""
    return _OPENED.sub(lambda found: f"({found[1]})" if len(found[1]) <= MAX_CLOSED else found[0], written)


def _respelled(written: str, dialect: str, swaps: Mapping[str, str]) -> str:
    """Keywords in small letters, and names swapped; quoted names, literals and comments as they are."""
    quoted = (TokenType.STRING, TokenType.IDENTIFIER, TokenType.NATIONAL_STRING, TokenType.RAW_STRING)
    pieces: list[str] = []
    end = 0
    for token in Dialect.get_or_raise(dialect).tokenize(written):
        between, spelled = written[end : token.start], written[token.start : token.end + 1]
        pieces += (between, spelled if token.token_type in quoted else swaps.get(spelled, spelled.lower()))
        end = token.end + 1
    return "".join(pieces) + written[end:]


# --- as dbt models


def to_model(query: exp.Query, dialect: str, macros: Mapping[str, str] | None = None) -> str:
    """The select of a dbt model: tables by `ref`, the day by `as_of`, and calls of Muster's other macros.

    `macros` gives the calls that stand behind names in the tree.
    """
    return _as_model(query.copy(), dialect, macros or {})


def _as_model(query: exp.Query, dialect: str, macros: Mapping[str, str]) -> str:
    """The same for a tree that is used up."""
    swaps = {AS_OF: "{{ as_of() }}", **macros}
    for found in models_in(query):
        token = found.name if found.name.isidentifier() else MODEL + found.name.encode().hex()
        swaps[token] = macros[found.name] if found.name in macros else _reference(found.name, dialect)
        found.set("this", exp.to_identifier(token))
    for named in query.find_all(exp.Column):
        if named.name.startswith(MEASURED_FROM):
            measure, _, definition = named.name.removeprefix(MEASURED_FROM).partition(DEFINED)
            swaps[named.name] = "{{ measured_from('" + measure + "', '" + definition + "') }}"
    return _written(query, dialect, swaps)


def models_in(query: exp.Query) -> list[exp.Table]:
    return [found for found in query.find_all(exp.Table) if found.name.startswith(MODEL)]


def _reference(named: str, dialect: str) -> str:
    """dbt's reference to a model; a name with a schema is a table that dbt does not know."""
    name = named.removeprefix(MODEL)
    return ENGINES[dialect].spelled(located(name)) if "." in name else "{{ ref('" + name + "') }}"


# --- inline


@dataclass(frozen=True)
class Recorded:
    """What a warehouse holds of earlier days: the columns of each entity's history, and today's definitions.

    `definitions` gives definition and status by segment; with `unedited` those that held the day before hold on.
    `has_definitions` tells whether earlier ones are held, `has_edits` whether moves apart from edits are; `unrecorded`
    are entities whose attributes are to be recorded and never were, `looked_up` those whose attributes as of the day
    are in what was recorded. `formerly` gives the key under which a renamed segment was recorded.
    """

    columns: Mapping[str, Collection[str]] = field(default_factory=dict)
    definitions: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    unedited: bool = False
    has_definitions: bool = False
    has_edits: bool = False
    unrecorded: tuple[Entity, ...] = ()
    looked_up: Collection[str] = ()
    formerly: Mapping[str, str] = field(default_factory=dict)

    def key(self, entity: str, segment: str) -> str | None:
        """Under which key an entity's history has a segment, null where it has none."""
        held = self.columns.get(entity, ())
        return next((key for key in (segment, self.formerly.get(segment)) if key in held), None)


NOTHING_RECORDED = Recorded()
KINDS = {
    Type.TEXT: "text",
    Type.INTEGER: "bigint",
    Type.NUMBER: "decimal(38, 9)",
    Type.FLOAT: "double",
    Type.BOOLEAN: "boolean",
    Type.DATE: "date",
    Type.TIMESTAMP: "timestamp",
    Type.LIST: "array<text>",
}


def inline_name(model_name: str) -> str:
    """The CTE that stands for a model; CTEs inside of it may have the model's own name."""
    return f"inline__{model_name}"


def to_inline(
    plans: Sequence[Plan], bases: Bases, day: date, locate: Locate, recorded: Recorded = NOTHING_RECORDED
) -> exp.Select:
    """One query, straight on the catalog's tables, with a row per subject and a column per segment of the last plan.

    `locate` finds a model's table.
    """
    return _on_day(_whole(plans, bases, locate, recorded), day)


def to_definition(plans: Sequence[Plan], bases: Bases, segment: str, dialect: str) -> str:
    """The same for one segment and any later day: tables by `ref`, and `{{ as_of }}` where the day's date belongs.

    It reads the definitions in force before the day, so that it tells what would be so had nothing been edited.
    """
    columns = {plan.entity.name: plan.recorded for plan in plans}
    recorded = Recorded(columns=columns, unedited=True, has_definitions=True, has_edits=True)
    query = with_columns(_whole(plans, bases, model, recorded), plans[-1].entity.key, segment)
    return _as_model(query, dialect, {AS_OF: f"cast('{DAY}' as date)"})


def _whole(plans: Sequence[Plan], bases: Bases, locate: Locate, recorded: Recorded) -> exp.Select:
    """One query for all plans, the day still open."""
    lists = dict.fromkeys(each for plan in plans for each in plan.lists)
    ctes: list[tuple[str, exp.Query]] = [(list_model(trait.path), _list_select(trait)) for trait in lists]
    for plan in plans:
        measures = f"{plan.entity.name}_measures"
        if plan.measures and measures not in dict(ctes):
            ctes.append(
                (measures, unrolled_select([each for each in plans if each.entity == plan.entity], bases.clock))
            )
        ctes.append((f"{plan.name}_traits", traits_select(plan, bases)))
        ctes.append((f"{plan.name}_segments", flags_select(plan, bases.clock)))
    ours = {cte for cte, _ in ctes}
    past = _past_selects(plans, locate, recorded) | _attribute_selects(bases, locate, recorded)
    for _, query in ctes:
        _put_tables(query, ours, locate, past)
    last = table(inline_name(f"{plans[-1].name}_segments"))
    named = [(inline_name(name), query) for name, query in ctes]
    return with_ctes(exp.Select(expressions=[exp.Star()]).from_(last, copy=False), named)


def _put_tables(query: exp.Query, ours: set[str], locate: Locate, past: Mapping[str, Later]) -> None:
    for found in models_in(query):
        name = found.name.removeprefix(MODEL)
        if name in past:
            alias = exp.TableAlias(this=exp.to_identifier("recorded"))
            found.replace(exp.Subquery(this=past[name](), alias=alias))
        else:
            found.replace(table(inline_name(name)) if name in ours else locate(name))


def put_tables(query: exp.Select, locate: Locate, day: date) -> exp.Select:
    """A select on the catalog's tables, for a day, with each model's table in its place."""
    _put_tables(query, set(), locate, {})
    return _on_day(query, day)


def put_tables_as_of(
    query: exp.Select, bases: Bases, day: date, locate: Locate, recorded: Recorded = NOTHING_RECORDED
) -> exp.Select:
    """The same, with attributes as of the day where they are recorded."""
    _put_tables(query, set(), locate, _attribute_selects(bases, locate, recorded))
    return _on_day(query, day)


def _list_select(trait: ListTrait) -> exp.Query:
    rows: list[exp.Query] = [exp.Select(expressions=[exp.alias_(text(key), "member")]) for key in trait.keys]
    if not rows:
        nobody = exp.Select(expressions=[exp.alias_(cast(exp.Null(), "text"), "member")])
        return nobody.where(exp.false(), copy=False)
    values = exp.Values(
        expressions=[exp.Tuple(expressions=[text(key)]) for key in trait.keys],
        alias=exp.TableAlias(this=exp.to_identifier("keys"), columns=[exp.to_identifier("member")]),
    )
    return exp.Select(expressions=[exp.column("member")]).from_(values, copy=False)


def _past_selects(plans: Sequence[Plan], locate: Locate, recorded: Recorded) -> dict[str, Later]:
    """What stands for the tables of earlier days, whether or not the warehouse holds them."""
    flags: dict[Entity, dict[str, None]] = {}
    for plan in plans:
        flags.setdefault(plan.entity, {}).update(dict.fromkeys(plan.recorded))
    found: dict[str, Later] = {
        HISTORY_BEFORE + entity.name: partial(_history_select, entity, tuple(keys), locate, recorded)
        for entity, keys in flags.items()
    }
    found |= {entity.versions: partial(_no_versions, entity) for entity in recorded.unrecorded}
    return {
        **found,
        DEFINITIONS: partial(_definitions_today, locate, recorded),
        DEFINITIONS_BEFORE: partial(_definitions_before, locate, recorded),
        UNEDITED_MOVES: partial(_unedited_moves, locate, recorded),
    }


def _attribute_selects(bases: Bases, locate: Locate, recorded: Recorded) -> dict[str, Later]:
    """What stands for the attributes as of the day, where they are recorded: the record, or the table as it is."""
    return {entity.as_of: partial(_attribute_select, entity, bases, locate, recorded) for entity in bases.recorded}


def _attribute_select(entity: Entity, bases: Bases, locate: Locate, recorded: Recorded) -> exp.Query:
    is_known = recorded.unedited or entity.name in recorded.looked_up
    query = as_of_select(entity, bases.clock) if is_known else observed_select(entity)
    _put_tables(query, set(), locate, {})
    return query


def _history_select(entity: Entity, keys: tuple[str, ...], locate: Locate, recorded: Recorded) -> exp.Query:
    """The flags as recorded before the day, by version; a flag never recorded is false."""
    held = recorded.columns.get(entity.name, ())
    flags = [_history_flag(recorded.key(entity.name, key), key) for key in keys]
    key = column(entity.key)
    if not held:
        never = [exp.alias_(cast(exp.Null(), "date"), name) for name in ("valid_from", "valid_to")]
        nobody = exp.Select(expressions=[key, *flags, *never])
        return nobody.from_(locate(entity.model), copy=False).where(exp.false(), copy=False)
    query = exp.Select(expressions=[key, *flags, *_validity()])
    query = query.from_(locate(f"{entity.name}_history"), copy=False)
    return query.where(exp.LT(this=column("dbt_valid_from"), expression=_day()), copy=False)


def _history_flag(recorded_as: str | None, key: str) -> exp.Expr:
    return exp.alias_(exp.false(), key) if recorded_as is None else aliased(column(recorded_as), key)


def _no_versions(entity: Entity) -> exp.Select:
    """The table of versions before anything was recorded."""
    types = {attribute.column: KINDS[attribute.type] for attribute in entity.attributes.values()}
    types |= {entity.key: "text", "dbt_valid_from": "date", "dbt_valid_to": "date"}
    columns = [exp.alias_(cast(exp.Null(), kind), identifier(name)) for name, kind in types.items()]
    return exp.Select(expressions=columns).where(exp.false(), copy=False)


def _validity() -> list[exp.Expr]:
    """From when until when a version held, as it was known before the day."""
    end = column("dbt_valid_to")
    ended = exp.Case(ifs=[exp.If(this=exp.LT(this=end, expression=_day()), true=cast(end.copy(), "date"))])
    return [exp.alias_(cast(column("dbt_valid_from"), "date"), "valid_from"), exp.alias_(ended, "valid_to")]


def _day() -> exp.Column:
    return exp.Column(this=exp.to_identifier(AS_OF))


def _definitions_today(locate: Locate, recorded: Recorded) -> exp.Query:
    if recorded.unedited:
        query = exp.Select(expressions=[column(name) for name in KNOWN_OF_DEFINITIONS])
        query = query.from_(locate("segment_definition_history"), copy=False)
        ended = either_of(is_null(column("dbt_valid_to")), compared(column("dbt_valid_to"), ">=", _day()))
        return where(query, [compared(column("dbt_valid_from"), "<", _day()), ended])
    rows = [
        exp.Select(
            expressions=[exp.alias_(text(each), name) for each, name in zip(row, KNOWN_OF_DEFINITIONS, strict=True)]
        )
        for row in ((key, *defined) for key, defined in recorded.definitions.items())
    ]
    return union_all(rows) if rows else _no_definitions()


def _no_definitions() -> exp.Select:
    never = [exp.alias_(cast(exp.Null(), "date"), name) for name in ("valid_from", "valid_to")]
    nothing = [exp.alias_(cast(exp.Null(), "text"), name) for name in KNOWN_OF_DEFINITIONS]
    return exp.Select(expressions=[*nothing, *never]).where(exp.false(), copy=False)


def _definitions_before(locate: Locate, recorded: Recorded) -> exp.Query:
    if not recorded.has_definitions:
        return _no_definitions()
    segment, *others = KNOWN_OF_DEFINITIONS
    names = [_renamed(segment, recorded), *map(column, others)]
    query = exp.Select(expressions=[*names, *_validity()])
    query = query.from_(locate("segment_definition_history"), copy=False)
    return query.where(exp.LT(this=column("dbt_valid_from"), expression=_day()), copy=False)


def _renamed(name: str, recorded: Recorded) -> exp.Expr:
    """A column of segments' keys, with renamed ones under their keys of today."""
    if not recorded.formerly:
        return column(name)
    ifs = [exp.If(this=text(old), true=text(new)) for new, old in recorded.formerly.items()]
    return aliased(exp.Case(this=column(name), ifs=ifs, default=column(name)), name)


def _unedited_moves(locate: Locate, recorded: Recorded) -> exp.Query:
    if recorded.has_edits and recorded.formerly:
        names = [_renamed(name, recorded) if name == "segment" else column(name) for name in EDITS]
        return exp.Select(expressions=names).from_(locate(EDITS_TABLE), copy=False)
    if recorded.has_edits:
        return exp.Select(expressions=[exp.Star()]).from_(locate(EDITS_TABLE), copy=False)
    nothing = [exp.alias_(cast(exp.Null(), kind), name) for name, kind in EDITS.items()]
    return exp.Select(expressions=nothing).where(exp.false(), copy=False)


def _on_day(query: exp.Select, day: date) -> exp.Select:
    for found in list(query.find_all(exp.Column)):
        if found.name == AS_OF:
            found.replace(cast(exp.Literal.string(day.isoformat()), "date"))
    return query


def with_columns(query: exp.Select, *columns: str) -> exp.Select:
    """The inline query with these of its columns only."""
    query.set("expressions", [column(name) for name in columns])
    return query


def members_of(query: exp.Select, key: str, segment: str) -> exp.Select:
    """The inline query as the keys of one segment's members, in order."""
    found = with_columns(query, key).where(column(segment), copy=False)
    return found.order_by(exp.Ordered(this=exp.Column(this=identifier(key))), copy=False)
