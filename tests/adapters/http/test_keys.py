"""The file of write keys: every mistake is named."""

from hashlib import sha256
from pathlib import Path

import pytest

from streamer.adapters.http.keys import read_keys
from streamer.errors import UsageError

KEY = "pk_5b1f0c22"


def written(folder: Path, text: str) -> Path:
    path = folder / "keys.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "line", [f'key = "{KEY}"', f'sha256 = "{sha256(KEY.encode()).hexdigest()}"']
)
def test_a_key_is_found_by_itself_or_its_hash(tmp_path: Path, line: str) -> None:
    keys = read_keys(
        written(tmp_path, f'[web]\nkind = "public"\norigins = ["https://a"]\n{line}\n')
    )
    found = keys.find(KEY)
    assert found is not None
    assert found.rights.name == "web"
    assert found.allows("https://a")
    assert found.allows(None)
    assert not found.allows("https://b")
    assert keys.find("another") is None
    assert keys.knows("https://a")
    assert not keys.knows("https://b")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no keys"),
        ("[web", "cannot be read"),
        ("web = 1", "must be a table"),
        ('[web]\nkey = "12345678"', "kind"),
        ('[web]\nkind = "other"', "kind"),
        ('[web]\nkind = "public"', "either key or sha256"),
        ('[web]\nkind = "public"\nkey = "12345678"\nsha256 = "x"', "either key or sha256"),
        ('[web]\nkind = "public"\nkey = "short"', "at least 8"),
        ('[web]\nkind = "public"\nsha256 = "x"', "64 hexadecimal"),
        ('[web]\nkind = "public"\nkey = 12345678', "key must be text"),
        ('[web]\nkind = "public"\nkey = "12345678"\norigin = []', "unknown setting origin"),
        ('[web]\nkind = "public"\nkey = "12345678"\norigins = "x"', "list of texts"),
        ('[web]\nkind = "public"\nkey = "12345678"\nrate = 0', "above 0"),
        ('[web]\nkind = "public"\nkey = "12345678"\nrate = true', "above 0"),
        ('[web]\nkind = "secret"\nkey = "12345678"\norigins = []', "for public keys"),
        (
            '[a]\nkind = "secret"\nkey = "12345678"\n[b]\nkind = "secret"\nkey = "12345678"',
            "same key",
        ),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_keys(written(tmp_path, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nothing\.toml cannot be read"):
        read_keys(tmp_path / "nothing.toml")
