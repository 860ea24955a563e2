"""The dbt project that Muster moves into: where it is, and the one line of it that changes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq

from orchestration.adopting.files import AdoptError, Change, Write
from orchestration.layout import Layout, read_yaml
from orchestration.neighbours import OWN_FIRST

PLACES = ("packages.yml", "dependencies.yml")
NOT_PROJECTS = ("dbt_packages", "dbt_modules", "muster", "target")


def find_dbt_project(project: Path, named: Path | None) -> Path | None:
    """The folder of the project's dbt_project.yml, None without one. Raises AdoptError where there are several."""
    if named is not None:
        folder = (project / named).resolve()
        if not (folder / "dbt_project.yml").is_file():
            raise AdoptError(f"{folder} has no dbt_project.yml: name the folder that has it with --dbt-project")
        if not folder.is_relative_to(project):
            raise AdoptError(f"{folder} lies outside {project}: run it in a folder that holds the dbt project")
        return folder
    if (project / "dbt_project.yml").is_file():
        return project
    below = sorted(path.parent for path in project.glob("*/dbt_project.yml") if path.parent.name not in NOT_PROJECTS)
    if len(below) > 1:
        found = ", ".join(path.name for path in below)
        raise AdoptError(f"there are several dbt projects ({found}): name one, as in --dbt-project {below[0].name}")
    return below[0] if below else None


WITHOUT = (
    "- name: without_muster",
    "  description: A build by hand leaves the segments to `muster run`, which says the day.",
    "  default: true",
    "  definition:",
    "    union:",
    '      - {method: fqn, value: "*"}',
    "      - exclude: [{method: package, value: muster}]",
)


def refuse_overlap(dbt_project: Path, package: Path) -> None:
    """Muster's package must lie where the project reads no models of its own."""
    told = read_yaml(dbt_project / "dbt_project.yml")
    for kind in ("model", "macro", "seed", "snapshot", "test", "analysis"):
        for path in told.get(f"{kind}-paths") or ():
            if package.is_relative_to((dbt_project / path).resolve()):
                raise AdoptError(
                    f"dbt_project.yml has `{kind}-paths` with `{path}`, in which {package.name} would lie, so dbt "
                    "would read Muster's files twice: name a folder outside with --package"
                )
    if str(told.get("name")) == "muster":
        raise AdoptError("the dbt project is called `muster`, as Muster's package is: give it another name")


def plan_packages(project: Path, dbt_project: Path, package: Path) -> Write:
    """The file that names the project's packages, with Muster's among them."""
    local = _way(dbt_project, package)
    for name in PLACES:
        file = dbt_project / name
        if file.is_file() and (name == "packages.yml" or "packages" in read_yaml(file)):
            return _with_package(file, file.relative_to(project).as_posix(), local)
    shown = (dbt_project / "packages.yml").relative_to(project).as_posix()
    return Write(shown, Change.CREATE, f"packages:\n  - local: {local}\n")


def _with_package(file: Path, shown: str, local: str) -> Write:
    """One line more, and nothing else different."""
    text = file.read_bytes().decode("utf-8")
    told = read_yaml(file)
    packages = told.get("packages") or []
    if any(isinstance(each, Mapping) and each.get("local") in (local, f"./{local}") for each in packages):
        return Write(shown, Change.SAME, text)
    changed = _inserted(text, "packages", [f"- local: {local}"])
    if _loaded(changed) != {**told, "packages": [{"local": local}, *packages]}:
        raise AdoptError(f"{shown} is written in a way that cannot be added to: add `- local: {local}` to its packages")
    return Write(shown, Change.UPDATE, changed)


def _inserted(text: str, key: str, item: Sequence[str]) -> str:
    """The text of a YAML file with one item more, the first of a key's; every other line as it was."""
    held: Any = YAML().load(text)
    items = held.get(key) if held else None
    if isinstance(items, CommentedSeq) and items and not items.fa.flow_style():
        line, column = items.lc.item(0)
        lines = text.splitlines(keepends=True)
        end = "\r\n" if lines[line].endswith("\r\n") else "\n"
        return "".join((*lines[:line], *(f"{' ' * (column - 2)}{each}{end}" for each in item), *lines[line:]))
    without = re.sub(rf"^{key}:[ \t]*(\[\s*\])?[ \t]*\r?\n?", "", text, flags=re.MULTILINE)
    without += "" if without.endswith("\n") or not without else "\n"
    return without + "\n".join((f"{key}:", *(f"  {each}" for each in item), ""))


def plan_selectors(project: Path, dbt_project: Path) -> Write:
    """selectors.yml, so that a build by hand builds what it did before. A default of its own stays."""
    file = dbt_project / "selectors.yml"
    shown = file.relative_to(project).as_posix()
    if not file.is_file():
        return Write(shown, Change.CREATE, _inserted("", "selectors", WITHOUT))
    told, text = read_yaml(file), file.read_bytes().decode("utf-8")
    held = told.get("selectors") or []
    if any(each.get("default") or each.get("name") == "without_muster" for each in held):
        return Write(shown, Change.SAME, text)
    changed, item = _inserted(text, "selectors", WITHOUT), yaml.safe_load("\n".join(WITHOUT))
    if _loaded(changed) != {**told, "selectors": [*item, *held]}:
        raise AdoptError(f"{shown} is written in a way that cannot be added to: add a default that leaves out muster")
    return Write(shown, Change.UPDATE, changed)


def plan_flag(project: Path, dbt_project: Path) -> Write:
    """dbt_project.yml with the flag that lets models of the same name stand in two packages of one project."""
    file = dbt_project / "dbt_project.yml"
    text, told, shown = file.read_bytes().decode("utf-8"), read_yaml(file), file.relative_to(project).as_posix()
    flags = told.get("flags") or {}
    if flags.get(OWN_FIRST) is True:
        return Write(shown, Change.SAME, text)
    if "flags" in told:
        changed = re.sub(
            r"^flags:[ \t]*(#.*)?(\r?\n)( +)", rf"flags: \1\2\3{OWN_FIRST}: true\2\3", text, count=1, flags=re.M
        )
    else:
        changed = f"{text}{'' if text.endswith(chr(10)) else chr(10)}\nflags:\n  {OWN_FIRST}: true\n"
    if _loaded(changed) != {**told, "flags": {**flags, OWN_FIRST: True}}:
        raise AdoptError(
            f"{shown} has a model of the same name as one of Muster's: write `{OWN_FIRST}: true` under `flags:`"
        )
    return Write(shown, Change.UPDATE, changed)


def _loaded(text: str) -> object:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def _way(start: Path, end: Path) -> str:
    """The path from one folder to another below or beside it."""
    return (
        end.relative_to(start).as_posix()
        if end.is_relative_to(start)
        else f"../{end.relative_to(start.parent).as_posix()}"
    )


def link_package(dbt_project: Path, package: Path) -> None:
    """What `dbt deps` does about a local package, without asking for the others."""
    installed = dbt_project / str(
        read_yaml(dbt_project / "dbt_project.yml").get("packages-install-path", "dbt_packages")
    )
    place = installed / "muster"
    if place.exists():
        return
    try:
        installed.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(
            Path(*[".."] * len(installed.relative_to(dbt_project).parts)) / package.relative_to(dbt_project)
        )
    except (OSError, ValueError) as wrong:
        raise AdoptError(f"{place} cannot be made ({wrong}): `dbt deps` makes it") from wrong


def layout_to_text(layout: Layout) -> str:
    """What `muster.yml` says: all of it, so that it can be edited."""
    lines = ["# Where Muster finds the parts of this project. `muster init` wrote it once; edit it as needed."]
    said = {
        "dbt_project": (layout.dbt_project, "the folder of dbt_project.yml"),
        "package": (layout.package, "the folder of Muster's own dbt files, a local package of that project"),
        "profiles": (layout.profiles or '""', "the folder of profiles.yml; empty: where dbt looks for it"),
        "target": (layout.target, "the profile's target"),
        "duckdb": (layout.duckdb, "the warehouse's file"),
        "schemas": (f"[{', '.join(layout.schemas)}]", "Muster's own first, then those of the catalog's models"),
        "build_upstream": (str(layout.build_upstream).lower(), "whether a run builds the catalog's models first"),
    }
    return "\n".join((*lines, *(f"{name}: {value} # {why}" for name, (value, why) in said.items() if value), ""))
