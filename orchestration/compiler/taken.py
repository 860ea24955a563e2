"""Names that Muster's own tables and folders have taken."""

from __future__ import annotations

from orchestration.compiler.fields import Report
from orchestration.compiler.source import Entry, Mapping, Scalar

# an entity's tables are `<entity>_segments`, `<entity>_spells` and so on; those of all entities have these beginnings
TAKEN = {
    "segment": "segment_spells",
    "segment_definition": "segment_definition_history",
    "subject": "subject_segments",
    "entity": "entity_spells",
    "audience": "audience_<key>",
    "audiences": "the folder audiences/",
    "all": "the folder all/",
    "lists": "the folder lists/",
    "static": "static_<list>",
}


# columns that stand beside a subject's key in Muster's own tables and queries
COLUMNS = frozenset(
    (
        *("measure", "definition", "day", "events", "known_values", "total", "minimum", "maximum"),
        *("segment", "entity", "subject_key", "status", "member", "at", "period", "place", "passes"),
        *("valid_from", "valid_to", "is_member", "previous_is_member", "previous_valid_to"),
        *("entered_on", "exited_on", "arrived_on", "departed_on", "as_of_date", "stay", "transition", "reason"),
    )
)


def refuse_taken_names(entities: tuple[Entry, ...], report: Report) -> None:
    """Report entities whose tables would have the names of Muster's own, or of another entity's."""
    seen: dict[str, str] = {}
    for entry in entities:
        name = entry.name.lower()
        if name in TAKEN:
            message = f"an entity cannot be called `{entry.name}`: Muster has {TAKEN[name]} of its own"
            report.error("name-taken", message, entry.key.span, "call it otherwise; its `model:` may stay")
        elif name in seen:
            message = f"`{entry.name}` differs from the entity `{seen[name]}` only in capital letters"
            report.error("name-taken", message, entry.key.span, "call one of the two otherwise")
        seen.setdefault(name, entry.name)
        _refuse_taken_key(entry, report)


def _refuse_taken_key(entity: Entry, report: Report) -> None:
    """Report a key column that Muster's own columns would be mistaken for."""
    key = entity.value.get("key") if isinstance(entity.value, Mapping) else None
    if key and isinstance(key.value, Scalar) and key.value.text.lower() in COLUMNS:
        message = f"a key cannot be called `{key.value.text}`: a column of Muster's own stands beside it"
        report.error("name-taken", message, key.value.span, "call it otherwise in a model of your own")
