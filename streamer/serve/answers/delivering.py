"""Whether changes reach those who act on them: webhooks by endpoint, reactions by process."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from streamer.serve.answers.context import Context, Json
from streamer.serve.deliveries import Process, Sample

_WEBHOOKS: Final = "streamer_webhook_"
_REACTIONS: Final = "streamer_react_"
_FAILED: Final = ("failed", "given up", "gone")


def deliveries(context: Context) -> Json:
    """Return the backlog and the failures of each endpoint, and of each process of reactions.

    The figures of an endpoint are those of all processes together. Counts are since they started.
    """
    asked = context.stores.deliveries
    said = asked.said()
    return context.of(
        {
            "asked": list(asked.addresses),
            "processes": [
                {"address": one.address, "does": _does(one), "reason": one.reason} for one in said
            ],
            "endpoints": _endpoints(said),
            "reactions": [_reactions(one) for one in said if _does(one) == "reactions"],
        }
    )


def _does(process: Process) -> str | None:
    names = [one.name for one in process.samples or ()]
    if any(name.startswith(_REACTIONS) for name in names):
        return "reactions"
    return "webhooks" if process.samples is not None else None


def _endpoints(said: Iterable[Process]) -> list[Json]:
    """Return each endpoint with the sums of all processes."""
    samples: defaultdict[str, list[Sample]] = defaultdict(list)
    tries: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for process in said:
        for one in process.samples or ():
            if one.name.startswith(_WEBHOOKS) and "endpoint" in one.labels:
                samples[one.labels["endpoint"]].append(one)
        for name, latest in process.tries.items():
            tries[name].extend(latest)
    return [_endpoint(name, samples[name], tries[name]) for name in sorted(samples)]


def _endpoint(name: str, samples: list[Sample], tries: list[dict[str, Any]]) -> Json:
    failures = [one for one in tries if one["outcome"] in _FAILED]
    latest = max(failures, key=lambda one: str(one["at"]), default=None)
    return {
        "endpoint": name,
        "off": bool(_sum(samples, f"{_WEBHOOKS}off")),
        "breaker": _breaker(samples),
        "lag": _sum(samples, f"{_WEBHOOKS}lag"),
        "in_hand": _sum(samples, f"{_WEBHOOKS}in_hand"),
        "waiting": _sum(samples, f"{_WEBHOOKS}waiting"),
        "delivered": _sum(samples, f"{_WEBHOOKS}changes_total", outcome="delivered"),
        "superseded": _sum(samples, f"{_WEBHOOKS}changes_total", outcome="superseded"),
        "given_up": _sum(samples, f"{_WEBHOOKS}changes_total", outcome="given up"),
        "failed_tries": _sum(samples, f"{_WEBHOOKS}tries_total", outcome="failed"),
        "lost": _sum(samples, f"{_WEBHOOKS}records_lost_total"),
        "last_failure": None if latest is None else _failure(latest),
    }


def _breaker(samples: Iterable[Sample]) -> str:
    """Return the worst state that a process has of it."""
    states = {
        one.labels["state"]
        for one in samples
        if one.name == f"{_WEBHOOKS}breaker" and one.value == 1
    }
    return next((one for one in ("off", "open", "half-open") if one in states), "closed")


def _failure(failure: Mapping[str, Any]) -> Json:
    return {name: failure[name] for name in ("at", "status", "reason", "next_try")}


def _reactions(process: Process) -> Json:
    samples = process.samples or []
    counted = f"{_REACTIONS}changes_total"
    functions = {
        one.labels["reaction"] for one in samples if one.name == f"{_REACTIONS}seconds_count"
    }
    return {
        "address": process.address,
        "functions": sorted(functions),
        "lag": _sum(samples, f"{_REACTIONS}lag"),
        "waiting": _sum(samples, f"{_REACTIONS}waiting"),
        "dead": _sum(samples, f"{_REACTIONS}dead"),
        "handled": _sum(samples, counted, outcome="handled"),
        "failed_tries": _sum(samples, counted, outcome="failed"),
        "undone": _sum(samples, counted, outcome="undone"),
    }


def _sum(samples: Iterable[Sample], name: str, **labels: str) -> int:
    return int(
        sum(
            one.value
            for one in samples
            if one.name == name and labels.items() <= one.labels.items()
        )
    )
