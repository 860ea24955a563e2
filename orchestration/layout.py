"""Where a project says that its parts lie: `muster.yml`, which a project laid out as Muster's own does without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from orchestration.errors import MusterError

FILE = "muster.yml"
Variable = Callable[[str], str | None]


class LayoutError(MusterError):
    """`muster.yml`, `dbt_project.yml` or `profiles.yml` does not say what Muster needs; the message says what to do."""


@dataclass(frozen=True)
class Layout:
    """What `muster.yml` may say; folders are relative to the project.

    `dbt_project` holds `dbt_project.yml`, `package` Muster's own dbt files where they are a package of that project.
    `profiles` holds `profiles.yml`; empty, it is looked for as dbt does. `target` is the profile's target; empty, its
    default. `duckdb` is the warehouse's file where the profile does not say it. `schemas` are looked into first, in
    order, for tables that are named without one. `build_upstream` lets a run build the models that segments are
    judged by, too.
    """

    dbt_project: str = "dbt_project"
    package: str = ""
    profiles: str = "profiles"
    target: str = ""
    duckdb: str = ""
    schemas: tuple[str, ...] = ()
    build_upstream: bool = True


def read_layout(project: Path) -> Layout:
    """What the project's `muster.yml` says; how Muster's own project is laid out, where there is none."""
    file = project / FILE
    if not file.is_file():
        return Layout()
    said: dict[str, Any] = read_yaml(file)
    known = {field.name: field for field in fields(Layout)}
    for name, value in said.items():
        if name not in known:
            raise LayoutError(f"{file} has `{name}`, which means nothing: it may have {', '.join(sorted(known))}")
        if not _fits(value, known[name].default):
            raise LayoutError(f"{file} has `{name}: {value}`: write {_wanted(known[name].default)}")
    told: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}
    return Layout(**told)


def _fits(value: object, default: object) -> bool:
    if isinstance(default, tuple):
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    return isinstance(value, type(default))


def _wanted(default: object) -> str:
    match default:
        case tuple():
            return "names in brackets, such as [analytics, staging]"
        case bool():
            return "true or false"
        case _:
            return "a text"


def read_yaml(file: Path) -> dict[str, Any]:
    """A mapping that a file of the project holds. Raises LayoutError."""
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as wrong:
        line = wrong.problem_mark.line + 1 if wrong.problem_mark else 1
        remedy = "look for lines that a merge left behind, and for indentation"
        raise LayoutError(f"{file} is not valid YAML, as line {line} shows: {remedy}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as wrong:
        said = wrong.strerror if isinstance(wrong, OSError) and wrong.strerror else str(wrong)
        raise LayoutError(f"{file} cannot be read: {said.lower()}") from None
    if found is not None and not isinstance(found, dict):
        raise LayoutError(f"{file} should hold a mapping, with a name and a colon at the start of each line")
    return found or {}


def profile_of(dbt_project: Path, profiles: Path, target: str, variable: Variable) -> dict[str, Any]:
    """The output of dbt's profile that a run uses, its texts rendered; `variable` reads the environment."""
    named = str(_rendered(read_yaml(dbt_project / "dbt_project.yml").get("profile", ""), variable))
    held = read_yaml(profiles / "profiles.yml")
    if named not in held:
        raise LayoutError(
            f"{profiles / 'profiles.yml'} has no profile `{named}`, which dbt_project.yml names: add it, or say in "
            f"{FILE} where profiles.yml lies, as in `profiles: profiles`"
        )
    outputs = held[named].get("outputs") or {}
    chosen = target or str(_rendered(held[named].get("target", "default"), variable))
    if chosen not in outputs:
        raise LayoutError(f"the profile `{named}` has no target `{chosen}`: it has {', '.join(sorted(outputs))}")
    return {name: _rendered(value, variable) for name, value in outputs[chosen].items()}


def profile_to_duckdb(profile: dict[str, Any], dbt_project: Path) -> Path:
    """The DuckDB file of a dbt profile. Raises LayoutError: it is on another engine, or on no file."""
    if profile.get("type") != "duckdb":
        raise LayoutError(
            f"dbt's profile is for {profile.get('type')}, and the pipeline of this version runs on DuckDB: name a "
            f"target of the type duckdb, as in `target: dev` in {FILE}"
        )
    path = str(profile.get("path") or ":memory:")
    if path == ":memory:" or path.startswith(("md:", "motherduck:")) or "://" in path:
        raise LayoutError(f"dbt's profile has the path `{path}`, which is no file: Muster needs a DuckDB file")
    return (dbt_project / Path(path).expanduser()).resolve()


def _rendered(value: object, variable: Variable) -> object:
    if not isinstance(value, str) or "{" not in value:
        return value

    def env_var(name: str, default: str | None = None) -> str:
        found = variable(name)
        if found is None and default is None:
            raise LayoutError(f"dbt's profile reads the environment variable {name}, which is not set")
        return str(default if found is None else found)

    from jinja2 import TemplateError, Undefined
    from jinja2.sandbox import SandboxedEnvironment

    try:
        return SandboxedEnvironment(undefined=Undefined).from_string(value).render(env_var=env_var)
    except TemplateError as wrong:
        raise LayoutError(f"dbt's profile has a text that cannot be rendered: {wrong}") from wrong
