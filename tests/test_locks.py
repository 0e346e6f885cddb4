"""The locks agree with `pyproject.toml` and with each other, and hold on every machine."""

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RUNTIME = PROJECT["project"]["dependencies"]
EXTRAS = PROJECT["project"]["optional-dependencies"]
GROUPS = PROJECT["dependency-groups"]
LOCKS = {
    "runtime": RUNTIME,
    "extras": [*RUNTIME, *chain.from_iterable(EXTRAS.values())],
    "build": GROUPS["build"],
    "dev": RUNTIME + GROUPS["dev"] + GROUPS["docs"],
    "servers": GROUPS["servers"],
    "sdks": GROUPS["sdks"],
}
WISHES = {  # what the engine was asked to be made with, each where it is used
    "confluent-kafka": "runtime",
    "faust-streaming": "extras",
    "kafka-python": "runtime",
    "orjson": "runtime",
    "prometheus-client": "runtime",
    "pytest": "dev",
    "redis": "runtime",
    "testcontainers": "dev",
}


def text(lock: str) -> str:
    return (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")


def pins(lock: str) -> dict[str, str]:
    """Return the locked version of each package."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text(lock), re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS)
def test_every_dependency_is_locked_within_its_bounds(lock: str) -> None:
    locked = pins(lock)
    for wish in map(Requirement, LOCKS[lock]):
        assert wish.specifier.contains(locked[canonicalize_name(wish.name)]), wish


@pytest.mark.parametrize("lock", ["runtime", "build"])
def test_developers_get_the_same_versions(lock: str) -> None:
    assert pins(lock).items() <= pins("dev").items()


def test_an_extra_adds_to_what_everybody_gets() -> None:
    assert pins("runtime").items() <= pins("extras").items()


@pytest.mark.parametrize(("package", "lock"), WISHES.items())
def test_the_libraries_of_the_design_are_in_the_lock_of_their_users(
    package: str, lock: str
) -> None:
    assert package in pins(lock)


def test_every_library_of_the_run_time_is_imported_by_the_package() -> None:
    modules = {
        "confluent-kafka": "confluent_kafka",
        "kafka-python": "kafka",
        "mypy-extensions": "mypy_extensions",
        "prometheus-client": "prometheus_client",
    }
    source = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "streamer").rglob("*.py")
    )
    for name in {Requirement(wish).name for wish in RUNTIME} - {"tzdata"}:  # zoneinfo reads it
        module = modules.get(name, name)
        assert re.search(rf"^\s*(import|from) {re.escape(module)}\b", source, re.MULTILINE), name


def test_what_builds_is_what_the_build_system_asks_for() -> None:
    named = {Requirement(wish).name for wish in LOCKS["build"]}
    assert named == {Requirement(wish).name for wish in PROJECT["build-system"]["requires"]}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_has_hashes(lock: str) -> None:
    packages = re.split(r"^(?=[\w.-]+==)", text(lock), flags=re.MULTILINE)[1:]
    assert [package for package in packages if "--hash=sha256:" not in package] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index_and_no_path(lock: str) -> None:
    lines = [line for line in text(lock).splitlines() if not line.lstrip().startswith("#")]
    assert [line for line in lines if re.search(r"://|^-|\s@\s|--(?!hash=)", line)] == []
