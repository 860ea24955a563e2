"""What of a query cannot be taken over: where it stands, why, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from orchestration.compiler.problem import readable

MAX_FAULTS = 200


@dataclass(frozen=True)
class Fault:
    """`path` leads to the place as in JSONPath, `$` being the document. All three are on one line."""

    path: str
    reason: str
    remedy: str

    def __post_init__(self) -> None:
        for name in ("path", "reason", "remedy"):
            object.__setattr__(self, name, readable(getattr(self, name)))


class Faults(Exception):
    """Everything that is wrong with a query, in the order of the document."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{fault.path}: {fault.reason}" for fault in self.faults))


@dataclass
class Told:
    """Where the stages leave faults, and notes on how the query was read."""

    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def fault(self, path: str, reason: str, remedy: str) -> None:
        self.add(Fault(path, reason, remedy))

    def add(self, fault: Fault) -> None:
        self.faults.append(fault)
        if len(self.faults) >= MAX_FAULTS:
            raise Faults(self.faults)

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(readable(text))

    def close(self) -> None:
        """Raise the faults, if there are any."""
        if self.faults:
            raise Faults(self.faults)
