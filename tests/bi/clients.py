"""Where the BI clients are installed: an environment of their own, which `make test-bi` makes."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest

ENVIRONMENT = Path(__file__).parents[2] / ".venv-bi"
PROGRAMS = ENVIRONMENT / "bin"


def client(name: str) -> Path:
    """The client's program; where it is not installed the test is skipped."""
    if not (PROGRAMS / name).is_file():
        _skip(name)
    return PROGRAMS / name


def python_with(library: str) -> Path:
    """The environment's Python; where the library is not installed the test is skipped."""
    if not any(ENVIRONMENT.glob(f"lib/python*/site-packages/{library}")):
        _skip(library)
    return PROGRAMS / "python"


def _skip(name: str) -> NoReturn:
    pytest.skip(f"{name} is not installed here; `make test-bi` installs it")
