"""`make bench`: what the project claims about speed, as ratios measured side by side in one run.

Machines are shared and noisy, so seconds are shown for orientation and only ratios are claimed.
"""

from __future__ import annotations

import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from orchestration.audiences.proposal import propose
from orchestration.checking import uncollected
from orchestration.comparing.base import Base
from orchestration.comparing.comparison import compare
from orchestration.compiler.compile import Compilation, Sources, compile_sources
from orchestration.compiler.emit import compilation_to_files
from orchestration.compiler.files import read_sources
from orchestration.compiler.lints import lint
from orchestration.compiler.problem import SourceFile
from orchestration.compiler.source import parse
from orchestration.data_lints import data_lints
from orchestration.gates.keeping import keeping_gate
from orchestration.questions import ask
from orchestration.questions.membership import explain_member
from orchestration.questions.previewing import preview
from orchestration.site import Site, read_figures, write_site
from orchestration.spectests.running import run_tests
from orchestration.warehouse import DuckDB
from tests.audiences.workspace import WINBACK
from tests.pipeline.club import CATALOG, SPECS, club, day
from tests.project import REPOSITORY
from tests.site.browsing import opening_seconds
from tests.site.many import many_segments


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """The best of some runs."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def cpu_seconds(work: Callable[[], object]) -> float:
    """What one run takes of all cores together, whoever else is busy."""
    start = time.process_time()
    work()
    return time.process_time() - start


def least_cpu(work: Callable[[], object], times: int = 3) -> float:
    """The best of some runs, of all cores together."""
    return min(cpu_seconds(work) for _ in range(times))


def many(count: int) -> Sources:
    """The shipped segments over and over, each under a key of its own and with its own threshold."""
    shipped = read_sources(REPOSITORY)
    segments = []
    for number in range(count):
        source = shipped.segments[number % len(shipped.segments)]
        path = source.path.replace(".yml", f"_{number}.yml")
        segments.append(SourceFile(path, source.text.replace("30 days", f"{30 + number} days")))
    return Sources(shipped.catalog, (*shipped.segments, *segments), lists=shipped.lists)


def checked(count: int) -> object:
    return compile_sources(many(count))


def generated(count: int) -> object:
    return compilation_to_files(compile_sources(many(count)), "duckdb")


def bench_compiler() -> None:
    for name, work in (("check", checked), ("compile", generated)):
        few, lots = (seconds(partial(work, count), 2) for count in (100, 1000))
        print(f"{name}: 100 specs {few:.2f} s, 1000 specs {lots:.2f} s, ratio {lots / few:.1f} (linear is 10)")


GIVEN = {
    "person": "subject: {last_seen_at: 2026-04-01, subscription_status: active, total_spend: 300, tags: [VIP]}, "
    "events: [{name: report_created, at: 2026-05-30, format: pdf}], related: {company: [{plan: pro}]}",
    "company": "subject: {plan: pro, monthly_spend: 300}, related: {people: [{last_seen_at: 2026-05-01}]}",
    "household": "subject: {age_group: 25-34}, events: [{name: purchase, at: 2026-05-30, amount: 70, discount: 3}]",
}


def tested(days: int) -> Sources:
    """A thousand segments with two tests each, as of so many different days; without days they have none."""
    sources = many(1000)
    segments = []
    for number, each in enumerate(sources.segments):
        entity = each.text.partition("entity: ")[2].partition("\n")[0]
        dates = (date(2026, 6, 1) + timedelta(days=(2 * number + which) % days) for which in range(2 if days else 0))
        tests = "".join(f"  - {{as_of: {day}, {GIVEN[entity]}, member: true}}\n" for day in dates)
        segments.append(SourceFile(each.path, each.text.partition("tests:\n")[0] + (tests and f"tests:\n{tests}")))
    return replace(sources, segments=tuple(segments))


def passing(compilation: Compilation) -> Compilation:
    """The same with every test expecting what comes out."""
    failed = {failure.span for failure in run_tests(compilation).failures}
    return replace(
        compilation,
        segments={
            key: replace(segment, tests=tuple(replace(test, member=test.span not in failed) for test in segment.tests))
            for key, segment in compilation.segments.items()
        },
    )


def bench_spectests() -> None:
    """What tests add to understanding the segments: reading them, and running them."""
    with uncollected():
        untested = seconds(partial(compile_sources, tested(0)), 2)
        print(f"spec tests: understanding 1,000 segments without any {untested:.2f} s; 2,000 tests add")
        for days in (1, 30):
            sources = tested(days)
            read = seconds(partial(compile_sources, sources), 2) - untested
            compilation = passing(compile_sources(sources))
            ran = seconds(partial(run_tests, compilation), 2)
            print(f"  as of {days} days: {read:.2f} s to read, {ran:.2f} s to run, {ran / untested:.1f} times that")


def bench_lints(folder: Path, events: int = 5_000_000) -> None:
    """Lints against reading the specs, and what a look into a large warehouse adds."""
    few, lots = (compile_sources(many(count)) for count in (100, 1000))
    linting = [seconds(partial(lint, each), 2) for each in (few, lots)]
    ratio = linting[1] / linting[0]
    print(f"lint: 100 specs {linting[0]:.2f} s, 1000 specs {linting[1]:.2f} s, ratio {ratio:.1f} (linear is 10)")
    shipped = read_sources(REPOSITORY)
    compilation, catalog = compile_sources(shipped), parse(shipped.catalog)
    with DuckDB(folder / "events.duckdb") as warehouse:
        warehouse.execute(
            "create table person_events as select i % 200000 as person_id, 'event_' || (i % 40) as event_name, "
            f"timestamp '2017-01-01' + interval (i % 31536000) second as occurred_at from range({events}) as numbers(i)"
        )
        took = seconds(lambda: data_lints(compilation, catalog, warehouse))
        scan = seconds(lambda: warehouse.rows("select count(*), max(occurred_at) from person_events"))
    print(f"lint with data: {took:.2f} s on {events:,} events, {took / scan:.1f} times a scan of them")


def bench_year(folder: Path, people: int = 20_000, days: int = 365) -> None:
    """The whole run of the last day against that of day 2, in CPU, where a twentieth of the people changes daily."""
    project = club(folder)
    seconds_apart = days * 86_400 / (people * 60)
    project.execute(
        "delete from raw.members",
        "insert into raw.members select 'm' || i, case when (i + n) % 2 = 0 then 'pro' else 'free' end, "
        "date '2024-03-01' + (n * 20 - i % 20)::integer, date '2024-03-01' + (n * 20 - i % 20 + 20)::integer, "
        f"date '2024-01-01', 'm' || i || '@example.com', true from range({people}) as p(i), range(20) as versions(n)",
        f"insert into raw.visits select 'm' || (i * 7919 % {people}), 'visit', "
        f"timestamp '2024-03-01' + to_seconds(i * {seconds_apart}), 1 from range({people * 60}) as v(i)",
    )
    dbt = project.dbt()
    project.run(day(0), day(0), dbt)
    second = cpu_seconds(lambda: project.run(day(1), day(1), dbt))
    project.run(day(2), day(days - 2), dbt)
    last = cpu_seconds(lambda: project.run(day(days - 1), day(days - 1), dbt))
    [versions], [stays] = (
        project.rows("select count(*) from member_history"),
        project.rows("select count(*) from member_spells"),
    )
    sizes = f"{versions[0]:,} versions, {stays[0]:,} stays"
    print(f"year: day 2 {second:.1f} s of CPU, day {days} {last:.1f} s, ratio {last / second:.2f} ({sizes})")


def bench_preview(folder: Path, people: int = 1_000_000) -> None:
    """A preview, an explanation and a plan against a plain scan of the same events, in CPU, whoever else is busy."""
    before, after = understood(SPECS), understood({**SPECS, "members/regulars.yml": LESS_REGULAR})
    with DuckDB(folder / "people.duckdb") as warehouse:
        warehouse.execute(
            "create table members as select i as member_id, case when i % 3 = 0 then 'pro' else 'free' end as plan, "
            "date '2024-01-01' as valid_from, null::date as valid_to, date '2024-01-01' as joined_on, "
            f"'m' || i || '@example.com' as email, i % 2 = 0 as consent from range({people}) as numbers(i)"
        )
        warehouse.execute(
            "create table visits as select i % 1000000 as member_id, 'visit' as kind, "
            "timestamp '2024-02-01' + interval (i % 2592000) second as visited_at, 1 as minutes "
            f"from range({people * 5}) as numbers(i)"
        )
        questions = ask(before, warehouse)
        as_of = date(2024, 3, 1)
        scan = least_cpu(lambda: warehouse.rows("select count(*), max(visited_at) from visits where kind = 'visit'"))
        for segment in ("pro", "gone_quiet"):
            for name, work in (
                ("count", partial(questions.count, segment, as_of)),
                ("preview", partial(preview, questions, segment, as_of)),
                ("explain", partial(explain_member, questions, segment, "999", as_of)),
            ):
                took, cpu = seconds(work), least_cpu(work)
                figures = f"{took:.2f} s, {cpu:.2f} s of CPU on {people:,} people"
                print(f"{name} {segment}: {figures}, {cpu / scan:.1f} times a scan of the events")
        count = least_cpu(partial(questions.count, "regulars", as_of))
        plan = least_cpu(lambda: compare(Base("main", "0", before), after, warehouse, as_of, lambda *_: None))
        print(f"plan of regulars: {plan:.2f} s of CPU on {people:,} people, {plan / count:.1f} times a count of them")


LESS_REGULAR = SPECS["members/regulars.yml"].replace("at_least: 2", "at_least: 1")


def understood(specs: Mapping[str, str]) -> Compilation:
    """The club's catalog with these specs."""
    sources = (SourceFile(f"segment_specs/{path}", text) for path, text in specs.items())
    return compile_sources(Sources(SourceFile("segment_specs/catalog.yml", CATALOG), tuple(sources)))


def bench_gate(folder: Path, people: int = 1_000_000) -> None:
    """The gate on an audience of that size, from the table to the page."""
    with DuckDB(folder / "gate.duckdb") as warehouse:
        warehouse.execute(
            "create table audience_winback as select 'p' || i as person_id, 'm' || i || '@example.com' as email, "
            f"'pro' as plan, null::varchar as held_back_by, true as consent from range({people}) as numbers(i)"
        )
        proposal = propose(warehouse, WINBACK, date(2017, 12, 31))
        gate = keeping_gate(folder / "gates")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        took = cpu_seconds(lambda: gate(proposal))
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(
        f"gate: {took:.1f} s of CPU and {grown:.0f} MB more for {people:,} members, Great Expectations' import included"
    )


def bench_site(folder: Path) -> None:
    """The web catalogue of 1,000 segments with a year of days, and how soon a browser has its index."""
    world = many_segments(folder / "project")
    into = folder / "pages"
    began, cpu = time.perf_counter(), time.process_time()
    compilation = world.compilation
    understood = time.perf_counter() - began
    written = write_site(Site(compilation, read_figures(world.published)).files(), into, lambda *_: None)
    took, of_cpu = time.perf_counter() - began, time.process_time() - cpu
    size = (into / "index.html").stat().st_size
    print(
        f"site: {took:.1f} s ({of_cpu:.1f} s of CPU, {understood:.1f} s of all for the specs) for 1,000 segments "
        f"with 366 days; {written.files:,} files, {written.bytes / 1e6:.0f} MB, index {size / 1e6:.2f} MB"
    )
    if shutil.which("chromium"):
        opened = opening_seconds(into / "index.html")
        print(f"site: the index opens in {opened[0]:.2f} s, a search in it takes {opened[1]:.2f} s")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        bench_compiler()
        bench_lints(Path(folder))
        bench_spectests()
        bench_preview(Path(folder))
        bench_gate(Path(folder))
        bench_year(Path(folder) / "year")
        bench_site(Path(folder) / "site")
