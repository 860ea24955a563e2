"""Moving in: look, guess, plan every file, and only then write; what is there stays as it is."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from orchestration.adopting.catalog import FirstSegment, first_segment, guesses_to_catalog
from orchestration.adopting.files import (
    AdoptError,
    Change,
    Write,
    package_files,
    plan_once,
    plan_package,
    write_all,
)
from orchestration.adopting.guessing import EntityGuess, guess
from orchestration.adopting.laying import OWN_SCHEMA, find_duckdb, new_project, package_settings
from orchestration.adopting.project import (
    find_dbt_project,
    layout_to_text,
    link_package,
    plan_flag,
    plan_packages,
    plan_selectors,
    refuse_overlap,
)
from orchestration.adopting.tables import Place, Table, document_to_places, look
from orchestration.compiler.compile import Compilation, Sources, compile_sources
from orchestration.compiler.emit import compilation_to_files
from orchestration.compiler.files import GeneratedFile, read_sources, write_files
from orchestration.compiler.problem import SourceFile
from orchestration.layout import FILE, Layout, read_layout, read_yaml
from orchestration.settings import Settings, settle
from orchestration.warehouse import DuckDB, Warehouse

IGNORED = "# files of this machine only\n*\n"


@dataclass(frozen=True)
class Wishes:
    """What is asked for; folders are relative to the project. Empty texts leave the choice to Muster."""

    project: Path
    dbt_project: Path | None = None
    package: str = "muster"
    profiles: str = ""
    target: str = ""
    duckdb: Path | None = None
    timezone: str = "UTC"
    entities: tuple[str, ...] = ()
    force: bool = False


@dataclass(frozen=True)
class Adoption:
    """Everything that would be done, with what it rests on; nothing is written yet."""

    settings: Settings
    compilation: Compilation
    writes: tuple[Write, ...]
    generated: tuple[GeneratedFile, ...] = field(repr=False)
    entities: tuple[EntityGuess, ...] = field(default=(), repr=False)
    first: FirstSegment | None = None
    day: date | None = None


@dataclass(frozen=True)
class Looked:
    """What a look at the warehouse gave; nothing where a catalog is there already.

    `tables` are those that need a view, `theirs` the names of the project's own models.
    """

    tables: tuple[Table, ...] = ()
    theirs: tuple[str, ...] = ()
    entities: tuple[EntityGuess, ...] = ()
    first: FirstSegment | None = None
    texts: Mapping[str, str] = field(default_factory=dict)


def plan_adoption(wishes: Wishes, today: date) -> Adoption:
    """Find out what there is and plan each file. Raises MusterError, Problems; writes nothing."""
    project = wishes.project
    found = find_dbt_project(project, wishes.dbt_project)
    settings = _settings(wishes, found)
    if found:
        refuse_overlap(found, settings.package)
    if (settings.specs / "catalog.yml").exists():
        compilation = compile_sources(read_sources(project))
        return _planned(wishes, settings, compilation, Looked(), today)
    places = _places(settings) if found else None
    with DuckDB(settings.duckdb, read_only=True) as warehouse:
        looked = _look(wishes, warehouse, places)
        _refuse_ambiguous(settings.duckdb, {table.place.schema for table in _used(looked.entities)})
        compilation = compile_sources(_sources(project, looked.texts))
        return _planned(wishes, settings, compilation, looked, today)


def _settings(wishes: Wishes, found: Path | None) -> Settings:
    project = wishes.project
    if (project / FILE).exists():
        return settle(project, read_layout(project))
    if found is None:
        return settle(project, _new_layout(wishes))
    here = found.relative_to(project)
    profiles = wishes.profiles
    if not profiles and not (found / "profiles.yml").is_file() and (project / "profiles" / "profiles.yml").is_file():
        profiles = "profiles"
    layout = Layout(
        dbt_project=here.as_posix(),
        package=(here / wishes.package).as_posix(),
        profiles=profiles,
        target=wishes.target,
        duckdb=_shown(project, wishes.duckdb) if wishes.duckdb else "",
        build_upstream=False,
    )
    settings = settle(project, layout)
    if not wishes.duckdb:
        settings.dbt_warehouse()  # a profile that names no file is told of now rather than at the first run
    return settings


def _new_layout(wishes: Wishes) -> Layout:
    duckdb = wishes.duckdb
    if duckdb is None:
        held = find_duckdb(wishes.project)
        if len(held) > 1:
            raise AdoptError(f"there are several DuckDB files: name one, as in --duckdb {held[0].name}")
        duckdb = held[0] if held else None
    return Layout(package=f"dbt_project/{wishes.package}", duckdb=_shown(wishes.project, duckdb) if duckdb else "")


def _refuse_ledger(warehouse: Warehouse) -> None:
    held = "from information_schema.columns where table_catalog = current_database() and table_schema = 'ledger'"
    ours = f"select count(*), count(*) filter (where table_name = 'days' and column_name = 'as_of_date') {held}"
    [(columns, of_days)] = warehouse.rows(ours)
    if columns and not of_days:
        raise AdoptError(
            "the warehouse has a schema `ledger`, and Muster notes its runs in one of that name: call yours otherwise, "
            "or give Muster a DuckDB file of its own"
        )


def _refuse_ambiguous(duckdb: Path, schemas: set[str]) -> None:
    """DuckDB takes `x.y` for a table of the schema x or of the file x, and nothing where both are there."""
    if duckdb.stem in {*schemas, OWN_SCHEMA}:
        raise AdoptError(
            f"{duckdb.name} and the schema `{duckdb.stem}` in it have the same name, which DuckDB cannot tell apart: "
            "call the file otherwise, in dbt's profile too"
        )


def _shown(project: Path, path: Path) -> str:
    return Path(os.path.relpath(path.resolve(), project)).as_posix()


def _places(settings: Settings) -> list[Place]:
    """Where the dbt project builds its tables, by its own manifest; its folders are not written."""
    from orchestration.dbt import Dbt

    with TemporaryDirectory() as folder:
        layout = replace(
            settings.layout,
            dbt_project=str(settings.dbt_project),
            profiles=str(settings.profiles),
            package=str(settings.package),
        )
        return document_to_places(Dbt(Settings(Path(folder), settings.duckdb, layout)).parsed_document)


def _look(wishes: Wishes, warehouse: Warehouse, places: list[Place] | None) -> Looked:
    _refuse_ledger(warehouse)
    tables = look(warehouse, places)
    entities = guess(tables, wishes.entities)
    first = first_segment(entities[0])
    texts = {
        "segment_specs/catalog.yml": guesses_to_catalog(entities, wishes.timezone),
        f"segment_specs/{first.folder}/{first.key}.yml": first.text,
    }
    theirs = tuple(place.name for place in places or ())
    return Looked(_used(entities) if places is None else (), theirs, entities, first, texts)


def _used(entities: Sequence[EntityGuess]) -> tuple[Table, ...]:
    rows = [rows for each in entities for rows in (*each.relations, *((each.events,) if each.events else ()))]
    found = {table.name: table for table in (*(each.table for each in entities), *(each.table for each in rows))}
    return tuple(found[name] for name in sorted(found))


def _sources(project: Path, texts: Mapping[str, str]) -> Sources:
    """The specs as they will be."""
    held = read_sources(project)
    files = {path: SourceFile(path, text) for path, text in texts.items()}
    catalog = files.pop("segment_specs/catalog.yml")
    others = tuple(each for each in held.segments if each.path not in files)
    return replace(held, catalog=catalog, segments=(*others, *files.values()))


def _planned(wishes: Wishes, settings: Settings, compilation: Compilation, looked: Looked, today: date) -> Adoption:
    project, package = settings.project, settings.package
    day = looked.first.day(today) if looked.first else today
    layout = replace(settings.layout, schemas=settings.layout.schemas or _schemas(looked))
    settings = replace(settings, layout=layout)
    held = read_yaml(package / "dbt_project.yml").get("vars") or {} if (package / "dbt_project.yml").exists() else {}
    wanted = package_files(package_settings(compilation.catalog, held, day))
    once = {FILE: layout_to_text(layout), **looked.texts, ".muster/.gitignore": IGNORED}
    if not (settings.dbt_project / "dbt_project.yml").exists():
        warehouse = Path(os.path.relpath(settings.duckdb, settings.dbt_project)).as_posix()
        once |= new_project(project.name, warehouse, looked.tables)
    generated = compilation_to_files(compilation, "duckdb")
    writes = [
        *_flagged(settings, looked, [*wanted, *(file.path for file in generated)]),
        plan_packages(project, settings.dbt_project, package),
        plan_selectors(project, settings.dbt_project),
        *(plan_once(project, project / path, text) for path, text in once.items()),
        *plan_package(project, package, wanted, force=wishes.force),
    ]
    return Adoption(settings, compilation, tuple(writes), generated, looked.entities, looked.first, day)


def _flagged(settings: Settings, looked: Looked, paths: Sequence[str]) -> list[Write]:
    """An edit of dbt_project.yml, where one of its models has the name of one of Muster's."""
    ours = {Path(path).stem for path in paths if path.endswith(".sql")}
    ours |= {f"{name}_history" for name in (*(each.name for each in looked.entities), "segment_definition")}
    return [plan_flag(settings.project, settings.dbt_project)] if ours & set(looked.theirs) else []


def _schemas(looked: Looked) -> tuple[str, ...]:
    """Where tables lie as far as it is known before anything is built."""
    read = {table.place.schema for table in _used(looked.entities)}
    made = {f"main_{OWN_SCHEMA}": None, "main_staging": None} if looked.tables else {OWN_SCHEMA: None}
    return tuple({**made, **dict.fromkeys(sorted(read))})


def adopt(adoption: Adoption) -> Settings:
    """Write what was planned, and see that dbt reads it. Raises AdoptError, DbtError, NeighbourError."""
    from orchestration.dbt import Dbt
    from orchestration.neighbours import schemas_built

    settings = adoption.settings
    write_all(settings.project, list(adoption.writes))
    write_files(settings.generated, adoption.generated)
    link_package(settings.dbt_project, settings.package)
    parsed = Dbt(settings)
    layout = settings.layout
    schemas = tuple(dict.fromkeys((*schemas_built(parsed.parsed), *layout.schemas)))
    if (
        any(each.path == FILE and each.change is Change.CREATE for each in adoption.writes)
        and schemas != layout.schemas
    ):
        written = set(schemas_built(parsed.parsed)) | {table.place.schema for table in _used(adoption.entities)}
        layout = replace(layout, schemas=tuple(each for each in schemas if each in written))
        write_all(settings.project, [Write(FILE, Change.UPDATE, layout_to_text(layout))])
    settings = replace(settings, layout=layout)
    assert Dbt(settings).manifest  # and all that Muster relies on is so
    return settings
