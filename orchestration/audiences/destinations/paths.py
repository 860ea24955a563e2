"""Paths on other machines, as somebody wrote them in `destinations.yml`."""

from __future__ import annotations

from orchestration.audiences.errors import DestinationError


def written_path(name: str, written: object, *, absolute: bool) -> str:
    """A path that leads nowhere but down, its parts joined by single slashes. Raises DestinationError.

    An empty one is the place itself where one begins; only where `absolute` paths make sense may it begin with a slash.
    """
    if not isinstance(written, str):
        raise _refused(name, "it names no path")
    parts = [part for part in written.strip().split("/") if part not in ("", ".")]
    if ".." in parts or "\\" in written or written.startswith("~") or not written.isprintable():
        raise _refused(name, f"path {written!r} does not name a folder inside")
    if written.startswith("/") and not absolute:
        raise _refused(name, f"path {written!r} begins with a slash")
    return ("/" if written.startswith("/") else "") + "/".join(parts)


def _refused(name: str, problem: str) -> DestinationError:
    return DestinationError(
        f"destination {name}: {problem}", "write the way down to it, as in `path: exports/crm`, in destinations.yml"
    )
