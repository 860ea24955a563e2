"""The YAML of models whose shape is the same for every entity: descriptions, and how they grow."""

from __future__ import annotations

from orchestration.compiler.pieces import Document, column_document, model_document


def history_documents(name: str, key: str, served: tuple[str, ...]) -> list[Document]:
    """What is made of the history of one entity's flags; `served` are segments whose daily membership is not kept."""
    subject = column_document(key, f"The {name}.")
    segment = column_document("segment", "The segment's key.")
    return [
        model_document(
            f"{name}_presence",
            f"When each {name} was in the base population.",
            [
                subject,
                column_document("arrived_on", "The first day in."),
                column_document("departed_on", "The first day out, or null."),
            ],
            **_growing([key, "arrived_on"], "{{ forget_since('arrived_on') }}", "{{ reopen_since('departed_on') }}"),
        ),
        model_document(
            f"{name}_spells",
            "Stays in segments.",
            [segment, subject, *_spell_columns()],
            **_growing(
                ["segment", key, "entered_on"],
                "{{ forget_since('entered_on') }}",
                "{{ reopen_since('exited_on', ['exit_reason']) }}",
            ),
        ),
        model_document(
            f"{name}_transitions",
            "Entries and exits.",
            [
                column_document("as_of_date", "The day of the move."),
                segment,
                subject,
                column_document("transition", "entered or exited."),
                column_document("reason", "Why."),
            ],
            materialized="view",
        ),
        *_membership_documents(name, subject, segment, served),
        model_document(
            f"{name}_blocks",
            "Members as bits, by which members in common are counted; its numbers mean something to one build only.",
            [
                segment,
                column_document("block", "Which keys the bits stand for: so many in a row, in the order of keys."),
                column_document("bits", "A number with the bit of each member set."),
            ],
        ),
    ]


def _membership_documents(name: str, subject: Document, segment: Document, served: tuple[str, ...]) -> list[Document]:
    day = column_document("as_of_date", "The day.")
    listed = ", ".join(f"'{each}'" for each in served)
    return [
        model_document(
            f"{name}_membership_kept",
            "Members on each of the last days, as far as they are kept from day to day.",
            [day, segment, subject],
            materialized="incremental",
            incremental_strategy="append",
            pre_hook="{{ forget_members([" + listed + "]) }}",
        ),
        model_document(
            f"{name}_membership_daily",
            "Members on each of the last days.",
            [day, segment, subject],
            materialized="view",
        ),
    ]


def _spell_columns() -> list[Document]:
    return [
        column_document("entered_on", "The first day in."),
        column_document("exited_on", "The first day out; null while in."),
        column_document("entry_reason", "data, arrived or definition."),
        column_document("exit_reason", "data, departed, definition or archived; null while in."),
        column_document(
            "entry_observed", "False for stays already open when the judging of the segment began, or began again."
        ),
    ]


def _growing(unique_key: list[str], *hooks: str) -> Document:
    """A table that is rewound to the first changed day and goes on from there; never made of a shortened history."""
    return {
        "materialized": "incremental",
        "incremental_strategy": "delete+insert",
        "unique_key": unique_key,
        "pre_hook": list(hooks),
        "full_refresh": "{{ false if var('history_days', 0) else none }}",
    }
