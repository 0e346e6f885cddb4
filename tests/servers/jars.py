"""Kafka's jars, each with the hash that it must have: ``kafka.jars.txt`` says which.

`fetch` gets them from Maven Central without Maven. ``python -m tests.servers.jars`` has Maven
resolve ``kafka.pom.xml`` and writes the list again; run it after a change there.
"""

import hashlib
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from tests.servers.machine import POM

LIST = POM.with_name("kafka.jars.txt")
CENTRAL = "https://repo1.maven.org/maven2"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
FILE_S = 30
AT_ONCE = 8


class WrongJar(Exception):
    """A jar is missing, is one too many, or is not the one that the list names."""


def copy_command(folder: Path, *options: str) -> list[str]:
    """Return the command with which Maven copies the jars into a folder."""
    maven = ["mvn", "--batch-mode", "--quiet", "--file", str(POM), COPY]
    return [*maven, "-DincludeScope=runtime", f"-DoutputDirectory={folder}", *options]


def listed() -> dict[PurePosixPath, str]:
    """Return the hash of each jar, by its path in a Maven repository."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    pairs = (line.split() for line in lines if not line.startswith("#"))
    return {PurePosixPath(path): sha256 for sha256, path in pairs}


def sha256_of(data: bytes) -> str:
    """Return the hash as the list has it."""
    return hashlib.sha256(data).hexdigest()


def check(folder: Path) -> None:
    """Compare the jars in a folder with the list.

    Raises:
        WrongJar: they are not the same.
    """
    wanted = {path.name: sha256 for path, sha256 in listed().items()}
    found = {jar.name: sha256_of(jar.read_bytes()) for jar in folder.glob("*.jar")}
    wrong = sorted(dict(wanted.items() ^ found.items()))
    if wrong:
        raise WrongJar(f"not as {LIST.name} lists them: {', '.join(wrong)}")


def fetch(folder: Path) -> None:
    """Get every jar of the list into a folder.

    Raises:
        WrongJar: what came is not what the list names; it is not kept.
        OSError: there is no way to Maven Central.
    """

    def one(path: PurePosixPath, sha256: str) -> None:
        with urllib.request.urlopen(f"{CENTRAL}/{path}", timeout=FILE_S) as answer:  # noqa: S310 (https)
            data = answer.read()
        if sha256_of(data) != sha256:
            raise WrongJar(f"{path} has not the hash that {LIST.name} says")
        (folder / path.name).write_bytes(data)

    folder.mkdir(parents=True)
    jars = listed()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(one, jars, jars.values()))


def resolved() -> Iterator[str]:
    """Yield the lines of the list, as Maven resolves the pom now."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run(copy_command(folder, "-Dmdep.useRepositoryLayout=true"), check=True)  # noqa: S603 (ours)
        for jar in sorted(folder.rglob("*.jar")):
            yield f"{sha256_of(jar.read_bytes())}  {jar.relative_to(folder).as_posix()}\n"


if __name__ == "__main__":
    head = "# What kafka.pom.xml comes to; written by `python -m tests.servers.jars`.\n"
    LIST.write_text(head + "".join(resolved()), encoding="utf-8")
