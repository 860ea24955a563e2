"""One condition as it is typed on a command line."""

from __future__ import annotations

from orchestration.compiler.problem import Problems, SourceFile
from orchestration.compiler.source import Node, parse
from orchestration.drafts.handwriting import Data, node_to_data


def text_to_conditions(text: str, said: str) -> tuple[Data, ...]:
    """The conditions that a text is: mostly one, several where it is a list.

    Braces round several fields may be left out, as in `performed: purchase, in_last: 3 days`. `said` is what the text
    is called in problems. Raises Problems where it is no YAML.
    """
    found = node_to_data(_node(SourceFile(said, text)))
    return tuple(found) if isinstance(found, list) and found else (found,)


def _node(source: SourceFile) -> Node:
    try:
        return parse(source)
    except Problems as problems:
        try:
            return parse(SourceFile(source.path, f"{{{source.text}}}"))
        except Problems:
            raise problems from None
