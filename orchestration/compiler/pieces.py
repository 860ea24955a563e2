"""Pieces of the YAML that dbt reads: models and columns with their words."""

from __future__ import annotations

from typing import TypeAlias

from orchestration.compiler.sql import identifier

Document: TypeAlias = dict[str, object]


def said(words: str) -> str:
    """Words from a spec as a value that dbt renders: each opening of its template language as a quoted constant."""
    if not any(opening in words for opening in ("{{", "{%", "{#")):
        return words
    return "{{ " + repr(words.replace("{", "\0")).replace("\\x00", "\\x7b") + " }}"


def column_document(name: str, description: str, *tests: str) -> Document:
    column: Document = {"name": name, "description": said(description)}
    if identifier(name).quoted:
        column["quote"] = True
    return {**column, "data_tests": list(tests)} if tests else column


def model_document(name: str, description: str, columns: list[Document], **config: object) -> Document:
    found: Document = {"name": name, "description": said(description)}
    if config:
        found["config"] = config
    return {**found, "columns": columns}
