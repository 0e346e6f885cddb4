"""What of YAML is taken, what is refused, and how a broken text is read on."""

import pytest

from streamer.core.rules.spec import Segment
from streamer.errors import Finding, RuleErrors
from streamer.language import read_rules_text, render
from tests.language.marked import check, found, rule

SEGMENT = "segment: a\npurpose: p\nwhen: {quiet: 1d}\n"
COLON = (
    'not YAML: a ":" where no key can begin; check the indentation, and put a text that contains '
    '": " in quotes'
)
SECOND = 'not YAML: a second ": " in one line: put a text that contains ": " in quotes'
OPEN = "not YAML: what begins here does not end"
TAB = "not YAML: a tab where only spaces may indent"
A_LIST = (
    "expected a key of at most 63 small letters, digits and _, such as cart_abandoner, found a list"
)
DEEP = "nested deeper than 32 levels"

ERRORS: dict[str, tuple[str, ...]] = {
    "an alias": (
        "segment: a\npurpose: &reason p\ntitle: ¦*reason\nwhen: {quiet: 1d}\n",
        'aliases are not used in rule files: write out what "*reason" means',
    ),
    "an alias for a key": (
        SEGMENT + "settings: {¦*reason : 1d}\n",
        'aliases are not used in rule files: write out what "*reason" means',
    ),
    "a merge": (
        SEGMENT + "settings: {¦<<: {cooldown: 1d}}\n",
        (
            'unknown key "<<" in the settings: expected "min_dwell", "cooldown", "holdout", '
            '"needs_consent", "enabled", "owner" or "tags"'
        ),
    ),
    "a tag": (
        "segment: a\npurpose: ¦!!str p\nwhen: {quiet: 1d}\n",
        "tags are not used in rule files: remove !!str",
    ),
    "a tag on a mapping": (
        "segment: a\npurpose: p\nwhen: ¦!!python/object:os.system {quiet: 1d}\n",
        "tags are not used in rule files: remove !!python/object:os.system",
    ),
    "a key twice": (
        SEGMENT + "¦purpose: q\n",
        'duplicate key "purpose": it stands on line 2 already',
    ),
    "a key of a list": (
        SEGMENT + "settings: {? ¦[a] : b}\n",
        "a key must be a single word, not a list or mapping",
    ),
    "a tab": (f"{SEGMENT}settings:\n¦\tcooldown: 1d\n", TAB),
    "a colon in a text": ("segment: a\npurpose: The reason¦: fun\nwhen: {quiet: 1d}\n", SECOND),
    "an open bracket": ("segment: a\npurpose: p\nwhen: ¦{quiet: 1d\n", OPEN),
    "an open quote": (
        "segment: a\npurpose: ¦'p\nwhen: {quiet: 1d}\n",
        (
            "not YAML: the text that begins with ' does not end; put a text with an apostrophe in "
            '"double quotes"'
        ),
    ),
    "too deep": (
        rule("{none: [" * 15 + "{none: ¦[{quiet: 1d}]}" + "]}" * 15),
        DEEP,
    ),
    "brackets without end": (f"segment: ¦{'[' * 64}¦{'[' * 2000}", A_LIST, DEEP),
    "dashes without end": (f"segment:\n  ¦{'- ' * 31}¦{'- ' * 2000}a", A_LIST, DEEP),
    "an old version": (
        f"¦%YAML 1.1\n---\n{SEGMENT}",
        "rule files are YAML 1.2 and use no directives",
    ),
    "a tag directive": (
        f"¦%TAG ! tag:x,2000:\n---\n{SEGMENT}",
        "rule files are YAML 1.2 and use no directives",
    ),
    "half a character": (
        'segment: a\npurpose: ¦"\\ud800"\nwhen: {quiet: 1d}\n',
        "U+D800 stands for no character",
    ),
    "a zero byte": (
        "segment: a\npurpose: p¦\0\nwhen: {quiet: 1d}\n",
        "the character U+0000 may not stand in a rule file",
    ),
    "a line separator": (
        "segment: a\npurpose: p¦\u2028q\nwhen: {quiet: 1d}\n",
        "the character U+2028 may not stand in a rule file",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_error(case: str) -> None:
    marked, *messages = ERRORS[case]
    check(marked, *messages)


@pytest.mark.parametrize("escape", ["\\U00110000", "\\UFFFFFFFF", "\\q", "\\x1", "\\u12"])
def test_an_escape_that_is_none(escape: str) -> None:
    ((line, _, message),) = found(SEGMENT.replace("p\n", f'"{escape}"\n', 1))
    assert line == 2
    assert message.startswith("not YAML: ")


def test_depth_32_is_allowed() -> None:
    condition = "{none: [" * 15 + "{quiet: 1d}" + "]}" * 15
    assert len(read_rules_text(rule(condition)).declarations) == 1


def test_a_broken_document_hides_no_other() -> None:
    check(
        "segment: ¦A\npurpose: p\nwhen: ¦{quiet: 1d\n---\n"
        "¦\tsegment: b\n---\nsegment: c\npurpose: p\nwhen: {quiet: ¦0d}\n...\nladder: ¦[]\n"
        "purpose: p\ntiers: [{a: otherwise}]\n",
        "expected a key of at most 63 small letters, digits and _, such as cart_abandoner, found "
        'the text "A"',
        OPEN,
        TAB,
        "a duration is more than zero",
        A_LIST,
    )


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("no", "no"),
        ("'5'", "5"),
        ("2026-01-01", "2026-01-01"),
        ("02-07", "02-07"),
        ("012", "012"),
        ("1_000", "1_000"),
        ("|\n  one\n  two\n", "one\ntwo\n"),
        (">-\n  one\n  two\n", "one two"),
        ('"caf\\u00e9"', "café"),
        ("plain # comment", "plain"),
    ],
)
def test_texts(written: str, read: str) -> None:
    text = f"segment: a\npurpose: {written}\nwhen: {{quiet: 1d}}\n"
    if written == "012":
        assert found(text) == [(2, 10, "expected a text, found the number 012")]
        return
    (declared,) = read_rules_text(text).declarations
    assert declared.purpose == read


@pytest.mark.parametrize("text", [SEGMENT.replace("\n", "\r\n"), f"%YAML 1.2\n---\n{SEGMENT}"])
def test_forms_of_the_same_document(text: str) -> None:
    (declared,) = read_rules_text(text).declarations
    assert isinstance(declared, Segment)
    assert (declared.key, declared.purpose) == ("a", "p")


def test_lines_are_counted_in_every_form_of_line_end() -> None:
    assert found("segment: a\r\npurpose: p\rwhen: {quiet: 0d}\n")[0][:2] == (3, 15)


def test_columns_are_counted_in_characters() -> None:
    assert found("segment: a\npurpose: p\nwhen: {trait: é🛒, exists: 1}\n")[0][:2] == (3, 27)


def test_a_rendered_error() -> None:
    with pytest.raises(RuleErrors) as caught:
        read_rules_text(rule("{performed: product_aded}"), "rules/cart.yaml")
    (error,) = caught.value.findings
    assert render(error) == (
        'rules/cart.yaml:3:19: unknown event "product_aded": did you mean "product_added"?\n'
        "  when: {performed: product_aded}\n"
        "                    ^"
    )
    assert str(caught.value) == str(error)


def test_a_long_line_is_rendered_in_part() -> None:
    text = "x" * 500 + "HERE" + "y" * 500
    head, line, caret = render(Finding("f", 1, 501, "m", text)).split("\n")
    assert head == "f:1:501: m"
    assert line[caret.index("^") :].startswith("HERE")
    assert len(line) < 170
    assert line.strip().startswith("…")
    assert line.endswith("…")


def test_a_warning_is_rendered_as_one() -> None:
    finding = Finding("f", 1, 2, "m", "\ta: b", "warning")
    assert render(finding) == "f:1:2: warning: m\n  \ta: b\n  \t^"


def test_an_error_in_an_empty_line_has_no_caret() -> None:
    assert render(Finding("f", 1, 1, "m")) == "f:1:1: m"
