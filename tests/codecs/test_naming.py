"""An id is found in a text however JSON may write it, and a number only where it is an id."""

import pytest

from streamer.codecs.naming import ids_named


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"user_id": "u-7"}', "u-7"),
        ('{"user_id": "k\\u00e4the"}', "käthe"),
        ('{"user_id": "\\ud83d\\ude00"}', "😀"),
        ('{"user_id": "q\\"q"}', 'q"q'),
        ('{"userId":7}', "7"),
        ('{"anonymousId" : 7.0}', "7"),
        ('{"previousId":-7,', "-7"),
        ('no JSON "u-7', None),
        ('no JSON "u-7" at all', "u-7"),
        ('{"quantity": 7, "user_id": 7.5, "userId": 7e3}', None),
    ],
)
def test_an_id_is_found(text: str, named: str | None) -> None:
    found = set(ids_named(text)) & {"u-7", "käthe", "😀", 'q"q', "7", "-7"}
    assert found == (set() if named is None else {named})
