"""From specs and figures to the pages' texts: index, segments, audiences, and the assets that they share."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files

from orchestration.compiler.audience_spec import AudienceSpec
from orchestration.compiler.compile import Compilation
from orchestration.compiler.plan import references
from orchestration.compiler.segment import Segment
from orchestration.compiler.sentence import plural
from orchestration.site.audience_sections import audience_sections
from orchestration.site.audience_words import audience_to_words
from orchestration.site.charts import charts_script
from orchestration.site.code import spec_to_yaml, sql_to_pieces, without_keys, yaml_to_pieces
from orchestration.site.dbt_docs import DbtDocs
from orchestration.site.pages import render
from orchestration.site.personal import Personal
from orchestration.site.reading import Figures
from orchestration.site.section import Cell, Chart, Section
from orchestration.site.segment_sections import RECONSTRUCTED, segment_sections
from orchestration.site.sparkline import DAYS, sparkline_points
from orchestration.site.told import Told
from orchestration.site.writing import MANIFEST

SCHEMA_VERSION = 1
LONGEST_NAME = 80
VEGA_LITE = "6.4"
DRAWS = "window.vegaEmbed = vegaEmbed;"
OTHERS = 5  # two indexes, the charts, Vega and the manifest
OWN_ASSETS = ("site.css", "noscript.css", "common.js", "index.js", "page.js")


@dataclass(frozen=True)
class Site:
    """A project's specs with the figures of its last publication; `docs` is dbt's documentation, if there is some."""

    compilation: Compilation
    published: Figures
    docs: DbtDocs | None = None

    @cached_property
    def personal(self) -> Personal:
        return Personal(self.compilation)

    @cached_property
    def figures(self) -> Figures:
        """What was published, without what may not be shown."""
        return self.personal.without(self.published)

    @property
    def size(self) -> int:
        """How many files there are."""
        own = len(self.compilation.segments) + len(self.compilation.audiences) + len(OWN_ASSETS)
        return own + OTHERS + (self.docs is not None and self.docs.page is not None)

    def files(self) -> Iterator[tuple[str, str]]:
        """Every file of the site, by its path: the same specs and marts give the same bytes."""
        yield "index.html", self._page("index.html", "", rows=self._rows(), basis=self._basis())
        yield "audiences.html", self._page("audiences.html", "", audiences=self._audiences())
        for key in self.compilation.segments:
            yield f"segments/{key}.html", self._segment(key)
        for key, spec in self.compilation.audiences.items():
            yield f"audiences/{key}.html", self._audience(key, spec)
        yield from self._assets()
        if self.docs and self.docs.page is not None:
            yield self.docs.link, self.docs.page
        yield MANIFEST, self._manifest()

    def _page(self, template: str, root: str, **context: object) -> str:
        return render(template, root=root, figures_of=self.figures, docs=self.docs, **context)

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The segments' names, cut to a length that fits, with the key where two would be alike."""
        short = {key: _short(each.name) for key, each in self.compilation.segments.items()}
        times = Counter(short.values())
        return {key: name if times[name] == 1 else f"{name} ({key})" for key, name in short.items()}

    @cached_property
    def _used_by(self) -> Mapping[str, tuple[str, ...]]:
        """By segment, those whose rules refer to it."""
        found: dict[str, tuple[str, ...]] = {}
        for key, segment in self.compilation.segments.items():
            for each in references(segment):
                found[each] = (*found.get(each, ()), key)
        return found

    @cached_property
    def _audiences_of(self) -> Mapping[str, tuple[AudienceSpec, ...]]:
        found: dict[str, tuple[AudienceSpec, ...]] = {}
        for spec in self.compilation.audiences.values():
            found[spec.segment.text] = (*found.get(spec.segment.text, ()), spec)
        return found

    def _told(self, key: str) -> Told:
        return Told(key, plural(self.compilation.segments[key].entity), self.figures, self.names)

    def _rows(self) -> list[dict[str, object]]:
        """The index: one row per segment, by name."""
        found = [self._row(segment, self._told(key)) for key, segment in self.compilation.segments.items()]
        return sorted(found, key=lambda row: (str(row["name"]).casefold(), str(row["key"])))

    def _row(self, segment: Segment, told: Told) -> dict[str, object]:
        days = told.days[-DAYS:]
        return {
            "key": segment.key,
            "name": segment.name,
            "segment": segment,
            "words": self.personal.words(segment.key),
            "told": told,
            "days": days,
            "line": sparkline_points([each.members for each in days]) if days else "",
        }

    def _basis(self) -> dict[str, int]:
        """How many days any segment was judged, and of how many segments some days are reconstructed."""
        shown = [self.figures.days.of(key) for key in self.compilation.segments]
        reconstructed = sum(any(day.basis == RECONSTRUCTED for day in days) for days in shown)
        return {"days": len({day.day for days in shown for day in days}), "reconstructed": reconstructed}

    def _audiences(self) -> list[dict[str, object]]:
        return [
            {
                "spec": spec,
                "segment": self.compilation.segments[spec.segment.text],
                "last": next(iter(self.figures.deliveries.of(key)), None),
            }
            for key, spec in self.compilation.audiences.items()
        ]

    def _segment(self, key: str) -> str:
        segment, told = self.compilation.segments[key], self._told(key)
        sections = segment_sections(told)
        return self._page(
            "segment.html",
            "../",
            segment=segment,
            told=told,
            words=self.personal.words(key),
            stale=self._is_stale(told),
            stays=next(iter(self.figures.stays.of(key)), None),
            uses=references(segment),
            used_by=self._used_by.get(key, ()),
            made_by=next((each for each in self.compilation.audiences.values() if each.exit_key == key), None),
            audiences=[(spec, self.figures.deliveries.of(spec.key)[:3]) for spec in self._audiences_of.get(key, ())],
            sections=sections,
            figures=_figures(sections),
            **self._code(key, told),
        )

    def _is_stale(self, told: Told) -> bool:
        """Whether the figures are those of another definition than the spec's."""
        return told.current is not None and told.current.definition != self.compilation.definition(told.key)

    def _code(self, key: str, told: Told) -> dict[str, object]:
        spec = self.compilation.specs[key]
        hidden = spec.source.path.startswith("segment_specs/audiences/") or self.personal.in_rule(key)
        query = told.current.query if told.current else None
        return {
            "path": spec.source.path,
            "yaml": None if hidden else yaml_to_pieces(spec_to_yaml(spec.source)),
            "has_tests": spec.tests is not None,
            "sql": sql_to_pieces(without_keys(query)) if query else None,
        }

    def _audience(self, key: str, spec: AudienceSpec) -> str:
        sections = audience_sections(key, self.figures)
        return self._page(
            "audience.html",
            "../",
            spec=spec,
            segment=self.compilation.segments[spec.segment.text],
            destination=self.compilation.destinations[spec.destination.text],
            words=audience_to_words(self.compilation, spec, self.personal),
            sections=sections,
            figures=_figures(sections),
        )

    def _assets(self) -> Iterator[tuple[str, str]]:
        folder = files("orchestration.site") / "assets"
        for name in OWN_ASSETS:
            yield f"assets/{name}", (folder / name).read_text(encoding="utf-8")
        yield "assets/charts.js", charts_script()
        yield "assets/vega.js", _vega()

    def about(self) -> dict[str, object]:
        """What the site is of."""
        return {
            "as_of": self.figures.as_of.isoformat(),
            "publication": self.figures.version,
            "segments": len(self.compilation.segments),
            "audiences": len(self.compilation.audiences),
        }

    def _manifest(self) -> str:
        return json.dumps({"schema_version": SCHEMA_VERSION, **self.about()}, indent=2) + "\n"


@cache
def _vega() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, which the package holds; making it takes a second or two."""
    from vl_convert import javascript_bundle

    return javascript_bundle(DRAWS, vl_version=VEGA_LITE)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _figures(sections: tuple[Section, ...]) -> dict[str, dict[str, list[Cell]]]:
    """The data of all charts of a page, by name."""
    charts: list[Chart] = [chart for section in sections for chart in section.charts]
    return {
        name: {column: list(values) for column, values in data.items()}
        for chart in charts
        for name, data in chart.data.items()
    }
