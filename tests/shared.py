"""Material that lies beside the repository in `../shared` and is no part of it: tests do without where it is absent."""

from __future__ import annotations

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def shared(*parts: str) -> Path | None:
    """A file or folder of `../shared`, or of the folder that MUSTER_SHARED names; null where it is not there."""
    folder = os.environ.get("MUSTER_SHARED")
    path = (Path(folder) if folder else REPOSITORY.parent / "shared").joinpath(*parts)
    return path if path.exists() else None
