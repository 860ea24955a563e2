"""Rewrites that several engines share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from sqlglot import exp

from orchestration.compiler.engines.nodes import ELEMENT, NAN, capitals, folded
from orchestration.compiler.engines.patterns import read_pattern, spell_pattern
from orchestration.compiler.sql import text as text_literal

# What Unicode's full mapping makes into one of these by the letters around it, or into two letters.
SPECIAL_CAPITALS = {"ς": ("Σ",), "i": ("İ",)}

TextSearch = TypeVar("TextSearch", exp.StrPosition, exp.StartsWith, exp.EndsWith)


def called(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A function by the name that the engine knows it by."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def literal_of(node: exp.Expr) -> str:
    """The text of a literal, or of literals joined."""
    return "".join(found.name for found in node.find_all(exp.Literal, bfs=False))


def number(value: int) -> exp.Expr:
    digits = exp.Literal.number(abs(value))
    return exp.Neg(this=digits) if value < 0 else digits


def is_empty_array(node: exp.Expr) -> bool:
    return isinstance(node, exp.Array) and not node.expressions


def is_nan(node: exp.Expr) -> bool:
    return isinstance(node, exp.Cast) and node.this.name == NAN


def elements_of(node: exp.Expr) -> exp.Select:
    """`select 1` from the elements of a list that pass the lambda."""
    alias = exp.TableAlias(this=exp.to_identifier("elements"), columns=[exp.to_identifier(ELEMENT)])
    elements = exp.Unnest(expressions=[node.this], alias=alias)
    query = exp.Select(expressions=[exp.Literal.number(1)]).from_(elements, copy=False)
    return query.where(node.expression.this, copy=False)


def unless_null(value: exp.Expr, then: exp.Expr) -> exp.Expr:
    """Null for a null value, and otherwise `then`."""
    known = exp.Is(this=value.copy(), expression=exp.Not(this=exp.Null()))
    return exp.Case(ifs=[exp.If(this=known, true=then)])


# --- days


def moved_by(node: exp.Expr, make: type[exp.Expr]) -> exp.Expr:
    """A subtraction as the addition of a negative amount."""
    return make(this=node.this, expression=_negative(node.expression), unit=node.args["unit"])


def _negative(amount: exp.Expr) -> exp.Expr:
    return number(-int(amount.name)) if isinstance(amount, exp.Literal) else exp.Neg(this=exp.Paren(this=amount))


def by_at_time_zone(node: exp.ConvertTimezone) -> exp.Expr:
    """`at time zone` twice, from a plain instant: of one with a zone it would do the opposite."""
    instant = node.args["timestamp"]
    plain = exp.cast(instant, "timestamp", copy=False)
    there = exp.AtTimeZone(this=plain, zone=node.args["source_tz"])
    return exp.AtTimeZone(this=there, zone=node.args["target_tz"])


def date_sub(node: exp.DateSub) -> exp.Expr:
    return moved_by(node, exp.DateAdd)


def trunc_to_date(node: exp.TimestampTrunc) -> exp.Expr:
    """The first day of the period, where the engine gives an instant."""
    return exp.Cast(this=node.copy(), to=exp.DataType.build("date"))


def plain_timestamp(kind: exp.DataType) -> Callable[[exp.Cast], exp.Expr]:
    """Casts to an instant without a zone, by the type that is one whatever the session says."""

    def cast(node: exp.Cast) -> exp.Expr:
        if node.to.is_type(exp.DataType.Type.TIMESTAMP):
            node.set("to", kind.copy())
        return node

    return cast


# --- unknown values


def nan_by_test(node: exp.Nullif) -> exp.Expr:
    """Null for NaN where NaN does not equal itself."""
    if not is_nan(node.expression):
        return node
    return exp.If(this=called("is_nan", node.this.copy()), true=exp.Null(), false=node.this)


def empty_by_size(size: Callable[[exp.Expr], exp.Expr]) -> Callable[[exp.Nullif], exp.Expr]:
    """Null for an empty list where lists are not compared."""

    def nullif(node: exp.Nullif) -> exp.Expr:
        if not is_empty_array(node.expression):
            return node
        filled = exp.GT(this=size(node.this.copy()), expression=number(0))
        return exp.Case(ifs=[exp.If(this=filled, true=node.this)])

    return nullif


def array_size(value: exp.Expr) -> exp.Expr:
    return exp.ArraySize(this=value)


def compact_by_filter(node: exp.ArrayCompact) -> exp.Expr:
    element = exp.to_identifier(ELEMENT)
    known = exp.Is(this=exp.Column(this=element.copy()), expression=exp.Not(this=exp.Null()))
    return exp.ArrayFilter(this=node.this, expression=exp.Lambda(this=known, expressions=[element]))


def any_by_filter(node: exp.ArrayAny) -> exp.Expr:
    passing = exp.ArrayFilter(this=node.this, expression=node.expression)
    return exp.GT(this=exp.ArraySize(this=passing), expression=number(0))


# --- texts


def without_collation(node: exp.Collate) -> exp.Expr:
    """Where texts are in the order of their bytes anyhow."""
    value: exp.Expr = node.this
    return value


def ends_by_right(node: exp.EndsWith) -> exp.Expr:
    text = literal_of(node.expression)
    return exp.EQ(this=called("right", node.this, number(len(text))), expression=node.expression)


def starts_by_left(node: exp.StartsWith) -> exp.Expr:
    text = literal_of(node.expression)
    return exp.EQ(this=called("left", node.this, number(len(text))), expression=node.expression)


def ends_by_substr(node: exp.EndsWith) -> exp.Expr:
    text = literal_of(node.expression)
    return exp.EQ(this=called("substr", node.this, number(-len(text))), expression=node.expression)


def respelled(node: exp.RegexpLike, end: str) -> tuple[exp.Expr, exp.Expr]:
    """The text, and the pattern in the syntax of an engine that writes the text's very end so."""
    pattern = spell_pattern(read_pattern(literal_of(node.expression)), end)
    return node.this, text_literal(pattern)


def like_pattern(end: str) -> Callable[[exp.RegexpLike], exp.Expr]:
    def like(node: exp.RegexpLike) -> exp.Expr:
        text, pattern = respelled(node, end)
        return exp.RegexpLike(this=text, expression=pattern)

    return like


def swapped_letters(text: exp.Expr, letters: Iterable[str]) -> exp.Expr:
    """The text with these capitals put into small letters, which the engine may do wrongly by itself."""
    found = "".join(dict.fromkeys(letters))
    return called("translate", text, exp.Literal.string(found), exp.Literal.string(folded(found))) if found else text


def wanted_letters(node: TextSearch) -> list[str]:
    """The letters that are looked for, each once."""
    return sorted(set(literal_of(needle_of(node))))


def lowered_fully(node: TextSearch) -> TextSearch:
    """Small letters where the engine's `lower` follows Unicode's full mapping, of whatever version."""
    lower, wanted = node.this, wanted_letters(node)
    letters: list[str] = []
    for each in wanted:
        letters += () if each.isascii() else capitals().get(each, ())
        letters += SPECIAL_CAPITALS.get(each, ())
    lower.set("this", swapped_letters(lower.this, letters))
    return node


def needle_of(node: exp.Expr) -> exp.Expr:
    found = node.args["substr"] if isinstance(node, exp.StrPosition) else node.expression
    assert isinstance(found, exp.Expr)
    return found


# --- numbers


def count_by_case(node: exp.CountIf) -> exp.Expr:
    """How many rows pass, where counting knows no condition; 0 where there are none."""
    return exp.Count(this=exp.Case(ifs=[exp.If(this=node.this, true=number(1))]))
