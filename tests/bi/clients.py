"""Where the BI clients are installed: an environment of their own, which `make test-bi` makes."""

from __future__ import annotations

from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parents[2] / ".venv-bi" / "bin"


def client(name: str) -> Path:
    """The client's program; where it is not installed the test is skipped."""
    if not (PROGRAMS / name).is_file():
        pytest.skip(f"{name} is not installed here; `make test-bi` installs it")
    return PROGRAMS / name
