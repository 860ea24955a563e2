"""What engines do differently by themselves, and alike here: letters, patterns, days, zones, orders, large numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from sqlglot import exp

from orchestration.compiler.catalog import Attribute, Type
from orchestration.compiler.engines import nodes
from orchestration.compiler.engines.patterns import UnsharedPattern, read_pattern
from orchestration.compiler.engines.registry import ENGINES
from orchestration.compiler.predicates import row_truth
from orchestration.compiler.segment import AttributeCondition, TextKind, TextTest
from orchestration.compiler.sql import DIALECTS, Clock, cast, column, local_day, text
from tests.engines.on_postgres import Postgres
from tests.reference.judging import Engine, asked
from tests.reference.on_duckdb import DuckDB
from tests.reference.world import World

LETTERS = 400
PATTERNS = 300
ATOMS = (
    *("a", "b", "A", "_", "0", " ", "é", "-", "'", "{", "}", "]", "&", "#", ".", r"\.", r"\\", r"\n", r"\x41"),
    *(r"\d", r"\w", r"\s", r"\D", r"\W", r"\S", "[ab]", "[^a]", "[a-c_-]", "[]a]", r"[^\d]", r"[\w-]", r"[\]\[^&~-]"),
    *(r"[^\W0]", "[é-ω]", "(a|b)", "(^|a)", "(?:|é)", "(0|$)", "(a*b)+"),
)
COUNTS = ("", "", "", "*", "+", "?", "{2}", "{1,}", "{0,2}", "*?", "{1,2}?")
SUBJECTS = (
    *("", "a", "b", "ab", "aab", "A_0", "a\nb", "\n", "a\n", "\x0b", "\x0c", " ", "\t", "é", "σ", "Σ", "a-b", "]", "["),
    *("\\", "{", "}", "{2}", "a.b", "&&", "0", "00", "a'", "#", "aaa", "ba", "\r", "\u0085", "\u2028", "\u00a0", "٣"),
)
BOTH = pytest.mark.parametrize("name", ["duckdb", "postgres"])


@pytest.fixture
def engine(name: str, request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.getfixturevalue(f"{name}_engine")
    return found


def rows(engine: Engine, query: exp.Expr) -> list[tuple[Any, ...]]:
    return engine.rows(ENGINES[engine.dialect].to_sql(query))


def select(expressions: Iterable[exp.Expr]) -> exp.Select:
    return exp.Select(expressions=[exp.alias_(each, f"c{number}") for number, each in enumerate(expressions)])


def text_test(kind: TextKind, value: exp.Expr, pattern: str) -> exp.Expr:
    attribute = Attribute("word", "word", Type.TEXT)
    condition = AttributeCondition(attribute, TextTest(kind, pattern), False, False)
    return row_truth(condition, lambda *_: value.copy(), Clock("UTC", 0)).expression


def test_every_dialect_has_its_engine() -> None:
    assert set(ENGINES) == set(DIALECTS)


# --- letters


@BOTH
def test_every_capital_is_found_by_its_small_letter(engine: Engine) -> None:
    pairs = [(capital, small) for small, capitals in nodes.capitals().items() for capital in capitals]
    assert len(pairs) > 1300
    for start in range(0, len(pairs), LETTERS):
        part = pairs[start : start + LETTERS]
        (found,) = rows(engine, select(text_test("contains", text(f"x{a}"), small) for a, small in part))
        assert all(found), [pair for pair, each in zip(part, found, strict=True) if not each]


@BOTH
@pytest.mark.parametrize(
    ("value", "kind", "pattern", "expected"),
    [
        ("İSTANBUL", "starts_with", "ist", True),
        ("ΟΔΟΣ", "ends_with", "σ", True),
        ("ΟΔΟΣ", "ends_with", "Σ", True),
        ("ΟΔΟΣ", "ends_with", "ς", False),
        ("straße", "contains", "SS", False),
        ("50% off_", "ends_with", "_", True),
        ("50% off!", "ends_with", "_", False),
        ("x", "starts_with", "", True),
        ("a{{b", "contains", "{{", True),
        ("back\\", "ends_with", "\\", True),
        ("ann@Mail.example.com", "domain", "example.com", False),
        ("ann@Example.com", "domain", "example.COM", True),
    ],
)
def test_texts_are_searched_alike(engine: Engine, value: str, kind: TextKind, pattern: str, expected: bool) -> None:
    assert rows(engine, select([text_test(kind, text(value), pattern)])) == [(expected,)]


def test_the_locale_of_a_column_has_no_say(postgres_engine: Postgres) -> None:
    if not postgres_engine.rows("select 1 from pg_collation where collname = 'tr-x-icu'"):
        pytest.skip("this PostgreSQL is built without ICU's locales")
    postgres_engine.connection.execute(
        'create temp table names as select word collate "tr-x-icu" as word from '
        "(values ('INDIGO'), ('a'), ('B')) as words(word)"
    )
    names, word = exp.to_table("names"), column("word")
    found = select([word.copy()]).from_(names).where(text_test("starts_with", word, "ind"))
    assert rows(postgres_engine, found) == [("INDIGO",)]
    ordered = select([word.copy()]).from_(names).order_by(nodes.ascending(nodes.binary_order(word, True)))
    assert rows(postgres_engine, ordered) == [("B",), ("INDIGO",), ("a",)]


# --- patterns


def patterns(random: Random) -> Iterable[str]:
    """Patterns of the shared subset."""
    while True:
        inside = "".join(random.choice(ATOMS) + random.choice(COUNTS) for _ in range(random.randint(1, 4)))
        pattern = random.choice(("", "", "^")) + inside + random.choice(("", "", "$"))
        try:
            read_pattern(pattern)
        except UnsharedPattern:
            continue
        yield pattern


def test_patterns_mean_the_same(duckdb_engine: DuckDB, postgres_engine: Postgres) -> None:
    made = patterns(Random(3))
    for pattern, _ in zip(made, range(PATTERNS), strict=False):
        query = select(text_test("matches", cast(text(each), "text"), pattern) for each in SUBJECTS)
        found, expected = rows(postgres_engine, query), rows(duckdb_engine, query)
        differing = [each for each, a, b in zip(SUBJECTS, found[0], expected[0], strict=True) if a != b]
        assert not differing, (pattern, differing)


@pytest.mark.parametrize(
    "pattern",
    [
        *("(?=x)", "(?i)x", r"(a)\1", r"\bx", r"\Ax", r"\pL", r"\_", r"\é", "[[:alpha:]]", "[a&&b]", "x{,2}", "x{256}"),
        *("a++", "a**", "x^", "$x", "(a$)b", "(^a)+", "()", "(?:)", r"\x4", r"\0", r"[^\s\S]", "[b-a]", "(x{255}){5}"),
        *("(", ")", "[", "\\", "*", "(" * 60 + ")" * 60),
    ],
)
def test_patterns_that_engines_read_differently_are_refused(pattern: str) -> None:
    with pytest.raises(UnsharedPattern):
        read_pattern(pattern)


# --- days


@BOTH
@pytest.mark.parametrize("zone", ["America/New_York", "America/Sao_Paulo", "Asia/Kolkata", "UTC"])
@pytest.mark.parametrize("kind", ["timestamp", "timestamptz"])
def test_the_local_day_is_that_of_the_zone(engine: Engine, zone: str, kind: str) -> None:
    instants = ["2018-11-04 02:59:59", "2018-11-04 03:00:00", "2024-03-10 04:59:59.999999", "2024-03-10 05:00:00"]
    days = {
        "UTC": ("2018-11-04", "2018-11-04", "2024-03-10", "2024-03-10"),
        "America/New_York": ("2018-11-03", "2018-11-03", "2024-03-09", "2024-03-10"),
        "America/Sao_Paulo": ("2018-11-03", "2018-11-04", "2024-03-10", "2024-03-10"),
        "Asia/Kolkata": ("2018-11-04", "2018-11-04", "2024-03-10", "2024-03-10"),
    }
    values = [cast(exp.Literal.string(f"{each}+00" if kind == "timestamptz" else each), kind) for each in instants]
    found = rows(engine, select(local_day(each, Clock(zone, 0)) for each in values))
    assert found == [tuple(map(dt.date.fromisoformat, days[zone]))]


@BOTH
def test_a_series_has_every_day_and_none_where_the_last_is_first(engine: Engine) -> None:
    def days(first: str, last: str) -> list[tuple[Any, ...]]:
        ends = [cast(exp.Literal.string(each), "date") for each in (first, last)]
        return sorted(rows(engine, nodes.day_series(ends[0], ends[1])))

    assert days("2024-02-28", "2024-03-01") == [
        (dt.date(2024, 2, 28),),
        (dt.date(2024, 2, 29),),
        (dt.date(2024, 3, 1),),
    ]
    assert days("2024-02-28", "2024-02-28") == [(dt.date(2024, 2, 28),)]
    assert days("2024-02-28", "2024-02-27") == []


# --- numbers


@BOTH
def test_products_of_large_numbers_have_no_end(engine: Engine) -> None:
    amounts: list[dict[str, Any]] = [{"id": 1, "amount": Decimal(10) ** 17}] * 20
    catalog = {
        "entities": {
            "person": {
                "model": "many_people",
                "key": "id",
                "attributes": {"seats": "integer", "seat_limit": "integer"},
                "relations": {"gifts": {"model": "gifts", "subject": "id", "attributes": {"amount": "number"}}},
            }
        }
    }
    people: list[dict[str, Any]] = [{"id": 1, "seats": 5, "seat_limit": 9 * 10**18}]
    tables = {"many_people": people, "gifts": amounts}
    rules = {
        "rich": {"related": "gifts", "average": "amount", "at_least": 99999999999999999},
        "richer": {"related": "gifts", "average": "amount", "greater_than": 100000000000000000},
        "small": {"seats": {"less_than": "400% of seat_limit"}},
    }
    head = {"entity": "person", "owner": "tests"}
    specs = {key: {"name": key, **head, "where": rule} for key, rule in rules.items()}
    columns = {
        "many_people": dict.fromkeys(("id", "seats", "seat_limit"), "integer"),
        "gifts": {"id": "integer", "amount": "number"},
    }
    assert asked(engine, World(catalog, tables, specs, dt.date(2024, 1, 1), columns)) == {
        "rich": {1},
        "richer": set(),
        "small": {1},
    }
