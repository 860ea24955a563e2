"""A workflow of GitHub Actions, read from its file, and its steps run as GitHub would run them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.project import REPOSITORY

WORKFLOWS = REPOSITORY / ".github" / "workflows"
BESIDES = ("make install",)


def workflow(name: str) -> dict[str, Any]:
    """A workflow's file; YAML 1.1 reads its key `on` as true."""
    read = yaml.safe_load((WORKFLOWS / name).read_text("utf-8"))
    read["on"] = read.pop(True)
    return dict(read)


@dataclass(frozen=True)
class Ran:
    """What became of a step."""

    command: str
    code: int
    out: str
    err: str


def run_job(
    job: Mapping[str, Any], folder: Path, surroundings: Mapping[str, str], context: Mapping[str, str]
) -> list[Ran]:
    """Run the commands of a job in a checkout, except the installation; after one that failed only those with an `if`.

    `context` gives the value of each expression that stands in the steps' `env`.
    """
    ran: list[Ran] = []
    for step in job["steps"]:
        failed = any(each.code for each in ran)
        if "run" not in step or step["run"] in BESIDES or (failed and "!cancelled()" not in step.get("if", "")):
            continue
        more = {name: context[value] for name, value in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=folder,
            env={**surroundings, **more},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        ran.append(Ran(step["run"], done.returncode, done.stdout, done.stderr))
    return ran
