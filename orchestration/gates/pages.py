"""Gates' results as Great Expectations' Data Docs: pages that need no network and ask nobody for anything.

The library's own pages fetch styles, scripts and a logo from several hosts each time they are opened. Here all of that
is taken out, a policy in the page forbids what would be left, and a small style of our own stands in its place. Lost
are the buttons that hide what succeeded.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from orchestration.gates.great import Expectation, expectation_config
from orchestration.gates.result import Finding, GateResult

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
STYLE = """
body { font: 15px/1.5 sans-serif; margin: 2em auto; max-width: 60em; padding: 0 1em; color: #222; background: #fff }
table { border-collapse: collapse; width: 100%; margin: .5em 0 }
th, td { border: 1px solid #ccc; padding: .3em .6em; text-align: left; vertical-align: top }
h4, h5, h6 { margin: 1em 0 .3em; font-size: 1.1em }
.badge { background: #eee; padding: 0 .3em; overflow-wrap: anywhere }
.text-danger, .failed { color: #a00 } .text-success, .passed { color: #060 }
.fa-check-circle::before { content: "passed " } .fa-times::before { content: "failed " }
"""
HEAD = (
    f'<meta charset="UTF-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
)
DROPPED = re.compile(
    r"<head\b.*?</head>|<script\b.*?</script>|<footer\b.*?</footer>|<img\b[^>]*>"
    r"|<nav class=\"navbar navbar-expand.*?(?=<div class=\"container-fluid)"
    r"|<div class=\"col-lg-2.*?(?=<div class=\"col-md-10)",
    re.DOTALL,
)
OUTWARD = re.compile(r"<a href=\"(?!#)[^\"]*\"[^>]*>(.*?)</a>", re.DOTALL)
SAMPLED = "Sampled Unexpected Values"


@dataclass(frozen=True)
class Judgement:
    """A result with its name in the index and its time."""

    audience: str
    stem: str
    judged_at: datetime
    result: GateResult


def result_page(judged: Judgement) -> str:
    """A result's page. It is rendered from figures and hashes alone, so it can hold nothing else."""
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
    from great_expectations.render.view.view import DefaultJinjaPageView

    rendered = ValidationResultsPageRenderer(run_info_at_end=True).render(_suite_result(judged))
    view: Any = DefaultJinjaPageView()
    page = str(view.render(rendered, show_how_to_buttons=False))
    title = f"{judged.audience}, {judged.stem}"
    body = OUTWARD.sub(r"\1", DROPPED.sub("", page)).replace(SAMPLED, "Subjects, by the hash of their key")
    top = f'<p><a href="../index.html">All results</a></p><h1>{html.escape(title)}</h1>{_figures(judged.result)}'
    return re.sub(r"<body[^>]*>", lambda found: found[0] + top, _page(title, body), count=1)


def index_page(results: Sequence[Mapping[str, Any]]) -> str:
    """The page that lists kept results, as their JSON tells them."""
    rows = "".join(_row(each) for each in results)
    head = "<tr><th>Audience</th><th>Destination</th><th>As of</th><th>Judged at</th><th>Result</th></tr>"
    return _page("Gates", f"<html><body><h1>Gates</h1><table>{head}{rows}</table></body></html>")


def _row(told: Mapping[str, Any]) -> str:
    failed = sum(not finding["passed"] for finding in told["findings"])
    verdict = "passed" if told["passed"] else "failed"
    said = f"{verdict}, {failed} of {len(told['findings'])} not met" if failed else verdict
    link = f"{told['audience']}/{told['stem']}.html"
    cells = [told["audience"], told["destination"], told["as_of"], told["judged_at"]]
    shown = "".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells)
    return f'<tr>{shown}<td><a class="{verdict}" href="{html.escape(link)}">{said}</a></td></tr>'


def _page(title: str, page: str) -> str:
    head = f"<head><title>{html.escape(title)}</title>{HEAD}</head>"
    return re.sub(r"<html[^>]*>", lambda found: found[0] + head, page, count=1)


def _figures(result: GateResult) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{'' if value is None else value}</td></tr>"
        for name, value in {**result.figures, "judged in": result.judged_in}.items()
    )
    return f"<table>{rows}</table>"


def _suite_result(judged: Judgement) -> ExpectationSuiteValidationResult:
    from great_expectations import __version__
    from great_expectations.core import ExpectationSuiteValidationResult
    from great_expectations.core.run_identifier import RunIdentifier

    findings = judged.result.findings
    met = sum(finding.passed for finding in findings)
    return ExpectationSuiteValidationResult(
        results=[_validation_result(finding) for finding in findings],
        success=judged.result.passed,
        suite_name=judged.result.gate,
        statistics={
            "evaluated_expectations": len(findings),
            "successful_expectations": met,
            "unsuccessful_expectations": len(findings) - met,
            "success_percent": 100 * met / len(findings) if findings else None,
        },
        meta={
            "run_id": RunIdentifier(run_name=judged.stem, run_time=judged.judged_at),
            "great_expectations_version": __version__,
        },
    )


def _validation_result(finding: Finding) -> ExpectationValidationResult:
    from great_expectations.core import ExpectationValidationResult

    expectation = Expectation(finding.expectation, finding.column, finding.arguments)
    return ExpectationValidationResult(
        success=finding.passed, expectation_config=expectation_config(expectation), result=_counts(finding)
    )


def _counts(finding: Finding) -> dict[str, object]:
    if finding.rows is None:
        return {"observed_value": finding.observed}
    share = 100 * finding.unexpected / finding.rows if finding.rows else 0.0
    return {
        "element_count": finding.rows,
        "unexpected_count": finding.unexpected,
        "unexpected_percent": share,
        "partial_unexpected_list": [*finding.examples],
    }
