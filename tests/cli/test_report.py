"""`streamer report`: a table, a page and JSON, of events or of their changes."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import jsonschema_rs
import pytest

from streamer.types import DAY, HOUR, MINUTE
from tests.cli.shop import RULES, event, interrupted, process, run, shop

SCHEMA: Final = Path(__file__).parents[2] / "schemas" / "report.schema.json"
REACHABLE: Final = """
---
segment: reachable
title: Reached <by> "mail" & more
purpose: An example for tests.
when: {trait: email, exists: true}
"""
EVENTS: Final = (
    event(1, 0, traits={"email": "a@example.com"}),
    event(2, MINUTE, "u-2"),
    event(3, 9 * DAY, "u-3"),
)
VOID: Final = {"meta", "wbr"}


class Page(HTMLParser):
    """What a page holds: its tags are closed in order, and nothing is fetched or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.pointed: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name in {"src", "href", "srcset", "action"} or name.startswith("on"):
                self.links.append(f"{name}={value}")
            if name == "id":
                self.ids.append(str(value))
            if name == "aria-labelledby":
                self.pointed.append(str(value))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def report_of(folder: Path, *more: str) -> tuple[str, str, str]:
    """Run a report that writes everything; return what was printed, the page and the JSON."""
    events, rules = shop(folder, *EVENTS, rules=RULES + REACHABLE)
    page, facts = folder / "report.html", folder / "report.json"
    outputs = ("--html", str(page), "--json", str(facts))
    result = run("report", events, "--rules", rules, *outputs, *more)
    assert result.exit_code == 0, result.output
    return result.stdout, page.read_text(), facts.read_text()


def test_the_table_has_the_segments_that_were_ever_entered(tmp_path: Path) -> None:
    printed, _, _ = report_of(tmp_path)
    lines = {line.split()[0]: line.split() for line in printed.splitlines() if line}
    assert "engagement.active" not in lines
    # Two were in it from half an hour on until a week was over, the third one came at the end.
    assert lines["cart_abandoner"] == [
        *("cart_abandoner", "0", "1.6", "2", "2", "2.6", "6d", "23h", "100%", "time", "0")
    ]
    assert "nobody was ever in: engagement.active" in printed
    assert "in nothing but otherwise tiers: 2 customers" in printed


def test_the_segments_can_be_ordered_and_say_what_members_bought(tmp_path: Path) -> None:
    bought = event(1, 0, name="order_completed", properties={"price": 3000.504, "currency": "EUR"})
    events, rules = shop(tmp_path, bought, event(2, HOUR, "u-2"), rules=RULES)
    result = run("report", events, "--rules", rules, "--by", "sales")
    lines = result.stdout.splitlines()
    table = lines[lines.index("") + 1 :]
    assert "sales" in table[0].split()
    assert table[1].startswith("engagement.passive") or "100%" in table[1]
    assert "sales: the share of 3,000.50 EUR that the members at the end bought for" in lines


def test_the_json_is_what_its_schema_says(tmp_path: Path) -> None:
    schema = jsonschema_rs.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    _, _, facts = report_of(tmp_path)
    schema.validate(json.loads(facts))
    events, rules = shop(tmp_path)
    empty = run("report", events, "--rules", rules, "--json", "-")
    schema.validate(json.loads(empty.stdout))


def test_the_json_has_every_measure(tmp_path: Path) -> None:
    facts = json.loads(report_of(tmp_path, "--small", "40%", "--large", "0.9")[2])
    segments = {one["segment"]: one for one in facts["segments"]}
    assert (facts["customers"], facts["in_no_segment"], facts["reachable"]) == (3, 0, "reachable")
    assert facts["limits"] == {"small": 0.4, "large": 0.9, "overlap": 0.8}
    assert segments["engagement.passive"]["unreachable"] == 2
    assert segments["engagement.passive"]["too_large"]
    assert segments["reachable"]["too_small"]
    assert segments["cart_abandoner"]["median_stay_ms"] == 7 * DAY - 30 * MINUTE
    assert all(len(one["size_by_step"]) == len(facts["steps"]) for one in segments.values())
    assert facts["overlaps"] == [
        {
            "segments": ["engagement.passive", "reachable"],
            "both": 1,
            "of_smaller": 1.0,
            "jaccard": 1 / 3,
            "alike": False,
        }
    ]


def test_the_page_is_whole_and_needs_nothing_else(tmp_path: Path) -> None:
    _, text, _ = report_of(tmp_path)
    page = Page(text)
    assert page.open == []
    assert not page.tags & {"script", "img", "link", "iframe"}
    assert page.links == []
    assert "http:" not in text
    assert "https:" not in text
    assert "url(" not in text
    assert {*page.pointed} <= {*page.ids}
    assert len(page.ids) == len({*page.ids})
    for said in ("To look at", "Over time", "cart_abandoner", "6d 23h"):
        assert said in page.text


def test_what_rules_say_is_text_on_the_page(tmp_path: Path) -> None:
    _, text, _ = report_of(tmp_path)
    assert "Reached &lt;by&gt;" in text
    assert 'Reached <by> "mail" & more' in Page(text).text


def test_the_same_report_is_the_same_bytes(tmp_path: Path) -> None:
    assert report_of(tmp_path) == report_of(tmp_path)


def test_changes_say_what_their_events_say(tmp_path: Path) -> None:
    _, _, facts = report_of(tmp_path)
    events, rules = str(tmp_path / "events.jsonl"), str(tmp_path / "rules")
    changes = str(tmp_path / "changes.jsonl")
    run("replay", events, "--rules", rules, "--out", changes)
    result = run("report", "--changes", changes, "--rules", rules, "--json", "-")
    told, said = json.loads(result.stdout), json.loads(facts)
    assert told["source"] == "changes"
    assert told["segments"] == said["segments"]
    assert told["overlaps"] == said["overlaps"]


def test_changes_can_come_through_a_pipe(tmp_path: Path) -> None:
    report_of(tmp_path)
    events, rules = str(tmp_path / "events.jsonl"), str(tmp_path / "rules")
    told = process("replay", events, "--rules", rules, "--out", "-").stdout
    done = process("report", "--changes", "-", "--rules", rules, "--json", "-", given=told)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["changes"] == len(told.splitlines())


def test_a_page_of_nothing_says_so(tmp_path: Path) -> None:
    events, rules = shop(tmp_path)
    page = Page(run("report", events, "--rules", rules, "--html", "-").stdout)
    assert page.open == []
    assert "Never entered" in page.text


def test_one_instant_can_be_drawn(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, event(1, 0))
    text = run("report", events, "--rules", rules, "--html", "-").stdout
    assert "engagement.passive" in Page(text).text
    assert "NaN" not in text
    assert "nan," not in text


def test_who_can_be_reached_is_a_segment_of_the_rules(tmp_path: Path) -> None:
    printed, _, facts = report_of(tmp_path, "--reachable", "engagement.passive")
    assert json.loads(facts)["reachable"] == "engagement.passive"
    events, rules = shop(tmp_path, *EVENTS)
    assert "who can be reached is not known" in run("report", events, "--rules", rules).stdout
    assert "who can be reached is not known" not in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name files of events, or changes with --changes FILE, and not both"),
        (["{events}", "--changes", "{events}"], "and not both"),
        (["{events}", "--reachable", "reachabel"], "no segment reachabel in the rules"),
        (["--changes", "{events}"], "events.jsonl:1: not a segment change: customer_id is missing"),
        (["--changes", "{events}", "--map", "m.yaml"], "--map is for events"),
        (["{events}", "--html", "{events}"], "is read: name another file"),
        (["{events}", "--json", "{rule}"], "is read: name another file"),
        (["{events}", "--html", "{folder}/x", "--json", "{folder}/./x"], "name two files"),
        (["{events}", "--html", "-", "--json", "-"], "cannot both go to -: name two files"),
        (["{events}", "--html", "{folder}/no/page.html"], "is not a folder, make it first"),
        (["{events}", "--small", "2"], "expected a share such as 0.05 or 5%"),
        (["{folder}/missing.jsonl"], "missing.jsonl does not exist"),
    ],
)
def test_wrong_use_is_said_in_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    events, rules = shop(tmp_path, event(1, 0))
    (rule,) = Path(rules).iterdir()
    given = [one.format(events=events, rule=rule, folder=tmp_path) for one in arguments]
    result = run("report", *given, "--rules", rules)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert Path(events).read_bytes() == event(1, 0) + b"\n"


def test_an_unfinished_report_leaves_no_file(tmp_path: Path) -> None:
    _, rules = shop(tmp_path)
    page = str(tmp_path / "report.html")
    status, said = interrupted("report", "-", "--rules", rules, "--html", page)
    assert (status, said) == (130, b"Interrupted: no output file was written.\n")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["events.jsonl"]


def test_a_visitor_who_became_a_user_is_not_forgotten(tmp_path: Path) -> None:
    visitor = event(1, 0, "", anonymous_id="a-1")
    login = event(2, HOUR, "u-1", anonymous_id="a-1")
    rules = f"ruleset: shop\nidentity: {{anonymous: last}}\n---\n{RULES}"
    events, place = shop(tmp_path, visitor, login, rules=rules)
    assert "forgotten" not in run("report", events, "--rules", place).stdout
    end = ("--until", "2030-01-01T00:00:00Z")
    said = run("report", events, "--rules", place, *end).stdout
    assert "1 more customer forgotten: no event for the retention" in said


def test_a_pipe_gets_the_page_and_the_table_goes_aside(tmp_path: Path) -> None:
    events, rules = shop(tmp_path, event(1, 0), event(2, HOUR))
    done = process("report", events, "--rules", rules, "--html", "-")
    assert done.stdout.startswith(b"<!doctype html>")
    assert b"engagement.active" in done.stderr
