"""Names that Muster's own tables and folders have taken."""

from __future__ import annotations

from orchestration.compiler.fields import Report
from orchestration.compiler.source import Entry

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
