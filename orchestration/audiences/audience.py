"""Audiences as the dbt manifest describes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from orchestration.audiences.errors import DefinitionError

OPERATION = "operation"
HELD_BACK_BY = "held_back_by"
CONSENT = "consent"
VARIANT = "variant"
HOLDOUT = "holdout"
HELD_BACK_FOR = "held_back_for"
ERASED = "erased"
EXIT = "exit_when"
WITHDRAWN = frozenset({"withdrawn", CONSENT, "suppression", ERASED})
RESERVED = frozenset({OPERATION, HELD_BACK_BY, HELD_BACK_FOR, VARIANT})
SYSTEM = ("type", "host", "bucket")
REMEDY = "correct the audience's file in segment_specs/audiences/, then run `muster compile` and `dbt parse`"


class Send(StrEnum):
    """What a delivery says: the whole set, the changes since the last one, or each subject at most once, ever."""

    FULL = "full"
    CHANGES = "changes"
    ENTRIES_ONCE = "entries_once"


@dataclass(frozen=True)
class Guard:
    """Limits of one push. `max_change` is a share of the last acknowledged size, null for no limit."""

    max_change: Decimal | None = None
    allow_empty: bool = False


@dataclass(frozen=True)
class Audience:
    """One audience. `key` is the entity's key column; `fields` maps a column of the file to the entity's attribute.

    `split` are the variants and their shares in percent, as written; `into` says where in the destination they go, such
    as a tag or a list; `freshness` is the promised time between acknowledgements, in hours; `formerly` are the names it
    had before.
    """

    name: str
    entity: str
    key: str
    segment: str
    model: str
    destination: str
    send: Send
    identify_by: tuple[str, ...]
    fields: Mapping[str, str] = field(default_factory=dict)
    consent: str | None = None
    exclude_segments: tuple[str, ...] = ()
    guard: Guard = Guard()
    schedule: str | None = None
    timezone: str = "UTC"
    owner: str | None = None
    description: str | None = None
    destination_settings: Mapping[str, Any] = field(default_factory=dict)
    into: Mapping[str, Any] = field(default_factory=dict)
    split: Mapping[str, Decimal] = field(default_factory=dict)
    freshness: int | None = None
    formerly: tuple[str, ...] = ()

    @property
    def reaches(self) -> str:
        """Which system the destination is: what a change of its settings may not change without anybody noticing."""
        settings = self.destination_settings
        named = [*SYSTEM, *(["region"] if settings.get("type") != "s3" else [])]
        return " ".join(f"{name}={settings[name]}" for name in named if name in settings)

    @property
    def field_columns(self) -> tuple[str, ...]:
        """The fields that are neither the key nor an identifier: those are in the file anyway."""
        return tuple(name for name in self.fields if name != self.key and name not in self.identify_by)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns read from the audience's table, each once, in the order of the file."""
        return tuple(dict.fromkeys((self.key, *self.identify_by, *self.field_columns)))


def audiences_of(manifest: Mapping[str, Any]) -> dict[str, Audience]:
    """All audiences of a parsed dbt manifest, by key, in the order of their keys. Raises DefinitionError."""
    described = [meta for exposure in manifest.get("exposures", {}).values() if (meta := _muster_meta(exposure))]
    found = [meta_to_audience(meta) for meta in described if "audience" in meta]
    return {audience.name: audience for audience in sorted(found, key=lambda each: each.name)}


def meta_to_audience(meta: Mapping[str, Any]) -> Audience:
    """The audience that an exposure's `meta.muster` describes. Raises DefinitionError."""
    name = str(meta["audience"])
    try:
        audience = _build(meta)
    except KeyError as missing:
        raise DefinitionError(f"audience {name}: its exposure has no {missing}", REMEDY) from missing
    except (ValueError, ArithmeticError, TypeError, AttributeError) as error:
        raise DefinitionError(f"audience {name}: {error}", REMEDY) from error
    _check(audience)
    return audience


def _muster_meta(exposure: Mapping[str, Any]) -> Mapping[str, Any] | None:
    for meta in (exposure.get("meta"), exposure.get("config", {}).get("meta")):
        if meta and isinstance(meta.get("muster"), Mapping):
            found: Mapping[str, Any] = meta["muster"]
            return found
    return None


def _build(meta: Mapping[str, Any]) -> Audience:
    return Audience(
        name=str(meta["audience"]),
        entity=str(meta["entity"]),
        key=str(meta["key"]),
        segment=str(meta["segment"]),
        model=str(meta["model"]),
        destination=str(meta["destination"]),
        send=Send(meta["send"]),
        identify_by=tuple(meta["identify_by"]),
        fields=dict(meta.get("fields") or {}),
        consent=meta.get("consent"),
        exclude_segments=tuple(meta.get("exclude_segments") or ()),
        guard=_guard(meta.get("guard") or {}),
        schedule=meta.get("schedule"),
        timezone=meta.get("timezone") or "UTC",
        owner=meta.get("owner"),
        description=meta.get("description"),
        destination_settings=dict(meta.get("destination_settings") or {}),
        into=dict(meta.get("into") or {}),
        split={str(name): Decimal(str(share)) for name, share in (meta.get("split") or {}).items()},
        freshness=meta.get("freshness"),
        formerly=tuple(meta.get("formerly") or ()),
    )


def _guard(meta: Mapping[str, Any]) -> Guard:
    share = meta.get("max_change")
    # Through text: the double 0.1 is a little more than a tenth, and a limit of a tenth means a tenth.
    limit = None if share is None else Decimal(str(share))
    return Guard(max_change=limit, allow_empty=bool(meta.get("allow_empty")))


def _check(audience: Audience) -> None:
    name = audience.name
    if not re.fullmatch(r"\w[\w-]*", name):
        raise DefinitionError(f"audience {name!r}: a key may hold only letters, digits, _ and -", REMEDY)
    if not audience.identify_by:
        raise DefinitionError(f"audience {name}: identify_by is empty", REMEDY)
    taken = RESERVED | ({CONSENT} if audience.consent else set())
    if reserved := [column for column in audience.columns if column in taken]:
        raise DefinitionError(f"audience {name}: Muster itself uses the column name {reserved[0]}", REMEDY)
    for column, attribute in audience.fields.items():
        if column not in audience.field_columns and attribute != column:
            raise DefinitionError(f"audience {name}: field {column} has the name of an identifier", REMEDY)
