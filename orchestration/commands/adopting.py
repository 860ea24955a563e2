"""The command that brings Muster into a project."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo, available_timezones

import typer

from orchestration import printing
from orchestration.adopting.files import Change, Write
from orchestration.commands.opening import AsJson, Project
from orchestration.compiler.files import differences
from orchestration.printing import questions as printing_questions
from orchestration.questions import ask
from orchestration.questions.previewing import Preview, preview
from orchestration.settings import Settings
from orchestration.warehouse import DuckDB

if TYPE_CHECKING:
    from orchestration.adopting.adopt import Adoption

EDITED = ("packages.yml", "dependencies.yml", "dbt_project.yml", "selectors.yml")
app = typer.Typer()


@app.command()
def init(
    project: Project = None,
    dbt_project: Annotated[
        Path | None, typer.Option("--dbt-project", help="The folder of dbt_project.yml, if it is not found.")
    ] = None,
    package: Annotated[str, typer.Option(help="The folder for Muster's own dbt files.")] = "muster",
    profiles: Annotated[str, typer.Option(help="The folder of profiles.yml, if dbt does not find it itself.")] = "",
    target: Annotated[str, typer.Option(help="The target of dbt's profile; by default the profile's own.")] = "",
    duckdb: Annotated[Path | None, typer.Option(help="The DuckDB file, if dbt's profile does not name it.")] = None,
    timezone: Annotated[str, typer.Option(help="In which days begin and end.")] = "UTC",
    entity: Annotated[
        list[str] | None, typer.Option(help="A table of subjects, or TABLE=KEY; instead of guessing. May be repeated.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite Muster's files that somebody changed.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be written, and write nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before writing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add Muster to a dbt project, or to a DuckDB file alone, with a first catalog and a first segment."""
    from orchestration.adopting.adopt import Wishes, adopt, plan_adoption

    if timezone not in available_timezones():
        raise typer.BadParameter(f"`{timezone}` is no time zone: write one such as Europe/Dublin")
    if len(Path(package).parts) != 1 or package in (".", ".."):
        raise typer.BadParameter(f"`{package}` should be the name of one folder beside dbt_project.yml")
    root = (project or Path.cwd()).resolve()
    if not root.is_dir():
        raise typer.BadParameter(f"{root} is no folder")
    wishes = Wishes(root, dbt_project, package, profiles, target, duckdb, timezone, tuple(entity or ()), force)
    adoption = plan_adoption(wishes, datetime.now(ZoneInfo(timezone) if timezone else UTC).date())
    if not as_json:
        _show_plan(adoption)
    if not dry_run:
        if not yes and not as_json and sys.stdin.isatty() and sys.stdout.isatty():
            typer.confirm("Write these files?", abort=True)
        settings = adopt(adoption)
    else:
        settings = adoption.settings
    found = _previewed(adoption, settings)
    if as_json:
        printing.json_(_told(adoption, found, written=not dry_run))
    else:
        _show_end(adoption, found, dry_run)


def _show_plan(adoption: Adoption) -> None:
    for write in adoption.writes:
        if write.change not in (Change.SAME, Change.KEEP):
            printing.line(f"{write.change} {write.path}")
    folder = adoption.settings.generated.relative_to(adoption.settings.project).as_posix()
    if found := differences(adoption.settings.generated, adoption.generated):
        printing.line(f"generate {folder} ({len(found.missing) + len(found.changed)} files)")
    for write in adoption.writes:
        if write.change is Change.KEEP:
            printing.notes([f"{write.path} was changed since it was installed, and stays: --force takes Muster's own"])
        elif write.change is Change.UPDATE and write.path.endswith(EDITED):
            _show_difference(adoption.settings.project, write)


def _show_difference(project: Path, write: Write) -> None:
    before = (project / write.path).read_text(encoding="utf-8").splitlines()
    for line in unified_diff(before, write.text.splitlines(), write.path, write.path, n=2, lineterm=""):
        printing.line(f"  {line}")


def _previewed(adoption: Adoption, settings: Settings) -> Preview | None:
    """The first segment on its first day; None where there was a catalog already."""
    if adoption.first is None or adoption.day is None:
        return None
    with DuckDB(settings.duckdb, read_only=True, schemas=settings.layout.schemas) as warehouse:
        return preview(ask(adoption.compilation, warehouse), adoption.first.key, adoption.day)


def _show_end(adoption: Adoption, found: Preview | None, dry_run: bool) -> None:
    for entity in adoption.entities:
        rows = entity.table.name
        printing.line(f"{entity.name}: table {rows}, key {entity.key} ({entity.why})")
    if found:
        printing_questions.preview(found, None, as_json=False)
    if dry_run:
        printing.line("nothing was written")
    elif adoption.first:
        printing.line(f"next: muster check; muster run --as-of {adoption.day}")
    else:
        printing.line("next: muster check; muster compile")


def _told(adoption: Adoption, found: Preview | None, *, written: bool) -> dict[str, object]:
    entities = [{"entity": each.name, "table": each.table.name, "key": each.key} for each in adoption.entities]
    return {
        "written": written,
        "files": [{"path": each.path, "change": each.change.value} for each in adoption.writes],
        "generated": len(adoption.generated),
        "entities": entities,
        "preview": {"segment": found.segment, "as_of": found.day, "members": found.members, "of": found.base}
        if found
        else None,
    }
