"""What stands on the pages, held against the marts; and what must never stand there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import altair
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.errors import MusterError
from orchestration.site import Site, SiteError, docs_at, read_figures, with_ledger, write_site
from orchestration.site.charts import charts
from orchestration.site.code import without_keys
from orchestration.site.dbt_docs import docs_made, in_one_page
from orchestration.site.personal import STEP, WITHHELD
from orchestration.warehouse import DuckDB
from tests.site.world import AS_OF, QUERY, SECRET_KEYS, SECRET_MAIL, SECRET_NAME, SPECS, World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = World(tmp_path_factory.mktemp("world"))
    made.publish()
    return made


@pytest.fixture(scope="module")
def pages(world: World) -> dict[str, str]:
    return dict(Site(world.compilation, read_figures(world.published)).files())


def sql(world: World, query: str) -> list[tuple[Any, ...]]:
    with DuckDB(world.published.database, read_only=True) as marts:
        return marts.rows(query)


def figures(page: str) -> dict[str, dict[str, list[Any]]]:
    """What a page gives its charts."""
    text = page.partition('<script type="application/json" id="figures">')[2].partition("</script>")[0]
    found: dict[str, dict[str, list[Any]]] = json.loads(text)
    return found


def test_there_is_a_page_for_each_segment_and_audience(world: World, pages: dict[str, str]) -> None:
    segments = {f"segments/{key}.html" for key in world.compilation.segments}
    assert segments <= set(pages)
    assert {"audiences/winback.html", "audiences/unsent.html", "index.html", "audiences.html"} <= set(pages)
    assert len(pages) == Site(world.compilation, read_figures(world.published)).size


def test_charts_have_the_marts_figures(world: World, pages: dict[str, str]) -> None:
    given = figures(pages["segments/pro.html"])
    days = sql(world, "select as_of_date, members from segment_counts_daily where segment = 'pro' order by 1")
    assert given["days"]["day"] == [str(day) for day, _ in days]
    assert given["days"]["members"] == [members for _, members in days]
    moves = sql(
        world,
        "select entries, exits from segment_counts_daily where segment = 'pro' and as_of_date > "
        "(select min(as_of_date) from segment_counts_daily where segment = 'pro') order by as_of_date",
    )
    assert list(zip(given["moves"]["entries"], given["moves"]["exits"], strict=True)) == moves
    weeks = sql(
        world,
        "select cohort_start, period_number, still_in / cohort_size from segment_retention "
        "where segment = 'pro' and cohort_grain = 'week' order by 1, 2",
    )
    assert given["weeks"]["period"] == [period for _, period, _ in weeks]
    assert given["weeks"]["share"] == pytest.approx([share for *_, share in weeks], abs=1e-4)
    survival = sql(
        world,
        "select survival from segment_survival where segment = 'pro' and (exits > 0 or days_since_entry in (0, 35)) "
        "order by days_since_entry",
    )
    assert given["survival"]["survival"] == [float(share) for (share,) in survival]
    assert given["overlap"]["both"] == [310, 4]
    assert given["reconstructed"] == {"day": ["2024-02-21"], "until": ["2024-03-02"]}
    assert given["edits"] == {"day": ["2024-03-10"]}
    assert given["waterfall"]["passing"] == [5000, 2000, 1240]


def test_flows_are_those_of_the_last_period_of_the_longer_grain(pages: dict[str, str]) -> None:
    given = figures(pages["segments/pro.html"])["flows"]
    assert list(zip(given["name"], given["way"], given["subjects"], strict=True)) == [
        ("Quiet (quiet)", "joined from", 21),
        ("no segment", "joined from", 8),
        ("Quiet (quiet)", "left to", 13),
        ("no segment", "left to", 5),
    ]


def test_sentences_say_the_main_figures(pages: dict[str, str]) -> None:
    page = pages["segments/pro.html"]
    assert "1,240 members as of 31 March 2024, +49 in seven days" in page
    assert "the fewest were 967 on 21 February 2024" in page
    assert "10 of 40 days shown are reconstructed" in page
    assert "Half of the stays end within 34 days of the entry. After 30 days 55.0 % (between 40.0 % and 70.0 %)" in page
    assert "Most like it is “Quiet (quiet)”: 310 are in both, which is 25.0 % of this segment" in page
    assert (
        "Of 5,000 people in the base population 1,240 pass the whole rule. Condition 1 loses the most, 3,000." in page
    )
    assert "2 versions since 21 February 2024." in page


def test_the_index_has_sizes_and_changes(pages: dict[str, str]) -> None:
    page = pages["index.html"]
    row = page.partition('<tr data-key="pro"')[2].partition("</tr>")[0]
    assert 'data-members="1240" data-change="49"' in row
    assert "40 days: from 967 to 1,240, at least 967, at most 1,240" in row
    assert "Some past days of 1 of them were judged afterwards" in page
    fresh = page.partition('<tr data-key="fresh"')[2].partition("</tr>")[0]
    assert "not judged yet" in fresh
    assert '<tr data-key="do_not_contact" data-hidden hidden' in page
    assert '<tr data-key="winback_exit" data-hidden hidden' in page


def test_every_state_has_its_words(pages: dict[str, str]) -> None:
    assert "No day is recorded yet" in pages["segments/fresh.html"]
    assert "It is paused: its members stay" in pages["segments/resting.html"]
    assert "It is archived: its stays are closed" in pages["segments/gone.html"]
    assert "It is not judged any more." in pages["segments/gone.html"]
    assert "The spec has changed since the last judged day" in pages["segments/pro.html"]
    assert "Nothing was delivered yet." in pages["audiences/unsent.html"]
    assert "The marts know of nobody" in pages["audiences/unsent.html"]
    assert "No audience sends this segment anywhere." in pages["segments/quiet.html"]
    assert "It is made by <code>exit_when</code> of the audience" in pages["segments/winback_exit.html"]


def test_segments_lead_to_each_other(pages: dict[str, str]) -> None:
    assert 'It refers to <a href="pro.html">Pro people</a>.' in pages["segments/quiet.html"]
    assert 'Referred to by <a href="quiet.html">Quiet (quiet)</a>.' in pages["segments/pro.html"]


def test_an_audience_is_said_in_words(pages: dict[str, str]) -> None:
    page = pages["audiences/winback.html"]
    for said in (
        "Only where accepts_marketing is true; unknown is no.",
        "A push that would change more than 20 % of the audience is stopped. An empty audience stops the push.",
        "Every day at 07:00 (Europe/Dublin).",
        "Members of do_not_contact and testers.",
        "holdout 10 %, a 45 % and b 45 %",
        "Performed paid within 14 days of the first delivery.",
        "Let go, and not sent again in this stay: People who have performed visit in the last 1 day.",
        "The last delivery, as of 24 March 2024, added 120, changed 2 and removed 4; 216 subjects are at drop then. "
        "It is not acknowledged yet.",
        "At the destination: 89 subjects. Held out, to compare with: 10.",
        "holdout: 12.0 % of 100 after 7 days",
        "a differs from those held out, with a lift of +5.0 points.",
    ):
        assert said in page, said
    assert "winback-1" not in page


def test_no_page_tells_of_anybody(pages: dict[str, str]) -> None:
    for path, text in pages.items():
        for secret in (*SECRET_KEYS, SECRET_MAIL, SECRET_NAME):
            assert secret not in text, path
    assert WITHHELD in pages["segments/named.html"]
    assert f"1. {STEP}" in pages["segments/named.html"]
    assert WITHHELD in pages["segments/quiet.html"], "a former rule of it"
    assert "example.com" in pages["segments/of_a_domain.html"], "a domain is nobody's"
    assert "the keys of the list are left out here" in pages["segments/testers.html"]
    assert "/* Testers */" in pages["segments/testers.html"]


def test_dbts_documentation_of_rules_that_name_somebody_is_not_made(world: World) -> None:
    with pytest.raises(SiteError, match="dbt's documentation shows all rules, and named names values"):
        docs_made(world.settings, world.compilation)


def test_a_list_is_left_out_to_its_very_end() -> None:
    shown = without_keys(QUERY)
    assert "secret" not in shown
    assert shown.count("inline__static_testers") == 1
    assert "select person_id, testers from inline__person_segments" in shown


def test_what_is_written_in_specs_is_never_markup(pages: dict[str, str]) -> None:
    for path, text in pages.items():
        if path.endswith(".html"):
            for mark in ("<script>alert", "<b onclick", "<i>me", "<img src=x"):
                assert mark not in text, (path, mark)
            assert text.count("<script") == text.count("</script>"), path
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in pages["segments/hostile.html"]


def test_charts_are_valid_vega_lite() -> None:
    for name, spec in charts().items():
        try:
            altair.Chart.from_dict(spec)
        except Exception as error:  # altair's own errors have no common base
            pytest.fail(f"{name}: {error}")


def test_the_same_marts_give_the_same_bytes(world: World, pages: dict[str, str]) -> None:
    assert dict(Site(world.compilation, read_figures(world.published)).files()) == pages


def run(world: World, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["site", "--project", str(world.settings.project), *arguments])
    if isinstance(result.exception, MusterError):
        return result.exception.exit_code, str(result.exception)
    return result.exit_code, result.output


def test_the_command_writes_the_folder(world: World, pages: dict[str, str], tmp_path: Path) -> None:
    code, said = run(world, "--into", str(tmp_path / "site"), "--json")
    assert code == 0, said
    told = json.loads(said)
    assert told["segments"] == len(world.compilation.segments) and told["as_of"] == str(AS_OF)
    written = {str(path.relative_to(tmp_path / "site")): path for path in (tmp_path / "site").rglob("*.*")}
    assert set(written) == set(pages)
    assert all(path.read_text(encoding="utf-8") == pages[name] for name, path in written.items())
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_pages_of_segments_that_are_gone_go(tmp_path: Path) -> None:
    made = World(tmp_path / "project", {path: text for path, text in SPECS.items() if path != "people/fresh.yml"})
    made.publish()
    into = tmp_path / "site"
    write_site([("segments/fresh.html", "old"), ("site.json", "{}")], into, lambda *_: None)
    assert run(made, "--into", str(into))[0] == 0
    assert not (into / "segments" / "fresh.html").exists() and (into / "segments" / "pro.html").exists()


def test_a_build_that_fails_leaves_the_site_that_was_there(tmp_path: Path) -> None:
    into = tmp_path / "site"
    write_site([("index.html", "whole"), ("site.json", "{}")], into, lambda *_: None)

    def dies(path: str, number: int) -> None:
        if number == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_site([("index.html", "half"), ("site.json", "{}")], into, dies)
    assert (into / "index.html").read_text() == "whole"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize("theirs", ["thesis.txt", ".git"])
def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path, theirs: str) -> None:
    into = tmp_path / "site"
    write_site([("index.html", "whole"), ("site.json", "{}")], into, lambda *_: None)
    (into / theirs).write_text("precious")
    with pytest.raises(SiteError, match="holds what is no part of a site"):
        write_site([("index.html", "anew"), ("site.json", "{}")], into, lambda *_: None)
    assert (into / theirs).read_text() == "precious"
    assert (into / "index.html").read_text() == "whole"


def test_a_build_that_was_killed_between_its_renames_is_undone(tmp_path: Path) -> None:
    into = tmp_path / "site"
    write_site([("index.html", "whole"), ("site.json", "{}")], into, lambda *_: None)
    into.rename(tmp_path / ".site.former")
    (tmp_path / ".site.partial").mkdir()

    def dies(_path: str, _number: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_site([("index.html", "new")], into, dies)
    assert (into / "index.html").read_text() == "whole"


def test_a_folder_with_something_else_is_left_alone(world: World, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("all of it")
    code, said = run(world, "--into", str(tmp_path))
    assert code == 1 and "not empty: name another folder with --into" in said
    assert (tmp_path / "thesis.txt").read_text() == "all of it"


def test_without_a_publication_it_says_what_to_do(tmp_path: Path) -> None:
    code, said = run(World(tmp_path))
    assert code == 1 and "judge a day with `muster run`" in said
    assert not (tmp_path / ".muster" / "site").exists()


def test_dbts_documentation_is_linked_or_put_in(world: World, tmp_path: Path) -> None:
    linked = dict(Site(world.compilation, read_figures(world.published), docs_at("https://docs.example.org/")).files())
    assert 'href="https://docs.example.org/"' in linked["segments/pro.html"]
    (tmp_path / "static_index.html").write_text("<html>dbt</html>")
    docs = docs_at(str(tmp_path / "static_index.html"))
    put_in = dict(Site(world.compilation, read_figures(world.published), docs).files())
    assert put_in["dbt/index.html"] == "<html>dbt</html>"
    assert 'href="../dbt/index.html"' in put_in["segments/pro.html"] and 'href="dbt/index.html"' in put_in["index.html"]
    for wrong in (str(tmp_path / "nothing.html"), "javascript:alert(1)"):
        with pytest.raises(SiteError, match="name a web address"):
            docs_at(wrong)


def test_dbts_page_takes_in_its_files_without_lists_and_machines() -> None:
    manifest = {
        "metadata": {"project_name": "muster", "user_id": "u-secret", "env": {"WHO": "secret"}},
        "nodes": {"seed.muster.testers": {"root_path": "/home/secret", "name": "</script>"}},
        "docs": {
            "doc.dbt.__overview__": {"name": "__overview__", "block_contents": "# Tables"},
            "doc.muster.definition_testers": {"name": "definition_testers", "block_contents": "('k-secret-1')"},
        },
    }
    page = 'var n={manifest:"MANIFEST.JSON INLINE DATA",catalog:"CATALOG.JSON INLINE DATA"}'
    found = in_one_page(page, manifest, {"metadata": {"invocation_id": "secret"}, "nodes": {}})
    assert "secret" not in found and "</script>" not in found and "INLINE DATA" not in found
    assert "# Tables" in found and "seed.muster.testers" in found
    with pytest.raises(SiteError, match="no place for its manifest"):
        in_one_page("another page", manifest, {})


def test_documentation_is_either_named_or_made(world: World) -> None:
    code, said = run(world, "--dbt-docs", "https://docs.example.org/", "--with-dbt-docs")
    assert code == 2 and "give one" in said


def test_the_ledgers_deliveries_come_before_those_of_the_marts(world: World, tmp_path: Path) -> None:
    from orchestration.audiences.ledger import create_ledger

    with DuckDB(tmp_path / "warehouse.duckdb") as warehouse:
        create_ledger(warehouse)
        warehouse.execute(
            "insert into ledger.deliveries by name select 'x' as delivery_id, 'unsent' as audience, "
            "'drop' as destination, 1 as number, date '2024-04-01' as as_of_date, 'full' as send, 45 as added, "
            "0 as changed, 0 as removed, 45 as members, 'f' as file_name, 's' as sha256, 'acknowledged' as status, "
            "timestamp '2024-04-01 06:00:00' as planned_at, timestamp '2024-04-01 06:00:01' as acknowledged_at"
        )
    figures_ = read_figures(world.published)
    found = with_ledger(figures_, tmp_path / "warehouse.duckdb").deliveries
    assert [each.added for each in found.of("unsent")] == [45]
    assert found.of("winback") == figures_.deliveries.of("winback")
    assert with_ledger(figures_, tmp_path / "nothing.duckdb") is figures_
