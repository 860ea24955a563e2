"""Trees as text. Two renderings of the same selects: dbt models, and one inline query for a given day."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.tokenizer_core import TokenType

from orchestration.compiler.engines.registry import ENGINES
from orchestration.compiler.flags import HISTORY_BEFORE, flags_select
from orchestration.compiler.imports import Bases, with_ctes
from orchestration.compiler.measures import DEFINED, MEASURED_FROM, measures_select
from orchestration.compiler.plan import ListTrait, Plan
from orchestration.compiler.sql import AS_OF, MODEL, cast, column, identifier, located, table, text
from orchestration.compiler.traits import list_model, traits_select

MAX_CLOSED = 60
_OPENED = re.compile(r"\(\n +([^\n]*)\n +\)")
Locate = Callable[[str], exp.Table]


def to_text(query: exp.Expr, dialect: str, swaps: Mapping[str, str] | None = None) -> str:
    """The query as a person would write it: small letters, one clause a line; `swaps` gives names another spelling."""
    written = ENGINES[dialect].to_sql(query)
    return _respelled(_closed_up(written, query), dialect, swaps or {})


def _closed_up(written: str, query: exp.Expr) -> str:
    """Parentheses around one short line on that line; not where a literal's own lines could be taken for them."""
    if any("\n" in found.this for found in query.find_all(exp.Literal)):
        return written
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
    query = query.copy()
    swaps = {AS_OF: "{{ as_of() }}", **(macros or {})}
    for found in models_in(query):
        token = found.name if found.name.isidentifier() else MODEL + found.name.encode().hex()
        swaps[token] = macros[found.name] if macros and found.name in macros else _reference(found.name, dialect)
        found.set("this", exp.to_identifier(token))
    for named in query.find_all(exp.Column):
        if named.name.startswith(MEASURED_FROM):
            measure, _, definition = named.name.removeprefix(MEASURED_FROM).partition(DEFINED)
            swaps[named.name] = "{{ measured_from('" + measure + "', '" + definition + "') }}"
    return to_text(query, dialect, swaps)


def models_in(query: exp.Query) -> list[exp.Table]:
    return [found for found in query.find_all(exp.Table) if found.name.startswith(MODEL)]


def _reference(named: str, dialect: str) -> str:
    """dbt's reference to a model; a name with a schema is a table that dbt does not know."""
    name = named.removeprefix(MODEL)
    return ENGINES[dialect].spelled(located(name)) if "." in name else "{{ ref('" + name + "') }}"


# --- inline


def to_inline(plan: Plan, bases: Bases, day: date, locate: Locate, recorded: Iterable[str] = ()) -> exp.Select:
    """One query, straight on the catalog's tables, with a row per subject and a column per segment.

    `locate` finds a model's table; `recorded` names the flags that the entity's history holds, for paused segments.
    """
    name = plan.entity.name
    ctes: list[tuple[str, exp.Query]] = [(list_model(trait.path), _list_select(trait)) for trait in plan.lists]
    if plan.measures:
        ctes.append((f"{name}_measures", measures_select(plan, bases.clock, incremental=False)))
    ctes.append((f"{name}_traits", traits_select(plan, bases)))
    ctes.append((f"{name}_segments", flags_select(plan, bases.clock)))
    ours = {cte for cte, _ in ctes}
    history = _history_select(plan, locate, set(recorded))
    for _, query in ctes:
        _put_tables(query, ours, locate, history)
    whole = with_ctes(exp.Select(expressions=[exp.Star()]).from_(table(f"{name}_segments"), copy=False), ctes)
    return _on_day(whole, day)


def _put_tables(query: exp.Query, ours: set[str], locate: Locate, history: exp.Query) -> None:
    for found in models_in(query):
        name = found.name.removeprefix(MODEL)
        if name.startswith(HISTORY_BEFORE):
            found.replace(exp.Subquery(this=history.copy()))
        else:
            found.replace(table(name) if name in ours else locate(name))


def put_tables(query: exp.Select, locate: Locate, day: date) -> exp.Select:
    """A select on the catalog's tables, for a day, with each model's table in its place."""
    _put_tables(query, set(), locate, exp.Select())
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


def _history_select(plan: Plan, locate: Locate, recorded: set[str]) -> exp.Query:
    """The flags as recorded before the day; a flag never recorded is false."""
    keys = [segment.key for segment in plan.segments]
    flags = [column(key) if key in recorded else exp.alias_(exp.false(), key) for key in keys]
    query = exp.Select(expressions=[column(plan.entity.key), *flags])
    if not recorded:
        return query.from_(locate(plan.entity.model), copy=False).where(exp.false(), copy=False)
    query = query.from_(locate(f"{plan.entity.name}_history"), copy=False)
    start, end = column("dbt_valid_from"), column("dbt_valid_to")
    day = exp.Column(this=exp.to_identifier(AS_OF))
    still = exp.or_(exp.Is(this=end, expression=exp.Null()), exp.GTE(this=end.copy(), expression=day.copy()))
    return query.where(exp.LT(this=start, expression=day), still, copy=False)


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
