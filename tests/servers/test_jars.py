"""A jar comes with the hash that the list names, or not at all."""

import hashlib
import re
from pathlib import Path

import pytest

from tests.servers import jars
from tests.servers.jars import WrongJar, check, fetch, listed
from tests.servers.machine import KAFKA_VERSION, POM

CONTENT = b"the content of a jar"


@pytest.fixture
def central(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository in a folder, and a list of the one jar in it."""
    jar = tmp_path / "central" / "org" / "it" / "1" / "it-1.jar"
    jar.parent.mkdir(parents=True)
    jar.write_bytes(CONTENT)
    lines = tmp_path / "list.txt"
    lines.write_text(f"# one\n{hashlib.sha256(CONTENT).hexdigest()}  org/it/1/it-1.jar\n")
    monkeypatch.setattr(jars, "LIST", lines)
    monkeypatch.setattr(jars, "CENTRAL", (tmp_path / "central").as_uri())
    return jar


def test_the_list_holds_what_the_pom_names() -> None:
    names = {path.name for path in listed()}
    pom = POM.read_text(encoding="utf-8")
    named = re.findall(r"<artifactId>(.+)</artifactId>\s*<version>(.+)</version>", pom)
    assert {f"{name}-{version}.jar" for name, version in named[1:]} <= names
    assert f"kafka_2.13-{KAFKA_VERSION}.jar" in names


def test_what_is_listed_is_fetched(central: Path, tmp_path: Path) -> None:
    fetch(tmp_path / "jars")
    check(tmp_path / "jars")
    assert (tmp_path / "jars" / central.name).read_bytes() == CONTENT


def test_a_jar_with_another_hash_is_refused(central: Path, tmp_path: Path) -> None:
    central.write_bytes(b"something else")
    with pytest.raises(WrongJar, match=r"it-1\.jar has not the hash"):
        fetch(tmp_path / "jars")
    assert list((tmp_path / "jars").iterdir()) == []


@pytest.mark.usefixtures("central")
def test_a_folder_with_a_jar_too_many_is_refused(tmp_path: Path) -> None:
    fetch(tmp_path / "jars")
    (tmp_path / "jars" / "other-1.jar").write_bytes(b"")
    with pytest.raises(WrongJar, match=r"other-1\.jar$"):
        check(tmp_path / "jars")


@pytest.mark.usefixtures("central")
def test_a_folder_without_a_jar_is_refused(tmp_path: Path) -> None:
    (tmp_path / "jars").mkdir()
    with pytest.raises(WrongJar, match=r"it-1\.jar$"):
        check(tmp_path / "jars")
