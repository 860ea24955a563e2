"""Files on their way: the same steps whether they lie in a folder, on an SFTP server or in a bucket."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from orchestration.audiences.delivery import Delivery
from orchestration.audiences.destinations.base import Journal, Receipt
from orchestration.audiences.files import AudienceFile, FileForm, delivery_to_file, path_to_manifest
from orchestration.audiences.files.redaction import redacted

ASIDE = ".partial"


class FileStore(Protocol):
    """A place for files. Paths are `folder/name` below its root; all methods raise DestinationError."""

    def open_folder(self, folder: str) -> None:
        """Make a folder where it is missing, and drop what killed runs left aside in it."""
        ...

    def read(self, path: str) -> bytes | None:
        """A file's bytes, null where there is none."""
        ...

    def write(self, path: str, content: bytes) -> None:
        """Put a file there, for good and in one piece: nobody ever sees a part of it."""
        ...

    def vouch(self, path: str, manifest: bytes) -> None:
        """Put a manifest there in the same way."""
        ...

    def withdraw(self, path: str) -> None:
        """Take away a manifest that vouches for other bytes, or refuse."""
        ...

    def flush(self, folder: str) -> None:
        """Make sure of what was done in a folder."""
        ...

    def location(self, path: str) -> str:
        """Where a file lies, for people."""
        ...


@dataclass(frozen=True)
class FileDestination:
    """A destination that takes files: `connect` opens its store for the time of one delivery."""

    connect: Callable[[], AbstractContextManager[FileStore]]
    form: FileForm

    def deliver(self, delivery: Delivery, _journal: Journal) -> Receipt:
        """Write the file and then its manifest. Raises DestinationError."""
        file = delivery_to_file(delivery, self.form)
        with self.connect() as store:
            store.open_folder(file.folder)
            repeated = not _put(store, file)
            store.flush(file.folder)
            return Receipt(
                delivery_id=delivery.key,
                path=file.path,
                location=store.location(file.path),
                sha256=file.sha256,
                bytes=len(file.content),
                repeated=repeated,
            )

    def redact(self, paths: Iterable[str], column: str, key: str) -> int:
        """Take one subject's rows out of files that were delivered. How many files that were. Raises DestinationError.

        A file is replaced before its manifest, so for a moment it fails the receiver's check; whoever finds that waits.
        """
        told, changed = self._told(column, key), 0
        with self.connect() as store:
            for path in paths:
                changed += _redact(store, path, column, told)
        return changed

    def names(self, path: str, column: str, key: str) -> bool:
        """Whether a file that was delivered has a row of the subject. Raises DestinationError."""
        with self.connect() as store:
            content, manifest = store.read(path), store.read(path_to_manifest(path))
        return bool(content and manifest and redacted(content, manifest, column, self._told(column, key)).rows)

    def _told(self, column: str, key: str) -> set[str]:
        return {key, str(self.form.convention.sent(column, key))}


def _redact(store: FileStore, path: str, column: str, told: Collection[str]) -> bool:
    manifest_path = path_to_manifest(path)
    content, manifest = store.read(path), store.read(manifest_path)
    if content is None or manifest is None:
        return False
    left = redacted(content, manifest, column, told)
    if left.manifest == manifest:
        return False
    store.write(path, left.content)
    store.write(manifest_path, left.manifest)
    return True


def _put(store: FileStore, file: AudienceFile) -> bool:
    """Bring file and manifest there, whatever is there already. False when both were."""
    manifest = store.read(file.manifest_path)
    if manifest not in (None, file.manifest):
        # No manifest may stand beside bytes that it does not describe.
        store.withdraw(file.manifest_path)
    held = store.read(file.path) == file.content
    if not held:
        store.write(file.path, file.content)
    if manifest != file.manifest:
        store.vouch(file.manifest_path, file.manifest)
    return not held or manifest != file.manifest


def is_left_over(name: str) -> bool:
    """Whether a file's name is one that only a killed run leaves."""
    return name.startswith(".") and name.endswith(ASIDE)


def aside_of(name: str) -> str:
    """The hidden name under which a file is written before it is renamed."""
    return f".{name}{ASIDE}"
