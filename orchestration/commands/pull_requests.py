"""Commands about pull requests on GitHub."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration import printing
from orchestration.commands.opening import AsJson
from orchestration.errors import MusterError
from orchestration.settings import github_surroundings

app = typer.Typer()
SAID = {
    "created": "commented",
    "updated": "updated the comment",
    "unchanged": "the comment says that already",
    "refused": "GitHub lets no comment be written for a change from a fork or from Dependabot",
}


@app.command()
def comment(
    file: Annotated[Path, typer.Argument(help="Markdown whose first line is a mark such as `<!-- muster plan -->`.")],
    as_json: AsJson = False,
) -> None:
    """Post a file as one comment of the pull request, in GitHub Actions; later calls update it in place."""
    from orchestration.github import post, read_pull_request

    surroundings = github_surroundings()
    posted = post(_text(file), read_pull_request(surroundings), surroundings)
    if as_json:
        printing.json_({"did": posted.did, "url": posted.url or None})
    else:
        printing.line(f"{SAID[posted.did]}{': ' * bool(posted.url)}{posted.url}")


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as wrong:
        raise MusterError(f"{file} cannot be read: {(wrong.strerror or str(wrong)).lower()}") from None
    except UnicodeDecodeError:
        raise MusterError(f"{file} is not UTF-8: write it anew") from None
