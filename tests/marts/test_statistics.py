"""The closed forms of macros/statistics.sql against statsmodels and scipy, on random counts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import numpy as np
import pytest
from scipy.stats import binomtest, chisquare
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint, proportion_effectsize

from orchestration.warehouse import DuckDB
from tests.engines import postgres
from tests.project import REPOSITORY

MACROS = REPOSITORY / "dbt_project" / "macros" / "statistics.sql"
CASES = 400


def macro(name: str, *arguments: str) -> str:
    rendered: str = getattr(jinja2.Environment().from_string(MACROS.read_text("utf-8")).module, name)(*arguments)
    return rendered


class Case(NamedTuple):
    """Trials and successes of two groups; a share that is meant."""

    n1: int
    n2: int
    x1: int
    x2: int
    share: float = 0.5


def cases(seed: int) -> list[Case]:
    """Two random groups, small and large ones, with rare and with common successes; the ends included."""
    luck = np.random.default_rng(seed)
    trials = np.exp(luck.uniform(0, 12, (CASES, 2))).astype(int) + 1
    successes = luck.binomial(trials, luck.choice([0, 0.001, 0.02, 0.3, 0.5, 0.97, 1], (CASES, 2)))
    return [Case(int(n1), int(n2), int(x1), int(x2)) for (n1, n2), (x1, x2) in zip(trials, successes, strict=True)]


Ask = Callable[[str], list[Any]]


@pytest.fixture(scope="module", params=["DuckDB", "PostgreSQL"])
def ask(request: pytest.FixtureRequest) -> Iterator[Ask]:
    """One engine, which runs statements and answers the last of them."""
    if request.param == "DuckDB":
        with DuckDB(Path(":memory:")) as warehouse:
            yield lambda sql: warehouse.connection.execute(sql).fetchall()
        return
    try:
        with postgres.running() as server, server.connect() as connection:

            def answered(sql: str) -> list[Any]:
                cursor = connection.execute(sql)
                return cursor.fetchall() if cursor.description else []

            yield answered
    except postgres.ServerAbsent as absent:
        pytest.skip(str(absent))


def computed(ask: Ask, told: list[Case], *expressions: str) -> list[Any]:
    """The expressions over the cases; the groups are `one` and `other`, each with its `rate` and interval."""
    kinds = "place integer, n1 bigint, n2 bigint, x1 bigint, x2 bigint, share double precision"
    rows = ", ".join(str((place, *case)) for place, case in enumerate(told))
    ask("drop table if exists cases")
    ask(f"create table cases ({kinds})")
    ask(f"insert into cases values {rows}")
    for side, number in (("one", 1), ("other", 2)):
        low, high = (macro("wilson_end", "rate", "n", end) for end in "-+")
        ask(f"drop table if exists {side}")
        ask(
            f"create table {side} as with rated as "
            f"(select *, n{number} as n, x{number} * 1.0 / n{number} as rate from cases) "
            f"select *, {low} as low, {high} as high from rated"
        )
    return ask(f"select {', '.join(expressions)} from one inner join other using (place) order by place")


def test_intervals_of_a_share_are_wilsons(ask: Ask) -> None:
    told = cases(1)
    expected = [proportion_confint(case.x1, case.n1, method="wilson") for case in told]
    found = np.array(computed(ask, told, "one.low", "one.high"), dtype=float)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_intervals_of_a_lift_are_newcombes(ask: Ask) -> None:
    told = cases(2)
    expected = [
        confint_proportions_2indep(case.x1, case.n1, case.x2, case.n2, compare="diff", method="newcomb")
        for case in told
    ]
    ends = (macro("newcombe_end", "one", "other", end) for end in "-+")
    np.testing.assert_allclose(np.array(computed(ask, told, *ends), dtype=float), expected, atol=1e-9)


def test_the_detectable_rise_is_found_with_a_power_of_eighty_per_cent(ask: Ask) -> None:
    told = cases(3)
    found = computed(ask, told, macro("detectable_rise", "other.rate", "one.n", "other.n"))
    assert sum(rise is not None for (rise,) in found) > CASES // 2
    for case, (rise,) in zip(told, found, strict=True):
        rate = case.x2 / case.n2
        effect = proportion_effectsize(1 if rise is None else min(rate + rise, 1), rate)
        # the near side of a two-sided test of 5 %: the far one is out of reach
        power = NormalIndPower().power(effect, case.n1, 0.025, case.n2 / case.n1, alternative="larger")
        assert power < 0.8 if rise is None else power == pytest.approx(0.8, abs=1e-6)


def sized_cases() -> list[Case]:
    """Groups that are as large as a share lets expect, and some that are not."""
    luck = np.random.default_rng(4)
    found = []
    for _ in range(4 * CASES):
        total, share = int(np.exp(luck.uniform(2, 12))), float(luck.choice([0.05, 0.1, 0.45, 0.5, 0.9]))
        size = round(total * share + luck.normal(0, 3) * math.sqrt(total * share * (1 - share)))
        found.append(Case(total, 1, min(max(size, 0), total), 1, share))
    return found


def test_whether_sizes_fit_shares_is_told_by_chi_square_and_close_to_the_exact_test(ask: Ask) -> None:
    told = sized_cases()
    verdicts: Counter[bool | None] = Counter()
    for case, (fits,) in zip(
        told, computed(ask, told, macro("fits_share", "one.x1", "one.n1", "one.share")), strict=True
    ):
        expected = [case.n1 * case.share, case.n1 * (1 - case.share)]
        verdicts[fits] += 1
        if min(expected) < 10:
            assert fits is None
            continue
        assert fits is bool(chisquare([case.x1, case.n1 - case.x1], expected).pvalue >= 0.001)
        exact = binomtest(case.x1, case.n1, case.share).pvalue
        assert exact > 0.0002 if fits else exact < 0.005
    assert min(verdicts[fits] for fits in (True, False, None)) > 50
