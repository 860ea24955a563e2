"""What a gate found. Personal data never stands in it in clear: examples of subjects are hashes."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Finding:
    """One expectation's verdict. `observed` is a figure, `unexpected` the number of rows that broke it.

    `examples` are the first of those rows: hashes of subject keys, see `key_hash`.
    """

    expectation: str
    column: str | None
    passed: bool
    observed: int | float | str | None
    unexpected: int
    examples: tuple[str, ...] = ()

    def sentence(self) -> str:
        """The finding for people."""
        words = self.expectation.removeprefix("expect_").replace("_", " ")
        column = f"{self.column}: " if self.column else ""
        rows = f"{self.unexpected} rows not" if self.unexpected else f"found {self.observed}"
        examples = f", such as {', '.join(self.examples)}" if self.examples else ""
        return f"{column}{words} ({rows}{examples})"


@dataclass(frozen=True)
class GateResult:
    """A gate's verdict. It passes when every expectation does."""

    gate: str
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        return all(finding.passed for finding in self.findings)

    @property
    def failures(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if not finding.passed)

    def summary(self) -> str:
        """The verdict for people."""
        if self.passed:
            return f"gate {self.gate} passed: {len(self.findings)} expectations"
        return f"gate {self.gate} failed: " + "; ".join(finding.sentence() for finding in self.failures)

    def as_json(self) -> dict[str, object]:
        """The result for `--json` and for Dagster's metadata."""
        return {"gate": self.gate, "passed": self.passed, "findings": [asdict(finding) for finding in self.findings]}


def key_hash(key: object) -> str:
    """The first 12 hexadecimal digits of the SHA-256 of a subject's key as text."""
    return hashlib.sha256(str(key).encode()).hexdigest()[:12]
