"""`muster new` on a terminal, which is a real one here: what it asks, what it makes of slips, what it writes."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

from tests.drafts.commands import lay_down
from tests.project import REPOSITORY

TIME = 30.0


class Terminal:
    """`muster new` in a terminal of its own."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.screen, inner = pty.openpty()
        command = [sys.executable, "-m", "orchestration.cli", "new", *arguments, "--project", str(folder)]
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "TERM": "dumb"}
        self.process = subprocess.Popen(command, stdin=inner, stdout=inner, stderr=inner, env=environment)
        os.close(inner)
        self.read, self.place = "", 0

    def wait_for(self, text: str) -> None:
        """Read on until a text is on the screen, behind all that was waited for before."""
        end = time.monotonic() + TIME
        while text not in self.read[self.place :]:
            piece = self._piece()
            self.read += piece
            waits = time.monotonic() < end and (piece or self.process.poll() is None)
            assert waits, f"no {text!r} in {self.read[self.place :]!r}"
        self.place = self.read.index(text, self.place) + len(text)

    def _piece(self) -> str:
        if not select.select([self.screen], [], [], 0.1)[0]:
            return ""
        try:
            return os.read(self.screen, 65536).decode("utf-8", "replace").replace("\r\n", "\n")
        except OSError:  # Linux says so when the other side is closed
            return ""

    def answer(self, question: str, answer: str) -> None:
        self.wait_for(question)
        os.write(self.screen, f"{answer}\n".encode())

    def end(self) -> int:
        end = time.monotonic() + TIME
        while self.process.poll() is None and time.monotonic() < end:
            self.read += self._piece()
        self.read += self._piece()
        os.close(self.screen)
        return self.process.wait(1)


def test_everything_is_asked_for(tmp_path: Path) -> None:
    lay_down(tmp_path)
    terminal = Terminal(tmp_path)
    terminal.answer("Entity:", "persn")
    terminal.answer("did you mean `person`?", "person")
    terminal.answer("Name:", "Quiet pros")
    terminal.answer("[quiet_pros]:", "pro")
    terminal.answer("that of segment_specs/crowd/pro.yml", "")
    terminal.answer("Owner:", "growth")
    terminal.answer("Description", "On pro, and quiet.")
    terminal.answer("Condition 1:", "")
    terminal.answer("at least one condition", "?")
    terminal.wait_for("last_seen_at  timestamp")
    terminal.answer("Condition 1:", "? plan")
    terminal.wait_for("values: free, pro")
    terminal.answer("Condition 1:", "paln: pro")
    terminal.wait_for("did you mean `plan`?")
    terminal.answer("Condition 1:", "plan: pro")
    terminal.answer("Condition 2:", "last_seen_at: {more_than: 14 days ago}")
    terminal.answer("Condition 3:", "")
    terminal.answer("all/any", "")
    terminal.wait_for("People whose plan is pro and whose last_seen_at is more than 14 days ago.")
    terminal.answer("Write segment_specs/crowd/quiet_pros.yml?", "y")
    assert terminal.end() == 0
    assert "wrote segment_specs/crowd/quiet_pros.yml" in terminal.read
    assert (tmp_path / "segment_specs" / "crowd" / "quiet_pros.yml").read_text("utf-8").splitlines() == [
        "name: Quiet pros",
        "entity: person",
        "owner: growth",
        "description: On pro, and quiet.",
        "where:",
        "  - plan: pro",
        "  - last_seen_at: {more_than: 14 days ago}",
    ]


def test_only_what_is_missing_is_asked_for_and_no_means_no(tmp_path: Path) -> None:
    lay_down(tmp_path)
    terminal = Terminal(tmp_path, "few_seats", "--entity", "person", "--where", "seats: 2")
    terminal.answer("Owner:", "growth")
    terminal.answer("Description", "")
    terminal.answer("Write segment_specs/crowd/few_seats.yml?", "n")
    assert terminal.end() == 1
    assert "Name:" not in terminal.read and "Condition" not in terminal.read
    assert not (tmp_path / "segment_specs" / "crowd" / "few_seats.yml").exists()
