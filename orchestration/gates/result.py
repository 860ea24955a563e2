"""What a gate found. Personal data never stands in it in clear: examples of subjects are hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

Figure = int | float | str | None
LIMITS = {"min_value": "at least", "max_value": "at most"}


@dataclass(frozen=True)
class Finding:
    """One expectation's verdict. `observed` is a figure, `unexpected` the number of rows that broke it, of `rows`.

    `examples` are some of those rows: hashes of subject keys, see `key_hash`. `arguments` are the expectation's own,
    by Great Expectations' names.
    """

    expectation: str
    column: str | None
    passed: bool
    observed: Figure
    unexpected: int
    examples: tuple[str, ...] = ()
    rows: int | None = None
    arguments: Mapping[str, object] = field(default_factory=dict)

    def sentence(self) -> str:
        """The finding for people."""
        words = self.expectation.removeprefix("expect_").replace("_", " ")
        words += "".join(f", {LIMITS[name]} {value}" for name, value in self.arguments.items() if name in LIMITS)
        column = f"{self.column}: " if self.column else ""
        rows = f"{self.unexpected} rows not" if self.unexpected else f"found {self.observed}"
        examples = f", such as {', '.join(self.examples)}" if self.examples else ""
        return f"{column}{words} ({rows}{examples})"


@dataclass(frozen=True)
class GateResult:
    """A gate's verdict. It passes when every expectation does.

    `figures` are those of the push, such as its size; `judged_in` says what looked at the rows: `memory` or the
    `warehouse` itself. `page` is the file of Great Expectations' Data Docs, where the result was kept.
    """

    gate: str
    findings: tuple[Finding, ...]
    figures: Mapping[str, Figure] = field(default_factory=dict)
    judged_in: str = "memory"
    page: str = ""

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
        return {
            "gate": self.gate,
            "passed": self.passed,
            "judged_in": self.judged_in,
            "figures": dict(self.figures),
            "findings": [asdict(finding) for finding in self.findings],
            "page": self.page,
        }


def key_hash(key: object) -> str:
    """The first 12 hexadecimal digits of the SHA-256 of a subject's key as text."""
    return hashlib.sha256(str(key).encode()).hexdigest()[:12]
