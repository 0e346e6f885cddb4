"""The manifests in `ops/kubernetes` are valid, run what there is, and keep what we promise of them.

Not every machine has a cluster, so nothing is started here. Kubernetes' own schemas judge every
object. Where there is a `kubectl`, it builds the overlays, and what it builds is judged as well.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import kubernetes_validate
import pytest
from ruamel.yaml import YAML

from streamer.cli import main
from tests.ops.rules import ROOT
from tests.ops.watching import JOBS

FOLDER = ROOT / "ops" / "kubernetes"
OVERLAYS = ["small", "production"]
VERSION = "1.33"
"""The oldest Kubernetes that the manifests are for; `preStop: sleep` is newer than 1.29."""
DEFINED_ELSEWHERE = {"ScaledObject", "TriggerAuthentication", "PodMonitor"}
"""Kinds of KEDA and of Prometheus' operator."""
RUN = {"worker": 9464, "collect": 9465, "react": 9466, "serve": 9468}


def objects(path: Path) -> Iterator[dict[str, Any]]:
    yield from YAML(typ="safe", pure=True).load_all(path)


def kustomization(folder: Path) -> dict[str, Any]:
    (found,) = objects(folder / "kustomization.yaml")
    return found


BASE = [
    one
    for name in kustomization(FOLDER / "base")["resources"]
    for one in objects(FOLDER / "base" / name)
]
OVERLAID = [
    one
    for overlay in OVERLAYS
    for path in sorted((FOLDER / "overlays" / overlay).glob("*.yaml"))
    if path.name != "kustomization.yaml"
    for one in objects(path)
]
DEPLOYMENTS = {
    one["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"]: one
    for one in BASE
    if one["kind"] == "Deployment"
}


def name(one: dict[str, Any]) -> str:
    return f"{one['kind']}-{one['metadata']['name']}"


def pod(component: str) -> dict[str, Any]:
    found: dict[str, Any] = DEPLOYMENTS[component]["spec"]["template"]["spec"]
    return found


def container(component: str) -> dict[str, Any]:
    (found,) = pod(component)["containers"]
    return dict(found)


def command(words: list[str]) -> click.Command:
    """Return the command of our command line that these words name."""
    found: click.Command | None = main
    for word in words:
        assert isinstance(found, click.Group)
        found = found.get_command(click.Context(found), word)
    assert found is not None
    return found


def built(overlay: str) -> list[dict[str, Any]]:
    if shutil.which("kubectl") is None:
        pytest.skip("there is no kubectl to build overlays with")
    done = subprocess.run(  # noqa: S603 (our own command)
        [str(shutil.which("kubectl")), "kustomize", str(FOLDER / "overlays" / overlay)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return list(YAML(typ="safe", pure=True).load_all(done.stdout))


@pytest.mark.parametrize("one", BASE, ids=name)
def test_an_object_of_the_base_is_valid(one: dict[str, Any]) -> None:
    kubernetes_validate.validate(one, VERSION, strict=True)


def test_a_wrong_key_is_found() -> None:
    wrong = {**BASE[0], "automountToken": False}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSION, strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_overlay_builds_valid_objects(overlay: str) -> None:
    found = built(overlay)
    for one in found:
        if one["kind"] not in DEFINED_ELSEWHERE:
            kubernetes_validate.validate(one, VERSION, strict=True)
    assert {name(one) for one in BASE if one["kind"] != "ConfigMap"} <= set(map(name, found))
    images = re.findall(r"'image': '([^']+)'", str(found))
    assert images
    assert all(re.fullmatch(r"registry\.example/streamer:\d+\.\d+\.\d+", one) for one in images)


def test_in_production_workers_have_the_key_by_which_ids_join() -> None:
    (worker,) = (one for one in built("production") if name(one) == "Deployment-streamer-worker")
    (box,) = worker["spec"]["template"]["spec"]["containers"]
    settings = {one["name"]: one.get("value") for one in box["env"]}
    mounts = [one["mountPath"] for one in box["volumeMounts"]]
    key = str(settings["STREAMER_CONTROL_KEY_FILE"])
    assert key.rpartition("/")[0] in mounts
    assert "STREAMER_CONTROL_KEY_FILE" in {str(one.envvar) for one in command(["run"]).params}


def test_every_file_is_used() -> None:
    for folder in (FOLDER / "base", *(FOLDER / "overlays" / one for one in OVERLAYS)):
        named = [one for one in kustomization(folder)["resources"] if one.endswith(".yaml")]
        assert {path.name for path in folder.glob("*.yaml")} == {*named, "kustomization.yaml"}


@pytest.mark.parametrize("component", RUN)
def test_a_pod_runs_a_command_with_settings_that_it_has(component: str) -> None:
    box = container(component)
    found = command(box["args"])
    ports = {port["name"]: port["containerPort"] for port in box["ports"]}
    assert ports["metrics"] == RUN[component]
    defaults = {option.name: option.default for option in found.params}
    assert defaults["metrics_port"] == RUN[component]
    known = {str(option.envvar) for option in found.params if option.envvar}
    assert {one["name"] for one in box["env"]} <= known
    (settings,) = (one for one in BASE if one["kind"] == "ConfigMap")
    assert settings["data"].keys() <= known | {"STREAMER_GROUP"}


@pytest.mark.parametrize("component", RUN)
def test_a_pod_is_asked_whether_it_lives_and_whether_it_can_work(component: str) -> None:
    box = container(component)
    paths = {kind: box[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}
    assert {kind: probe["path"] for kind, probe in paths.items()} == {
        "startup": "/healthz",
        "liveness": "/healthz",
        "readiness": "/readyz",
    }
    assert {probe["port"] for probe in paths.values()} == {"metrics"}
    assert pod(component)["terminationGracePeriodSeconds"] == 60


@pytest.mark.parametrize("component", RUN)
def test_a_pod_has_no_right_that_it_does_not_need(component: str) -> None:
    box, all_of = container(component), pod(component)
    assert all_of["automountServiceAccountToken"] is False
    assert all_of["securityContext"]["runAsNonRoot"] is True
    assert all_of["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert box["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert box["resources"]["requests"].keys() == {"cpu", "memory"}
    assert "memory" in box["resources"]["limits"]


@pytest.mark.parametrize("component", RUN)
def test_pods_of_a_kind_are_apart_and_are_not_taken_away_at_once(component: str) -> None:
    (apart,) = pod(component)["affinity"]["podAntiAffinity"][
        "preferredDuringSchedulingIgnoredDuringExecution"
    ]
    chosen = {"matchLabels": {"app.kubernetes.io/component": component}}
    assert apart["podAffinityTerm"]["labelSelector"] == chosen
    budgets = [one["spec"] for one in BASE if one["kind"] == "PodDisruptionBudget"]
    assert [one["selector"] for one in budgets].count(chosen) == 1


def test_workers_come_and_go_one_after_the_other() -> None:
    rolling = DEPLOYMENTS["worker"]["spec"]["strategy"]["rollingUpdate"]
    assert rolling == {"maxSurge": 0, "maxUnavailable": 1}
    assert "replicas" not in DEPLOYMENTS["worker"]["spec"]  # KEDA's


def test_secrets_are_named_and_not_held() -> None:
    assert not [one for one in BASE + OVERLAID if one["kind"] == "Secret"]
    for component in RUN:
        for one in container(component)["env"]:
            held = str(one.get("value", ""))
            assert "secretKeyRef" in one.get("valueFrom", {}) or not re.search(r"//.*@", held)
    (redis,) = (one for one in container("worker")["env"] if one["name"] == "STREAMER_REDIS")
    assert redis["valueFrom"] == {"secretKeyRef": {"name": "streamer-redis", "key": "url"}}


def test_there_is_always_a_worker_and_never_more_than_partitions() -> None:
    (scaled,) = (one["spec"] for one in OVERLAID if one["kind"] == "ScaledObject")
    assert scaled["minReplicaCount"] == 1
    assert scaled["maxReplicaCount"] > 1
    (trigger,) = scaled["triggers"]
    defaults = {option.name: option.default for option in command(["run"]).params}
    assert trigger["metadata"]["consumerGroup"] == defaults["group"]
    assert trigger["metadata"]["topic"] == defaults["events_topic"]


def test_nobody_reaches_a_pod_who_is_not_named() -> None:
    policies = {
        one["metadata"]["name"]: one["spec"] for one in BASE if one["kind"] == "NetworkPolicy"
    }
    nothing = policies.pop("streamer-nothing-else")
    assert nothing["policyTypes"] == ["Ingress", "Egress"]
    assert nothing.keys() == {"podSelector", "policyTypes"}
    for one in policies.values():
        for rule in [*one.get("ingress", ()), *one.get("egress", ())]:
            assert rule["ports"]
            assert rule.get("from") or rule.get("to")


def test_the_jobs_have_the_names_that_rules_and_dashboards_expect() -> None:
    (monitor,) = (one["spec"] for one in OVERLAID if one["kind"] == "PodMonitor")
    (endpoint,) = monitor["podMetricsEndpoints"]
    made = set()
    for component in RUN:
        for rule in endpoint["relabelings"]:
            found = re.fullmatch(rule.get("regex", "(.*)"), component)
            if rule["targetLabel"] == "job" and found:
                made.add(found.expand(rule["replacement"].replace("$", "\\")))
    assert made == set(JOBS)
