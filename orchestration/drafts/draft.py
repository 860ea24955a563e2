"""A segment that is not written yet, and the file it would be."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

from orchestration.compiler.names import uncut
from orchestration.compiler.problem import SourceFile
from orchestration.compiler.spec import KEY, NO_KEYS
from orchestration.drafts.handwriting import Data, mapping_to_yaml

IRREGULAR = {"person": "people", "child": "children", "man": "men", "woman": "women"}
LONGEST_KEY = 55
SPECS = PurePosixPath("segment_specs")


@dataclass(frozen=True)
class Draft:
    """What a spec would say. `more` are further fields, as in the segment that it is made like."""

    key: str
    entity: str
    folder: str
    conditions: tuple[Data, ...]
    joined: Literal["all", "any"] = "all"
    name: str = ""
    owner: str = ""
    description: str = ""
    labels: tuple[str, ...] = ()
    more: Mapping[str, Data] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The file's path from the project."""
        return (SPECS / self.folder / f"{self.key}.yml").as_posix()

    def to_source(self) -> SourceFile:
        """The file's text."""
        fields: dict[str, Data] = {"name": self.name, "entity": self.entity, "owner": self.owner}
        fields |= {"description": self.description, "labels": self.labels, **self.more, "where": self._where()}
        return SourceFile(
            self.path, mapping_to_yaml({name: value for name, value in fields.items() if value not in ("", ())})
        )

    def _where(self) -> Data:
        if self.joined == "any" and len(self.conditions) > 1:
            return {"any": self.conditions}
        only = self.conditions[0] if len(self.conditions) == 1 else None
        is_group = isinstance(only, Mapping) and set(only) <= {"all", "any", "none"}
        return only if is_group else self.conditions


def name_to_key(name: str) -> str:
    """The key that a name suggests; empty where its letters give none."""
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode("ascii")
    if not any(char.isalnum() for char in plain):
        return ""
    return uncut(plain).lstrip("0123456789_")[:LONGEST_KEY].rstrip("_")


def key_fault(key: str) -> str:
    """Why this cannot be the key of a segment; empty where it can."""
    if not KEY.match(key):
        return "use small letters, digits and _, beginning with a letter, at most 55"
    return f"`{key}` is a name that dbt or Muster uses" if key.startswith("dbt_") or key in NO_KEYS else ""


def plural(entity: str) -> str:
    """The English plural of an entity's name, for a folder of its segments."""
    if entity in IRREGULAR:
        return IRREGULAR[entity]
    if entity.endswith("y") and entity[-2:-1] not in tuple("aeiou"):
        return f"{entity[:-1]}ies"
    return f"{entity}es" if entity.endswith(("s", "x", "z", "ch", "sh")) else f"{entity}s"


def folder_of(entity: str, paths: Iterable[str]) -> str:
    """The folder in which most of an entity's other segments are; `paths` are theirs, from the project."""
    folders = Counter(PurePosixPath(path).parent.relative_to(SPECS).as_posix() for path in paths)
    return min(folders, key=lambda folder: (-folders[folder], folder), default=plural(entity))


def folder_fault(folder: str) -> str:
    """Why segments cannot be in this folder below `segment_specs/`; empty where they can."""
    parts = PurePosixPath(folder).parts
    if not parts or folder.startswith("/") or any(part.startswith(".") for part in parts):
        return "name a folder below segment_specs, as in `people`"
    if parts[0] in ("audiences", "static"):
        return f"segment_specs/{parts[0]} is for other files"
    strange = "\\" in folder or not folder.isprintable() or len(folder) > 200
    return "use letters, digits, - and _" if strange else ""


def text_fault(text: str) -> str:
    """Why a text cannot be written into a file; empty where it can."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "this is not UTF-8"
    return ""


def line_fault(text: str) -> str:
    """Why a text cannot be a name, which takes one line; empty where it can."""
    breaks = any(unicodedata.category(char) in ("Cc", "Zl", "Zp") for char in text)
    return text_fault(text) or ("write it on one line, without control characters" if breaks else "")
