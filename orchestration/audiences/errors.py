"""What can go wrong between a desired set and its receipt; every message names the remedy."""

from __future__ import annotations

from orchestration.errors import MusterError


class AudienceError(MusterError):
    """An audience that cannot be exported. `problem` says what is wrong, `remedy` what to do about it."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}")
        self.problem = problem
        self.remedy = remedy


class DefinitionError(AudienceError):
    """The dbt manifest describes an audience that makes no sense."""


class DesiredSetError(AudienceError):
    """The warehouse's table of an audience is missing or cannot be sent."""


class EarlierDayError(AudienceError):
    """A day before the last acknowledged one was to be pushed."""


class LedgerError(AudienceError):
    """The ledger contradicts itself."""


class DestinationError(AudienceError):
    """A destination is set up wrongly or did not take the file."""
