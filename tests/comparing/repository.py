"""A git repository around a small project."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.pull_requests.repository import alone


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, without anybody's settings; its output."""
    done = subprocess.run(["git", *arguments], cwd=folder, env=alone(folder), capture_output=True, check=True)
    return done.stdout.decode().strip()


def begin(folder: Path) -> None:
    """Make the folder a repository with one commit of all that is in `segment_specs`."""
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder)


def commit(folder: Path) -> str:
    """Commit the specs as they are; the commit."""
    git(folder, "add", "--all", "segment_specs")
    git(folder, "commit", "--quiet", "--allow-empty", "--message=specs")
    return git(folder, "rev-parse", "HEAD")
