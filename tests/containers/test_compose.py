"""`docker-compose.yml` is what the Compose Specification allows, and keeps what we promise of it.

Not every machine has Docker, so nothing is started here: the file is checked against the
specification's schema, the commands against our command line, and Kafka's settings by Kafka.
"""

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import click
import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from streamer.cli import main
from tests.conftest import need
from tests.servers.kafka import CLUSTER
from tests.servers.kafka import IMAGE as KAFKA_IMAGE
from tests.servers.machine import JARS, java_program, missing_for_kafka
from tests.servers.redis import IMAGE as REDIS_IMAGE

ROOT = Path(__file__).parents[2]
COMPOSE = YAML(typ="safe", pure=True).load(ROOT / "docker-compose.yml")
SERVICES = COMPOSE["services"]
SCHEMA = json.loads(Path(__file__).with_name("compose-spec.json").read_text(encoding="utf-8"))
ENDS_BY_ITSELF = {"topics"}
ANSWERS_NOBODY = {"storefront"}


def streamer_commands() -> list[tuple[str, list[str]]]:
    """Every call of `streamer` in the file: the service, and the words after the program's name."""
    found = []
    for name, service in SERVICES.items():
        if "build" not in service:
            continue
        if service.get("entrypoint") == ["python"]:  # a program of an example
            continue
        if "entrypoint" in service:
            (script,) = service["command"]
            found += [(name, shlex.split(part)[1:]) for part in script.split("|")]
        else:
            found.append((name, service["command"]))
    return found


def parse(words: list[str]) -> None:
    """Parse a command line without running it."""
    command: click.Command | None = main
    while isinstance(command, click.Group):
        name, *words = words
        command = command.get_command(click.Context(command), name)
    assert command is not None
    command.make_context(command.name, words)


def test_it_is_valid() -> None:
    assert not list(jsonschema_rs.validator_for(SCHEMA).iter_errors(COMPOSE))


def test_a_wrong_key_is_found() -> None:
    wrong = COMPOSE | {"services": {"kafka": {"image": "a", "helthcheck": {}}}}
    assert not jsonschema_rs.validator_for(SCHEMA).is_valid(wrong)


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_is_pinned(name: str) -> None:
    service = SERVICES[name]
    assert re.search(r":v?\d+\.\d+\.\d+$", service["image"]) or "build" in service


def test_the_servers_are_those_of_the_tests() -> None:
    assert SERVICES["kafka"]["image"] == KAFKA_IMAGE
    assert SERVICES["redis"]["image"] == REDIS_IMAGE


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_has_rights_that_it_does_not_need(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert str(service["user"]).partition(":")[0] not in {"root", "0", ""}


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_open_to_this_machine_only(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", ()))


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - ENDS_BY_ITSELF - ANSWERS_NOBODY))
def test_a_service_that_answers_is_asked_whether_it_is_well(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_waits_until_what_it_needs_is_ready(name: str) -> None:
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        if needed in ENDS_BY_ITSELF:
            assert how["condition"] == "service_completed_successfully"
        else:
            assert how["condition"] == "service_healthy"
            assert "healthcheck" in SERVICES[needed]


def test_two_workers_run() -> None:
    assert SERVICES["worker"]["deploy"]["replicas"] == 2


def test_the_servers_keep_what_they_are_told() -> None:
    assert SERVICES["kafka"]["environment"]["KAFKA_LOG_DIRS"] in SERVICES["kafka"]["volumes"][0]
    redis = SERVICES["redis"]["command"]
    assert "--appendonly yes" in redis
    assert "--maxmemory-policy noeviction" in redis
    mounts = [mount for name in ("kafka", "redis") for mount in SERVICES[name]["volumes"]]
    kept = {mount.partition(":")[0] for mount in mounts}
    assert kept == COMPOSE["volumes"].keys() - {"prometheus"}


def test_what_watches_runs_only_when_asked_for_and_reads_the_files_in_ops() -> None:
    watching = {name for name, service in SERVICES.items() if "profiles" in service}
    example = {"collector", "shop", "reminders", "receiver", "webhooks"}
    assert watching == {"prometheus", "alertmanager", "grafana", "serve"} | example
    for name in watching:
        assert SERVICES[name]["profiles"] == (["example"] if name in example else ["ops"])
        mounts = [mount.split(":") for mount in SERVICES[name]["volumes"]]
        files = [mount for mount in mounts if mount[0].startswith(".")]
        assert files
        assert all((ROOT / source).exists() and mode == "ro" for source, _, mode in files)


@pytest.mark.parametrize(("service", "words"), streamer_commands())
def test_its_commands_are_commands_of_ours(
    service: str, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in SERVICES[service]["environment"].items():
        monkeypatch.setenv(variable, value.replace("/rules", str(ROOT / "rules")))
    parse(words)


def test_kafka_accepts_its_settings(tmp_path: Path) -> None:
    need("Kafka", None if JARS.is_dir() else missing_for_kafka() or "its jars are not here")
    folders = {name: tmp_path / name for name in ("default", "mounted", "final")}
    for folder in folders.values():
        folder.mkdir()
    for name in ("server.properties", "log4j2.yaml", "tools-log4j2.yaml"):
        (folders["default"] / name).touch()
    settings = SERVICES["kafka"]["environment"] | {
        "KAFKA_LOG_DIRS": str(tmp_path / "data"),
        "CLUSTER_ID": CLUSTER,
    }
    setup = ["kafka.docker.KafkaDockerWrapper", "setup"]
    for name, folder in folders.items():
        setup += [f"--{name}-configs-dir", str(folder)]
    done = subprocess.run(  # noqa: S603 (our own command)
        [str(java_program()), "-cp", f"{JARS}/*", *setup],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "data" / "meta.properties").exists(), done.stdout + done.stderr
