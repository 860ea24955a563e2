"""What an export would do: the same steps as an export, up to the point where something would be written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from orchestration.audiences.audience import HOLDOUT, Audience
from orchestration.audiences.desired import Desired, Held
from orchestration.audiences.export import Gate
from orchestration.audiences.guard import guard_objection
from orchestration.audiences.ledger import Last
from orchestration.audiences.proposal import Proposal, propose
from orchestration.gates.result import key_hash
from orchestration.warehouse import Warehouse

EXAMPLES = 5


@dataclass(frozen=True)
class DryRun:
    """What an export would do. Keys are those of subjects, `stops` are the reasons for which it would send nothing.

    `before` and `after` are the destination's sizes; `variants` counts the desired by variant, whoever is held out too.
    `unfinished` is the number of rows of an earlier delivery that would be finished first, and counts as acknowledged.
    `elsewhere` counts members at destinations that the audience was sent to before: they stay there.
    """

    audience: str
    destination: str
    as_of: date
    send: str
    before: int
    after: int
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    held: tuple[Held, ...]
    held_back: Mapping[str, int]
    variants: Mapping[str, int]
    unfinished: int
    elsewhere: Mapping[str, int]
    stops: tuple[str, ...]

    def as_json(self, *, show_keys: bool = False) -> dict[str, object]:
        """The figures, and a few examples of each; keys are hashed unless `show_keys`, and then all are there."""
        told = {"add": self.added, "change": self.changed, "remove": self.removed}
        for reason in self.held_back:
            told[reason] = tuple(each.key for each in self.held if each.reason == reason)
        return {
            "audience": self.audience,
            "destination": self.destination,
            "as_of": self.as_of.isoformat(),
            "send": self.send,
            "before": self.before,
            "after": self.after,
            "added": len(self.added),
            "changed": len(self.changed),
            "removed": len(self.removed),
            "held_back": dict(self.held_back),
            "variants": dict(self.variants),
            "unfinished": self.unfinished,
            "elsewhere": dict(self.elsewhere),
            "stops": [*self.stops],
            "keys" if show_keys else "examples": {
                name: [*keys] if show_keys else [key_hash(key) for key in keys[:EXAMPLES]]
                for name, keys in told.items()
            },
        }


def dry_run(warehouse: Warehouse, audience: Audience, as_of: date, *, gate: Gate) -> DryRun:
    """What `export` would do. Reads only. Raises DesiredSetError, LedgerError, GateError."""
    proposal = propose(warehouse, audience, as_of)
    desired, delta, pending = proposal.desired, proposal.delta, proposal.knows.pending
    return DryRun(
        audience=audience.name,
        destination=audience.destination,
        as_of=as_of,
        send=audience.send.value,
        before=delta.before,
        after=delta.after,
        added=delta.entered,
        changed=(*delta.updated, *delta.readdressed),
        removed=delta.left,
        held=desired.held,
        held_back=desired.held_back,
        variants=_variants(audience, desired),
        unfinished=len(pending.rows) if pending else 0,
        elsewhere=proposal.knows.elsewhere,
        stops=tuple(_stops(proposal, proposal.knows.last, gate)),
    )


def _variants(audience: Audience, desired: Desired) -> dict[str, int]:
    counted = Counter(member.variant for member in desired.members) + Counter({HOLDOUT: len(desired.held_out)})
    return {variant: counted[variant] for variant in audience.split}


def _stops(proposal: Proposal, last: Last, gate: Gate) -> Iterator[str]:
    audience, as_of = proposal.audience, proposal.as_of
    if last.as_of is not None and as_of < last.as_of:
        yield f"{audience.destination} already acknowledged {last.as_of}, a later day than {as_of}"
    objection = guard_objection(audience, len(proposal.desired.members), proposal.delta)
    if objection:
        yield objection
    if not proposal.delta.is_empty:
        judged = gate(proposal)
        if not judged.passed:
            yield judged.summary()
