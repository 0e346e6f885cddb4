"""The text of the published mark: pinned in each version that is read, and refused in any other."""

import pytest

from streamer.adapters.kafka.marks import decode_mark, encode_mark
from streamer.errors import AdapterError
from streamer.ports import PublishedMark

MARK = PublishedMark(7, 70, (1_700_000_000_001, 'u-"7" \u00fc'))
VERSION_1 = '[7,[1700000000001,"u-\\"7\\" \u00fc"]]'
VERSION_2 = '[2,7,[1700000000001,"u-\\"7\\" \u00fc"]]'


def test_the_text_of_a_mark() -> None:
    assert encode_mark(MARK) == VERSION_2
    assert decode_mark(70, VERSION_2) == MARK


def test_the_version_before_is_read() -> None:
    assert decode_mark(70, VERSION_1) == MARK


@pytest.mark.parametrize("text", ['[3,7,[0,""]]', "[1,2,3,4]", "[1]", "[]"])
def test_another_version_is_refused(text: str) -> None:
    with pytest.raises(AdapterError, match="this program reads version 2 and the one before"):
        decode_mark(70, text)


@pytest.mark.parametrize("text", ["", "{}", "7", '["a",[0,""]]', "[2,7,8]", '["2",7,[0,""]]'])
def test_what_is_no_mark(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_mark(70, text)
