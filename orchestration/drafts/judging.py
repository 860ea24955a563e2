"""What the project has to say about a draft, as if its file were there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from orchestration.checking import Checked, check_sources
from orchestration.compiler.catalog import Catalog, Entity, node_to_catalog
from orchestration.compiler.compile import Sources, compile_sources
from orchestration.compiler.fields import Report
from orchestration.compiler.files import read_sources
from orchestration.compiler.problem import Problem, Problems, SourceFile, nearest
from orchestration.compiler.sentence import segment_to_sentence
from orchestration.compiler.source import Mapping as MappingNode
from orchestration.compiler.source import parse
from orchestration.compiler.spec import SegmentSpec, source_to_segment_spec
from orchestration.drafts.draft import SPECS, Draft, folder_of
from orchestration.drafts.handwriting import Data, node_to_data
from orchestration.errors import MusterError, UnknownNameError
from orchestration.settings import Settings

COPIED = ("hidden", "daily", "active_by")


@dataclass(frozen=True)
class Judged:
    """`own` are the problems of the draft itself, warnings too, `others` the errors of other files.

    `rule` is the draft's rule as a sentence, empty where it cannot be understood.
    """

    own: tuple[Problem, ...]
    others: tuple[Problem, ...]
    rule: str

    @property
    def passes(self) -> bool:
        return not self.others and all(problem.severity == "warning" for problem in self.own)


@dataclass(frozen=True)
class Surroundings:
    """The project that a draft is for, as it is on the disk."""

    settings: Settings
    sources: Sources

    @cached_property
    def catalog(self) -> Catalog:
        """What rules may mention. Raises Problems."""
        return node_to_catalog(parse(self.sources.catalog))

    @cached_property
    def specs(self) -> Mapping[str, SegmentSpec]:
        """The segments there are, as far as they can be read."""
        found = (source_to_segment_spec(source, Report()) for source in self.sources.segments)
        return {spec.key: spec for spec in found if spec}

    @property
    def owners(self) -> tuple[str, ...]:
        return tuple(sorted({spec.owner for spec in self.specs.values() if spec.owner}))

    def entity(self, name: str) -> Entity:
        """An entity of the catalog. Raises UnknownNameError."""
        if name not in self.catalog.entities:
            raise UnknownNameError(f"the catalog has no entity `{name}`: {nearest(name, self.catalog.entities)}")
        return self.catalog.entities[name]

    def spec(self, key: str) -> SegmentSpec:
        """A segment with a rule. Raises UnknownNameError, or MusterError for a fixed list."""
        if key not in self.specs:
            raise UnknownNameError(f"there is no segment `{key}`: {nearest(key, self.specs)}")
        if self.specs[key].where is None:
            raise MusterError(f"`{key}` has no rule to begin with: name a segment with `where:`")
        return self.specs[key]

    def conditions_of(self, key: str) -> tuple[Data, ...]:
        """A segment's rule as conditions that must all hold. Raises UnknownNameError and MusterError."""
        where = self.spec(key).where
        assert where is not None, "`spec` returns segments with rules"
        written = node_to_data(where)
        if isinstance(written, Mapping) and set(written) == {"all"}:
            written = written["all"]
        return tuple(written) if isinstance(written, list) else (written,)

    def fields_of(self, key: str) -> dict[str, Data]:
        """What a segment says beside its rule about how it is kept and shown."""
        node = parse(self.spec(key).source)
        assert isinstance(node, MappingNode), "a segment's file that was read is a mapping"
        found = {name: node.get(name) for name in COPIED}
        return {name: node_to_data(entry.value) for name, entry in found.items() if entry}

    def folder_of(self, entity: str) -> str:
        return folder_of(entity, (spec.source.path for spec in self.specs.values() if spec.entity == entity))

    def holder_of(self, key: str) -> str:
        """The file that has a key already; empty where none has."""
        spec = self.specs.get(key)
        return spec.source.path if spec else ""

    def judge(self, draft: Draft) -> Judged:
        """All that `muster check` says with the draft among the specs."""
        source = draft.to_source()
        checked = check_sources(self.settings, self._with(source))
        return _judged(draft, source, checked)

    def faults(self, draft: Draft) -> tuple[Problem, ...]:
        """The errors of a draft alone, without its tests and lints: quick enough to ask after each condition."""
        source = draft.to_source()
        try:
            compile_sources(self._with(source))
        except Problems as found:
            return tuple(each for each in found.problems if _is_about(each, source) and each.severity == "error")
        return ()

    def _with(self, draft: SourceFile) -> Sources:
        return replace(self.sources, segments=(*self.sources.segments, draft))


def surroundings(settings: Settings) -> Surroundings:
    return Surroundings(settings, read_sources(settings.project))


def _judged(draft: Draft, source: SourceFile, checked: Checked) -> Judged:
    own = tuple(each for each in checked.problems if _is_about(each, source))
    others = tuple(each for each in checked.problems if each.severity == "error" and not _is_about(each, source))
    segment = checked.compilation.segments.get(draft.key) if checked.compilation else None
    return Judged(own, others, segment_to_sentence(segment) if segment else "")


def _is_about(problem: Problem, source: SourceFile) -> bool:
    return problem.span.source.path == source.path


def write(settings: Settings, draft: Draft) -> None:
    """Write the draft's file, never over another one. Raises MusterError."""
    path = settings.project / draft.path
    if not path.parent.resolve().is_relative_to((settings.project / SPECS).resolve()):
        raise MusterError(f"{path.parent} leads out of {settings.specs}: name a folder below it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(draft.to_source().text)
    except FileExistsError:
        raise MusterError(f"{draft.path} is there already: choose another key, or edit that file") from None
    except OSError as wrong:
        reason = (wrong.strerror or str(wrong)).lower()
        raise MusterError(f"{draft.path} cannot be written ({reason}): look at the folder's permissions") from None
