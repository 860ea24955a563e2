"""What `muster init` does not do, says why not of, and leaves no trace of."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.adopting.files import AdoptError, Change, Write, plan_package, write_all
from orchestration.adopting.project import plan_flag, plan_packages, plan_selectors, refuse_overlap
from orchestration.cli import app
from orchestration.errors import MusterError
from orchestration.layout import Layout, LayoutError, profile_of, profile_to_duckdb, read_layout
from orchestration.neighbours import NeighbourError, refuse_neighbours
from orchestration.settings import Settings, load_settings
from tests.adopting import bookshop


def refused(folder: Path, *arguments: str) -> str:
    """Why the command stopped; that it wrote nothing is looked at, too."""
    before = bookshop.digests(folder)
    result = CliRunner().invoke(app, ["init", "--project", str(folder), *arguments])
    assert isinstance(result.exception, MusterError), result.output
    assert bookshop.digests(folder) == before
    return str(result.exception)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    with duckdb.connect(str(tmp_path / "books.duckdb")) as books:
        bookshop.load(books)
    return tmp_path


def test_no_warehouse(tmp_path: Path) -> None:
    assert "there is no warehouse at" in refused(tmp_path)


def test_no_tables(tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / "empty.duckdb")).close()
    assert "has no table that rules could be about" in refused(tmp_path)


def test_several_warehouses(plain: Path) -> None:
    shutil.copy(plain / "books.duckdb", plain / "others.duckdb")
    assert "--duckdb books.duckdb" in refused(plain)


def test_tables_of_no_subjects(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "books.duckdb")) as books:
        books.execute("create table sums as select 1 as month, 2 as total")
    assert "--entity sums" in refused(tmp_path)


def test_a_table_that_is_not_there(plain: Path) -> None:
    assert refused(plain, "--entity", "buyers") == "there is no table `buyers`: there are clicks, orders, readers"


def test_a_key_that_is_none(plain: Path) -> None:
    assert "`country` of `readers` is no key" in refused(plain, "--entity", "readers=country")


def test_a_file_called_as_a_schema(plain: Path) -> None:
    (plain / "books.duckdb").rename(plain / "raw.duckdb")
    assert "call the file otherwise" in refused(plain)


def test_a_schema_called_as_musters(plain: Path) -> None:
    with duckdb.connect(str(plain / "books.duckdb")) as books:
        books.execute("create schema ledger; create table ledger.accounts as select 1 as account_no")
    assert "call yours otherwise" in refused(plain)


def test_a_file_that_is_in_the_way(plain: Path) -> None:
    file = plain / "dbt_project" / "muster" / "macros" / "days.sql"
    file.parent.mkdir(parents=True)
    file.write_text("-- mine\n", "utf-8")
    assert "dbt_project/muster/macros/days.sql is there already and is not Muster's" in refused(plain)


def test_a_folder_that_is_a_file(plain: Path) -> None:
    (plain / "dbt_project").write_text("mine\n", "utf-8")
    assert "dbt_project stands where" in refused(plain)


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_: object, **__: object) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "write_bytes", nothing)
    with pytest.raises(AdoptError, match=r"a\.sql cannot be written \(permission denied\): make the folder writable"):
        write_all(tmp_path, [Write("a.sql", Change.CREATE, "")])


def test_a_zone_that_is_none(plain: Path) -> None:
    assert CliRunner().invoke(app, ["init", "--project", str(plain), "--timezone", "Dublin"]).exit_code == 2


def test_several_dbt_projects(plain: Path) -> None:
    for name in ("one", "two"):
        (plain / name).mkdir()
        (plain / name / "dbt_project.yml").write_text(f"name: {name}\n", "utf-8")
    assert "--dbt-project one" in refused(plain)


def test_a_project_without_its_profile(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (plain / "dbt_project.yml").write_text("name: books\nprofile: books\n", "utf-8")
    (plain / "profiles.yml").write_text("others: {outputs: {}}\n", "utf-8")
    monkeypatch.delenv("DBT_PROFILES_DIR", raising=False)
    assert "has no profile `books`" in refused(plain)


# --- files that are changed


def test_files_of_an_older_version_go_and_changed_ones_stay(tmp_path: Path) -> None:
    package = tmp_path / "muster"
    write_all(tmp_path, plan_package(tmp_path, package, {"a.sql": "a", "b.sql": "b", "c.sql": "c"}, force=False))
    (package / "b.sql").write_text("mine", "utf-8")
    planned = plan_package(tmp_path, package, {"a.sql": "new"}, force=False)
    assert {each.path: each.change for each in planned} == {
        "muster/a.sql": Change.UPDATE,
        "muster/b.sql": Change.KEEP,
        "muster/c.sql": Change.REMOVE,
        "muster/installed.json": Change.UPDATE,
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("packages:\n  - git: x # ours\n", "packages:\n  - local: muster\n  - git: x # ours\n"),
        ("packages:\r\n- git: x\r\n", "packages:\r\n- local: muster\r\n- git: x\r\n"),
        ("# none\n", "# none\npackages:\n  - local: muster\n"),
        ("packages: []", "packages:\n  - local: muster\n"),
        ("packages:\n  - local: ./muster\n", None),
    ],
)
def test_packages_get_one_line(tmp_path: Path, before: str, after: str | None) -> None:
    (tmp_path / "packages.yml").write_bytes(before.encode())
    write = plan_packages(tmp_path, tmp_path, tmp_path / "muster")
    assert (write.text, write.change) == ((after, Change.UPDATE) if after else (before, Change.SAME))


def test_packages_may_be_named_among_dependencies(tmp_path: Path) -> None:
    (tmp_path / "dependencies.yml").write_text("packages:\n  - git: x\n", "utf-8")
    assert plan_packages(tmp_path, tmp_path, tmp_path / "muster").path == "dependencies.yml"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("name: x\n", "name: x\n\nflags:\n  require_ref_searches_node_package_before_root: true\n"),
        ("flags: # f\n  a: 1\n", "flags: # f\n  require_ref_searches_node_package_before_root: true\n  a: 1\n"),
        ("flags:\n  require_ref_searches_node_package_before_root: true\n", None),
    ],
)
def test_a_flag_is_added_once(tmp_path: Path, before: str, after: str | None) -> None:
    (tmp_path / "dbt_project.yml").write_text(before, "utf-8")
    assert plan_flag(tmp_path, tmp_path).text == (after or before)


def test_a_flag_that_cannot_be_added_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("flags: {a: 1}\n", "utf-8")
    with pytest.raises(AdoptError, match="under `flags:`"):
        plan_flag(tmp_path, tmp_path)


def test_a_default_selector_stays_the_default(tmp_path: Path) -> None:
    file = tmp_path / "selectors.yml"
    file.write_text("selectors:\n  - {name: nightly, default: true, definition: 'tag:nightly'}\n", "utf-8")
    assert plan_selectors(tmp_path, tmp_path).change is Change.SAME
    file.write_text("selectors:\n  - {name: nightly, definition: 'tag:nightly'}\n", "utf-8")
    assert plan_selectors(tmp_path, tmp_path).change is Change.UPDATE


def test_a_package_among_the_models(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: books\nmodel-paths: ['.']\n", "utf-8")
    with pytest.raises(AdoptError, match=r"`model-paths` with `\.`"):
        refuse_overlap(tmp_path, tmp_path / "muster")


# --- muster.yml and profiles.yml


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dbt: x\n", "has `dbt`, which means nothing"),
        ("schemas: main\n", "write names in brackets"),
        ("build_upstream: maybe\n", "write true or false"),
        ("- a\n", "should hold a mapping"),
        ("a: [\n", "is not valid YAML, as line 2 shows"),
    ],
)
def test_a_layout_that_is_none(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "muster.yml").write_text(text, "utf-8")
    with pytest.raises(LayoutError, match=said):
        read_layout(tmp_path)


def profiled(folder: Path, output: str, **variables: str) -> Path:
    (folder / "dbt_project.yml").write_text("name: books\nprofile: books\n", "utf-8")
    (folder / "profiles.yml").write_text(f"books: {{target: dev, outputs: {{dev: {output}}}}}\n", "utf-8")
    return profile_to_duckdb(profile_of(folder, folder, "", variables.get), folder)


def test_a_profile_may_read_the_environment(tmp_path: Path) -> None:
    output = """{type: duckdb, path: "{{ env_var('BOOKS', 'a') }}.duckdb"}"""
    assert profiled(tmp_path, output, BOOKS="b") == tmp_path / "b.duckdb"
    assert profiled(tmp_path, output) == tmp_path / "a.duckdb"


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ("{type: snowflake}", "is for snowflake"),
        ("{type: duckdb, path: 'md:books'}", "which is no file"),
        ("{type: duckdb}", "which is no file"),
        ("""{type: duckdb, path: "{{ env_var('BOOKS') }}"}""", "variable BOOKS, which is not set"),
        ("""{type: duckdb, path: "{{ env_var( }}"}""", "cannot be rendered"),
    ],
)
def test_a_profile_that_names_no_file(tmp_path: Path, output: str, said: str) -> None:
    with pytest.raises(LayoutError, match=said):
        profiled(tmp_path, output)


def test_specs_are_read_where_nobody_has_a_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MUSTER_DUCKDB", raising=False)
    monkeypatch.setenv("DBT_PROFILES_DIR", str(tmp_path / "nowhere"))
    (tmp_path / "muster.yml").write_text('dbt_project: .\npackage: muster\nprofiles: ""\n', "utf-8")
    (tmp_path / "dbt_project.yml").write_text("name: books\nprofile: books\n", "utf-8")
    assert load_settings(tmp_path).duckdb == tmp_path / ".muster" / "warehouse.duckdb"


# --- the project around the package


def node(name: str, package: str, schema: str, *reads: str) -> SimpleNamespace:
    return SimpleNamespace(
        name=name,
        package_name=package,
        schema=schema,
        resource_type="model",
        original_file_path=f"models/{name}.sql",
        depends_on_nodes=list(reads),
    )


def parsed(*nodes: SimpleNamespace) -> Any:
    return SimpleNamespace(nodes={f"{each.package_name}.{each.name}": each for each in nodes})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    profiled(tmp_path, "{type: duckdb, path: books.duckdb}")
    layout = Layout(dbt_project=".", package="muster", profiles=".", schemas=("muster", "analytics"))
    return Settings(tmp_path, tmp_path / "books.duckdb", layout)


THEIRS = node("customers", "books", "analytics")
OURS = node("flags", "muster", "muster", "books.customers")


def test_a_project_that_fits(settings: Settings) -> None:
    refuse_neighbours(parsed(THEIRS, OURS), settings)


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        ((node("segments", "books", "analytics"), node("segments", "muster", "muster"), node("a", "muster", "muster",
          "books.segments")), "require_ref_searches_node_package_before_root"),
        ((THEIRS, OURS, node("history", "muster", "snapshots")), "spread over the schemas muster, snapshots"),
        ((node("customers", "books", "dev_analytics"), OURS), r"write `schemas: \[muster, dev_analytics\]`"),
    ],
    ids=("a model of the same name", "two schemas", "another schema"),
)  # fmt: skip
def test_a_project_that_does_not_fit(settings: Settings, nodes: tuple[SimpleNamespace, ...], said: str) -> None:
    with pytest.raises(NeighbourError, match=said):
        refuse_neighbours(parsed(*nodes), settings)


def test_two_warehouses(settings: Settings, tmp_path: Path) -> None:
    elsewhere = Settings(tmp_path, tmp_path / "others.duckdb", settings.layout)
    with pytest.raises(NeighbourError, match="and Muster looks into"):
        refuse_neighbours(parsed(THEIRS, OURS), elsewhere)
