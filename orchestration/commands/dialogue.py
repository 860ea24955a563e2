"""Asking for a segment on a terminal: what was not given by flags, one question at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import typer

from orchestration import printing
from orchestration.compiler.problem import Problems, nearest
from orchestration.drafts.condition import text_to_conditions
from orchestration.drafts.draft import Draft, key_fault, line_fault, name_to_key
from orchestration.drafts.handwriting import Data
from orchestration.drafts.hints import entity_to_hints, name_to_hints
from orchestration.drafts.judging import Surroundings

ANSWER = "your answer"
FINISHED = ""


@dataclass(frozen=True)
class Dialogue:
    """Questions about a segment of a project; they are asked on standard error, so that results stay apart."""

    project: Surroundings

    def entity(self) -> str:
        entities = self.project.catalog.entities
        _say(f"entities: {', '.join(entities)}")
        return _asked("Who is in the segment? Entity", lambda answer: _one_of(answer, tuple(entities)))

    def name(self) -> str:
        return _asked("Name", lambda answer: "" if answer.strip() else "a name has at least one letter")

    def key(self, name: str) -> str:
        return _asked("Key (the file's name, for good)", self.key_fault, name_to_key(name) or None)

    def key_fault(self, key: str) -> str:
        holder = self.project.holder_of(key)
        return f"it is that of {holder}" if holder else key_fault(key)

    def owner(self) -> str:
        if self.project.owners:
            _say(f"owners so far: {', '.join(self.project.owners)}")
        return _asked("Owner", lambda answer: "" if answer.strip() else "somebody should answer for it")

    def description(self) -> str:
        return _asked("Description (empty for none)", lambda _: "", "")

    def conditions(self, draft: Draft) -> tuple[Data, ...]:
        """Conditions one at a time, each looked at before the next is asked for; at least one."""
        _say("Conditions, one a line, as in `plan: pro`; `?` shows what can be said, an empty line ends.")
        found = draft.conditions
        while True:
            answer = typer.prompt(f"Condition {len(found) + 1}", default=FINISHED, show_default=False, err=True)
            if answer.startswith("?"):
                self._help(draft.entity, answer.removeprefix("?").strip())
            elif answer.strip():
                found += self._condition(replace(draft, conditions=()), answer)
            elif found:
                return found
            else:
                _say("a segment needs at least one condition")

    def _help(self, entity: str, name: str) -> None:
        known = self.project.entity(entity)
        for line in name_to_hints(known, name) if name else entity_to_hints(known):
            _say(line)

    def _condition(self, draft: Draft, answer: str) -> tuple[Data, ...]:
        """The conditions of an answer; none where something is wrong with them, which is shown."""
        try:
            found = text_to_conditions(answer, ANSWER)
        except Problems as problems:
            printing.problems(problems.problems, as_json=False)
            return ()
        faults = self.project.faults(replace(draft, conditions=found))
        printing.problems(faults, as_json=False)
        return () if faults else found

    def any_of_them(self) -> bool:
        answer = _asked("Must all of them hold, or any one? all/any", lambda text: _one_of(text, ("all", "any")), "all")
        return answer == "any"

    def may_write(self, draft: Draft, rule: str) -> bool:
        _say(f"\n{draft.to_source().text}\n{rule}")
        return typer.confirm(f"Write {draft.path}?", default=True, err=True)


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _one_of(answer: str, known: tuple[str, ...]) -> str:
    return "" if answer in known else nearest(answer, known)


def _asked(question: str, fault_of: Callable[[str], str], default: str | None = None) -> str:
    """An answer with nothing wrong about it."""
    while True:
        answer: str = typer.prompt(question, default=default, show_default=bool(default), err=True)
        fault = line_fault(answer) or fault_of(answer)
        if not fault:
            return answer.strip()
        _say(fault)
