"""Paths into JSON: what they lead to, and what is no path."""

import pytest

from streamer.mapping.paths import JsonRow, PathError, elements, getter, read_path

HERE = {
    "a": {"b": 5, "x-y": True, "c.d": "dotted", "none": None},
    "list": [{"key": "size", "value": {"n": 42}}, {"key": "", "value": 0}, "odd"],
    "void": [],
    "empty": "",
}
ROW = JsonRow(HERE, {"id": "whole", "a": 1}, line=3, position=1)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b", 5),
        ("a.x-y", True),
        ('a["c.d"]', "dotted"),
        ("a.none", None),
        ("a.none.deeper", None),
        ("a.b.c", None),
        ("a[0]", None),
        ("list[0].value.n", 42),
        ("list[7]", None),
        ("list[-1]", "odd"),
        ("void[-1]", None),
        ("list.value", None),
        ("list[key=size].value.n", 42),
        ("list[key=].value", 0),
        ("list[key=colour].value", None),
        ("empty", ""),
        ("nothing", None),
        ("$.id", "whole"),
        ("$.a", 1),
        ("$", ROW.whole),
    ],
)
def test_a_path_leads_to_what_is_there(path: str, found: object) -> None:
    assert getter(read_path(path))(ROW) == found


@pytest.mark.parametrize(
    "text", ["", ".a", "a.", "a..b", "a[", "a[-2]", "a[b]", "a[=c]", 'a[""]', "[0]", "a]", "$a.b["]
)
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(PathError, match="path"):
        read_path(text)


def test_a_key_may_begin_with_the_sign_of_the_whole() -> None:
    assert read_path("$a").steps == ("$a",)


def test_one_object_is_a_list_of_one() -> None:
    assert elements(ROW, {"n": 1}) == [JsonRow({"n": 1}, ROW.whole, 3, 1)]
    assert [row.position for row in elements(ROW, [{}, {}])] == [1, 2]
    for odd in (["text"], [None], "text", 5):
        with pytest.raises(ValueError, match="list of objects"):
            elements(ROW, odd)
