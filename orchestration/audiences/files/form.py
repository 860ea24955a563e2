"""What a destination's settings say about its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from orchestration.audiences.errors import DestinationError
from orchestration.audiences.identifiers import AS_THEY_ARE, Convention, settings_to_convention

Choice = TypeVar("Choice", bound=StrEnum)


class Format(StrEnum):
    """How rows are written."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


class Compression(StrEnum):
    """How bytes are made fewer: a CSV or JSON Lines file as a whole, a Parquet file inside, page by page."""

    NONE = "none"
    GZIP = "gzip"


class Formulas(StrEnum):
    """What becomes of text in a CSV file that a spreadsheet would take for a formula."""

    KEEP = "keep"
    NEUTRALISE = "neutralise"


@dataclass(frozen=True)
class FileForm:
    """The form of a destination's files."""

    format: Format = Format.CSV
    compression: Compression = Compression.NONE
    formulas: Formulas = Formulas.KEEP
    convention: Convention = AS_THEY_ARE

    @property
    def ending(self) -> str:
        """The ending of the file's name."""
        packed = self.compression is Compression.GZIP and self.format is not Format.PARQUET
        return f"{self.format}.gz" if packed else str(self.format)


def settings_to_form(name: str, settings: Mapping[str, Any]) -> FileForm:
    """The form that the settings of destination `name` ask for. Raises DestinationError."""
    return FileForm(
        format=_choice(name, settings, "format", Format.CSV),
        compression=_choice(name, settings, "compression", Compression.NONE),
        formulas=_choice(name, settings, "formulas", Formulas.KEEP),
        convention=settings_to_convention(name, settings),
    )


def _choice(name: str, settings: Mapping[str, Any], setting: str, default: Choice) -> Choice:
    known = type(default)
    try:
        return known(settings.get(setting, default))
    except ValueError:
        raise DestinationError(
            f"destination {name}: {setting} {settings[setting]!r} is unknown", f"write one of {', '.join(known)}"
        ) from None
