"""What is printed obeys nobody who wrote data or specs."""

from __future__ import annotations

import json

import pytest

from orchestration import printing
from orchestration.questions import Answer

HOSTILE = "\x1b[2J\x9b31m\u202ebidi\r[/red] é 👩‍👧 \t"
Captured = pytest.CaptureFixture[str]


def test_a_terminal_is_told_nothing(capsys: Captured) -> None:
    printing.line(HOSTILE)
    printing.error(HOSTILE)
    captured = capsys.readouterr()
    for text in (captured.out, captured.err):
        assert not {"\x1b", "\x9b", "\u202e", "\r"} & {*text}
        assert "\\u001b[2J\\u009b31m\\u202ebidi\\u000d[/red] é 👩‍👧 \t" in text


def test_json_says_the_same(capsys: Captured) -> None:
    printing.json_({"key": HOSTILE})
    out = capsys.readouterr().out
    assert not {"\x1b", "\x9b", "\u202e", "\r"} & {*out}
    assert json.loads(out) == {"key": HOSTILE}


def test_brackets_in_a_table_are_no_style(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    printing.table(Answer(("tag", "[/b]"), [("[/red]", 1)]), as_json=False, title="[/i]")
    out = capsys.readouterr().out
    assert all(each in out for each in ("[/red]", "[/b]", "[/i]"))
