"""The command line. Exit codes: 0 all is well, 1 problems were found, 2 the command was not understood."""

from __future__ import annotations

import sys

import typer

from orchestration import printing
from orchestration.commands import (
    adopting,
    asking,
    audiences,
    days,
    importing,
    looking,
    new,
    plan,
    pull_requests,
    site,
    specs,
)
from orchestration.compiler.problem import Problems
from orchestration.errors import MusterError

app = typer.Typer(
    help="Customer segmentation as code.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
for part in (
    specs.app,
    new.app,
    importing.app,
    looking.app,
    asking.app,
    plan.app,
    days.app,
    audiences.app,
    pull_requests.app,
    site.app,
    adopting.app,
):
    app.add_typer(part)


def main() -> None:
    """Run the command line; what went wrong is said in words, not as a traceback."""
    with printing.streams():
        try:
            app()
        except Problems as found:
            printing.problems(found.problems, as_json="--json" in sys.argv)
            sys.exit(1)
        except MusterError as wrong:
            printing.error(str(wrong))
            sys.exit(wrong.exit_code)


if __name__ == "__main__":
    main()
