"""A plan as people and programs read it: nothing left out silently, nobody named, nothing that is taken for mark-up."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

from markdown_it import MarkdownIt

from orchestration.comparing.as_markdown import LIMIT, MARKER, telling_to_markdown
from orchestration.comparing.as_text import telling_to_text
from orchestration.comparing.audiences import AudienceChange
from orchestration.comparing.changes import Change, Kind
from orchestration.comparing.comparison import Comparison
from orchestration.comparing.movement import Movement, Moves, Through
from orchestration.comparing.overlap import Overlap
from orchestration.comparing.segments import SegmentChange
from orchestration.comparing.sending import Sent
from orchestration.comparing.telling import Telling, share
from orchestration.comparing.written import Difference
from orchestration.compiler.segment import Everyone, Segment, Status
from orchestration.gates.result import key_hash
from orchestration.warehouse import Cost

HOSTILE = "plan is `a|b` *x* _y_ <img src=x onerror=alert(1)> @team #12 $x$ [a](javascript:b) ~~c~~ \\ </details>"


def segment(key: str) -> Segment:
    return Segment(key, f"segment_specs/m/{key}.yml", key, "member", "", "", (), Status.ACTIVE, False, Everyone())


def changed(key: str, rule: str = "Members whose plan is pro.", moved: int = 3) -> SegmentChange:
    moves = Moves(moved, (Through("plan is pro", "not met before", moved, moved),), ("ada", "bo"))
    return SegmentChange(
        change=Change(Kind.CHANGED, segment(key), segment(key), ("rule",)),
        rule_before="Members.",
        rule_after=rule,
        sql=(" case", "-true", "+plan = 'pro'"),
        movement=Movement(10, 10 + moved, 100, 100, moves, Moves(0), 1, 2),
        overlaps=(Overlap("other", 1, 2, 0.25),),
        cost_before=Cost(1000, 0.5),
        cost_after=Cost(2000, 0.75),
    )


def comparison(*segments: SegmentChange, personal: bool = True) -> Comparison:
    sent = Sent(10, 13, 3, 0, 0, ("guard.max_change is 10%",))
    audience = AudienceChange("mail", "member", "crm", ("it looks at pro",), replace(sent, added=0, stops=()), sent)
    entities = frozenset({"member"} if personal else ())
    return Comparison("main", "0123456789abcdef", date(2024, 3, 1), segments, (audience,), entities)


class Page(HTMLParser):
    """Rendered Markdown: its text, its elements, and the cells of each row."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.words, self.elements, self.rows = "", list[str](), list[int]()
        self.feed(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown))

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.elements.append(tag)
        if tag == "tr":
            self.rows.append(0)
        elif tag in ("td", "th"):
            self.rows[-1] += 1

    def handle_data(self, data: str) -> None:
        self.words += data


def test_words_are_nothing_but_words() -> None:
    page = Page(telling_to_markdown(Telling(comparison(changed("pro", HOSTILE)))))
    assert HOSTILE in page.words
    assert not {"img", "a", "em", "strong", "s"} & {*page.elements}
    assert page.elements.count("details") == 1


def test_nobody_is_notified_and_nothing_linked() -> None:
    assert not re.search(r"@\w|(?<!&)#\d", telling_to_markdown(Telling(comparison(changed("pro", HOSTILE)))))


def test_every_row_has_its_cells() -> None:
    told = comparison(replace(changed("pro"), change=replace(changed("pro").change, because=("a|b",))))
    assert Page(telling_to_markdown(Telling(told))).rows == [5, 5, 4, 4]


def test_code_cannot_end_its_fence() -> None:
    told = replace(changed("pro"), sql=("+'```'", "+<b>"))
    page = Page(telling_to_markdown(Telling(comparison(told))))
    assert "+'```'\n+<b>" in page.words
    assert page.elements.count("b") == 1, "the summary's own"


def test_a_comment_is_never_too_long() -> None:
    many = [changed(f"segment_{number}", f"Members 🎈 {'and so on ' * 200}") for number in range(1000)]
    comment = telling_to_markdown(Telling(comparison(*many)))
    assert len(comment.encode()) <= LIMIT < 65_536
    assert comment.startswith(MARKER)
    rows = len(re.findall(r"^\| ~ \|", comment, re.MULTILINE))
    [more] = re.findall(r"^and ([\d,]+) more segments$", comment, re.MULTILINE)
    assert rows + int(more.replace(",", "")) == 1000
    details = comment.count("<details>")
    [left_out] = re.findall(r"^The details of ([\d,]+) more segments", comment, re.MULTILINE)
    assert details + int(left_out.replace(",", "")) == 1000
    assert rows > 100
    assert details > 5
    assert comment.count("</details>") == details
    assert "mail" in comment, "audiences are told however many segments there are"


def test_one_segment_longer_than_a_comment() -> None:
    told = telling_to_markdown(Telling(comparison(changed("long", "x" * 70_000), changed("short"))))
    assert len(told.encode()) <= LIMIT
    assert "<b>short</b>" in told
    assert "The details of 1 more segment are too long for a comment" in told


def test_keys_of_persons_are_hashed_unless_asked_for() -> None:
    hashed = Telling(comparison(changed("pro")))
    shown = Telling(comparison(changed("pro")), show_keys=True)
    others = Telling(comparison(changed("pro"), personal=False))
    for telling, clear in ((hashed, False), (shown, True), (others, True)):
        for text in (telling_to_markdown(telling), "\n".join(telling_to_text(telling)), str(telling.as_json())):
            assert (re.search(r"\bada\b", text) is not None) is clear
            assert (key_hash("ada") in text) is not clear


def test_text_tells_what_json_tells() -> None:
    telling = Telling(comparison(changed("pro")))
    text = "\n".join(telling_to_text(telling))
    for said in (
        "Against main (0123456789), as of 2024-03-01: segments: 1 changed; "
        "audiences touched: 1, of which 1 would be stopped",
        "~ pro (member; changed, rule): 10 → 13 (10.0% → 13.0%)",
        "  before: Members.\n  after: Members whose plan is pro.",
        "    -true\n    +plan = 'pro'",
        "  3 enter\n    plan is pro: not met before by 3\n    such as",
        "  1 are in and 2 are out by an unknown value",
        "  overlaps with other: 1 → 2 in both, Jaccard 0.25",
        "  cost: 0.5 → 0.75 s of work, 1,000 → 2,000 rows scanned",
        "  mail → crm (it looks at pro): add 0, remove 0 → add 3, remove 0",
        "    would be stopped: guard.max_change is 10%",
    ):
        assert said in text, text
    assert telling.as_json()["segments"] == [
        {
            "segment": "pro",
            "kind": "changed",
            "formerly": None,
            "entity": "member",
            "file": "segment_specs/m/pro.yml",
            "fields": ["rule"],
            "because": [],
            "rule": {"before": "Members.", "after": "Members whose plan is pro."},
            "sql": [" case", "-true", "+plan = 'pro'"],
            "members": {"before": 10, "after": 13},
            "base_population": {"before": 100, "after": 100},
            "enter": {
                "subjects": 3,
                "through": [{"condition": "plan is pro", "how": "not met before", "subjects": 3, "alone": 3}],
                "hashes": [key_hash("ada"), key_hash("bo")],
            },
            "leave": {"subjects": 0, "through": [], "hashes": []},
            "decided_by_unknown": {"in": 1, "out": 2},
            "untold": None,
            "overlap": [{"segment": "other", "before": 1, "after": 2, "jaccard": 0.25}],
            "cost": {
                "before": {"rows_scanned": 1000, "seconds": 0.5},
                "after": {"rows_scanned": 2000, "seconds": 0.75},
            },
        }
    ]


def test_what_all_share_is_told_on_top() -> None:
    shared = Difference("member.population.archived", "", "false")
    told = replace(changed("pro"), movement=Movement(10, 9, 100, 80, Moves(0), Moves(1), 0, 0))
    telling = Telling(replace(comparison(told), settings=(shared,)))
    said = ["member.population.archived: not given → false", "base population of member: 100 → 80"]
    assert [line.strip() for line in telling_to_text(telling)][1:3] == said
    words = Page(telling_to_markdown(telling)).words
    assert all(words.index(each) < words.index("members") for each in said)
    assert telling.as_json()["settings"] == [{"setting": "member.population.archived", "before": "", "after": "false"}]


def test_what_changes_no_segment_is_told_all_the_same() -> None:
    nothing = replace(comparison(), audiences=())
    assert Telling(nothing).headline().endswith(": nothing changes")
    shared = replace(nothing, settings=(Difference("destinations.crm.path", "a", "b"),))
    assert Telling(shared).headline().endswith(": no segment and no audience changes")


def test_settings_of_an_audience_are_told() -> None:
    [mail] = comparison().audiences
    settings = tuple(Difference(f"fields.f{number}", "", "x|y") for number in range(20))
    told = replace(mail, settings=(Difference("consent", "agreed", ""), *settings), left="old_crm")
    telling = Telling(replace(comparison(), audiences=(told,)))
    page = Page(telling_to_markdown(telling))
    for text in ("\n".join(telling_to_text(telling)), page.words):
        assert "consent: agreed → not given" in text
        assert "fields.f10: not given → x|y" in text
        assert "fields.f11" not in text
        assert "and 9 more settings" in text
        assert "its members stay at old_crm" in text
    assert page.rows == [4, 4]


def test_what_would_be_sent_comes_before_many_segments() -> None:
    for count, first in ((20, "segment"), (21, "audience")):
        told = telling_to_markdown(Telling(comparison(*(changed(f"s{number}") for number in range(count)))))
        [head, *_] = re.findall(r"^\| \|? ?(segment|audience) \|", told, re.MULTILINE)
        assert head == first


def test_shares() -> None:
    assert [share(*each) for each in ((0, 100), (1, 3), (1, 1_000), (1, 100_000_000), (0, 0))] == [
        "0.0%",
        "33.3%",
        "0.1%",
        "< 0.01%",
        "of nobody",
    ]


def test_a_break_in_a_value_ends_no_line() -> None:
    lines = list(telling_to_text(Telling(comparison(changed("pro", "plan is a\n::error::b\u2028c")))))
    assert "  after: plan is a\\n::error::b\\nc" in lines
    assert not any(line.lstrip().startswith("::") for line in lines)
