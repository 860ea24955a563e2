"""A project of specs only, and the command line in this process, with nobody to ask."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestration.cli import main

CATALOG = """
timezone: Europe/Dublin
tags: {model: tags, name: name}
entities:
  person:
    model: people
    key: person_id
    attributes:
      email: {type: text, personal: true}
      plan: {type: text, values: [free, pro], description: What they pay for}
      role: text
      any: text
      seats: integer
      spend: number
      active: boolean
      last_seen_at: timestamp
      born_on: date
      tags: list
    events: {model: visits, subject: person_id, name: kind, at: visited_at, properties: {minutes: integer}}
  company: {model: companies, key: company_id, attributes: {name: text}}
"""
PRO = "name: On pro\nentity: person\nowner: growth\nlabels: [paying]\nhidden: true\nwhere:\n  all:\n    - plan: pro\n"
WIDE = "entity: person\nowner: sales\nwhere: {any: [{seats: {at_least: 5}}, {tags: {has: VIP}}]}\n"
LISTED = "entity: person\nmembers: static/some.csv\n"


@dataclass(frozen=True)
class Commands:
    """What a command did: exit code, standard output, standard error."""

    folder: Path
    patch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self.patch.setattr("sys.argv", ["muster", *arguments, "--project", str(self.folder)])
        self.patch.setattr("sys.stdin", io.StringIO())
        with pytest.raises(SystemExit) as end:
            main()
            raise SystemExit(0)
        out, err = self.capsys.readouterr()
        code = end.value.code
        return code if isinstance(code, int) else 0, out, err

    def spec(self, path: str) -> str:
        return (self.folder / "segment_specs" / path).read_text("utf-8")

    def files(self) -> set[str]:
        specs = self.folder / "segment_specs"
        return {path.relative_to(specs).as_posix() for path in specs.rglob("*") if path.is_file()}


def lay_down(folder: Path) -> None:
    files = {
        "catalog.yml": CATALOG,
        "crowd/pro.yml": PRO,
        "crowd/wide.yml": WIDE,
        "others/listed.yml": LISTED,
        "static/some.csv": "person_id\na\n",
    }
    for path, text in files.items():
        file = folder / "segment_specs" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
