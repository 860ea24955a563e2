"""Gates' results on the disk: JSON for programs, pages for people, the newest of each audience.

`results/AUDIENCE/DAY-NUMBER.json` holds a result: `version` 1, `audience`, `destination`, `segment`, `as_of`,
`judged_at` (UTC) and what `GateResult.as_json` tells. `docs/AUDIENCE/DAY-NUMBER.html` is its page of Great
Expectations' Data Docs, and `docs/index.html` lists them all. Nothing in them is personal: subjects are hashes of keys.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from orchestration.audiences.export import Gate
from orchestration.audiences.proposal import Proposal
from orchestration.gates.audience import audience_gate
from orchestration.gates.great import GateError
from orchestration.gates.pages import Judgement, index_page, result_page
from orchestration.gates.result import GateResult

VERSION = 1
KEPT = 50
NAMED = re.compile(r"(\d{4}-\d\d-\d\d)-(\d+)")


@dataclass(frozen=True)
class Place:
    """The folder of all audiences' results; `kept` of each stay."""

    folder: Path
    kept: int = KEPT

    @property
    def results(self) -> Path:
        return self.folder / "results"

    @property
    def docs(self) -> Path:
        return self.folder / "docs"


def keeping_gate(folder: Path) -> Gate:
    """The gate on audiences, that keeps what it finds. It raises GateError."""
    return partial(_judge_and_keep, Place(folder))


def _judge_and_keep(place: Place, proposal: Proposal) -> GateResult:
    result = audience_gate(proposal)
    try:
        return keep(place, proposal, result, datetime.now(UTC))
    except OSError as error:
        raise GateError(f"cannot keep the gate's result: {error.filename}: {error.strerror}") from error


def keep(place: Place, proposal: Proposal, result: GateResult, now: datetime) -> GateResult:
    """Write a result down, and say where. One that says what the last one of that day said takes its place."""
    day, audience = proposal.as_of.isoformat(), proposal.audience.name
    known = _stems(place.results / audience)
    last = max((number for each, number in known if each == day), default=0)
    told = _content(proposal, result, now)
    same = last and _without_time(_read(place, audience, day, last)) == _without_time(told)
    stem = f"{day}-{last if same else last + 1}"
    _write(place.results / audience / f"{stem}.json", json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    page = place.docs / audience / f"{stem}.html"
    _write(page, result_page(Judgement(audience, stem, now, result)))
    _forget(place, audience)
    _write(place.docs / "index.html", index_page(_all(place)))
    return replace(result, page=str(page))


def _content(proposal: Proposal, result: GateResult, now: datetime) -> dict[str, Any]:
    audience = proposal.audience
    told: dict[str, Any] = {
        "version": VERSION,
        "audience": audience.name,
        "destination": audience.destination,
        "segment": audience.segment,
        "as_of": proposal.as_of.isoformat(),
        "judged_at": now.isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
    told |= result.as_json()
    del told["page"]
    plain: dict[str, Any] = json.loads(json.dumps(told))
    return plain


def _without_time(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name != "judged_at"}


def _stems(folder: Path) -> list[tuple[str, int]]:
    """The days and numbers of an audience's results, oldest first."""
    found = (NAMED.fullmatch(file.stem) for file in folder.glob("*.json"))
    return sorted((name[1], int(name[2])) for name in found if name)


def _read(place: Place, audience: str, day: str, number: int) -> dict[str, Any]:
    text = (place.results / audience / f"{day}-{number}.json").read_text(encoding="utf-8")
    told: dict[str, Any] = json.loads(text)
    return told


def _forget(place: Place, audience: str) -> None:
    for day, number in _stems(place.results / audience)[: -place.kept]:
        (place.docs / audience / f"{day}-{number}.html").unlink(missing_ok=True)
        (place.results / audience / f"{day}-{number}.json").unlink()


def _all(place: Place) -> list[dict[str, Any]]:
    folders = sorted(folder for folder in place.results.iterdir() if folder.is_dir())
    return [
        {**_read(place, folder.name, day, number), "stem": f"{day}-{number}"}
        for folder in folders
        for day, number in reversed(_stems(folder))
    ]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.partial")
    aside.write_text(text, encoding="utf-8")
    aside.replace(path)
