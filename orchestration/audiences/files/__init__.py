"""The file of a delivery and its manifest; `docs/files.md` tells receivers what is in them.

One module writes each format; all of them are given the same table, and the same delivery gives the same bytes.
"""

from __future__ import annotations

from orchestration.audiences.files.file import AudienceFile, delivery_to_file, path_to_manifest
from orchestration.audiences.files.form import Compression, FileForm, Format, Formulas, settings_to_form

__all__ = [
    "AudienceFile",
    "Compression",
    "FileForm",
    "Format",
    "Formulas",
    "delivery_to_file",
    "path_to_manifest",
    "settings_to_form",
]
