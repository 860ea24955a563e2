"""A git repository around a small project."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

WHO = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@localhost", "GIT_COMMITTER_NAME": "a"}
WHO |= {"GIT_COMMITTER_EMAIL": "a@localhost", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, without anybody's settings; its output."""
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], env={**os.environ, **WHO}, capture_output=True, check=True
    )
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
