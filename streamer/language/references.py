"""What rules say of each other: keys used twice, memberships that do not exist, circles."""

from collections.abc import Iterable, Mapping

from streamer.language.documents import Declaration
from streamer.language.reading import Reading, Reference
from streamer.language.words import quoted


def unique(declarations: Iterable[Declaration], reading: Reading) -> dict[str, Declaration]:
    """Return the declarations by key; report each key that is used again."""
    known: dict[str, Declaration] = {}
    for one in declarations:
        first = known.setdefault(one.key, one)
        if first is not one:
            message = f'duplicate key "{one.key}": {first.at} has it already'
            reading.report.error(one.at, message)
    return known


def check(known: Mapping[str, Declaration], reading: Reading) -> None:
    """Report every reference that leads nowhere, and every circle of references."""
    edges: dict[str, dict[str, Reference]] = {key: {} for key in known}
    memberships = tuple(_memberships(known.values()))
    for reference in reading.references:
        fault = _fault(reference, known, memberships, reading)
        if fault is not None:
            reading.report.error(reference.at, fault)
        elif not reference.in_test and reference.document in edges:
            edges[reference.document].setdefault(reference.membership.partition(".")[0], reference)
    for circle in _circles({key: tuple(targets) for key, targets in edges.items()}):
        said = " -> ".join((*circle, circle[0]))
        second = circle[1 % len(circle)]
        reading.report.error(edges[circle[0]][second].at, f"references form a circle: {said}")


def _memberships(declarations: Iterable[Declaration]) -> Iterable[str]:
    for one in declarations:
        if one.tiers is None:
            yield one.key
        else:
            yield from (f"{one.key}.{tier}" for tier in one.tiers)


def _fault(
    reference: Reference,
    known: Mapping[str, Declaration],
    memberships: tuple[str, ...],
    reading: Reading,
) -> str | None:
    """Return what is wrong with a reference."""
    key, _, tier = reference.membership.partition(".")
    target = known.get(key)
    near = reading.nearest
    if target is None:
        words = tuple(known) if reference.moves else memberships
        hint = near.hint(
            key if reference.moves else reference.membership, words, "no rule has this key"
        )
        what = "ladder" if reference.moves else "segment"
        return f"unknown {what} {quoted(key if reference.moves else reference.membership)}: {hint}"
    if not target.enabled and not (reference.in_test and reference.document == key):
        return f"{quoted(key)} is not evaluated: its settings say enabled: false"
    if target.tiers is None:
        return f"{quoted(key)} is a segment and has no tiers" if tier or reference.moves else None
    if not tier:
        if reference.moves:
            return None
        example = f"{key}.{target.tiers[0]}" if target.tiers else f"{key}.TIER"
        return f"{quoted(key)} is a ladder: name one of its tiers, such as {example}"
    if tier in target.tiers:
        return None
    hint = near.hint(tier, target.tiers, f"it has {', '.join(target.tiers)}")
    return f"unknown tier {quoted(tier)} of {quoted(key)}: {hint}"


def _circles(edges: Mapping[str, tuple[str, ...]]) -> Iterable[tuple[str, ...]]:
    """Yield a circle for every reference that closes one, without recursion."""
    done: set[str] = set()
    for root in edges:
        path: dict[str, None] = {}
        stack = [] if root in done else [(root, iter(edges[root]))]
        path.update(dict.fromkeys([root] if stack else []))
        while stack:
            key, targets = stack[-1]
            target = next(targets, None)
            if target is None:
                stack.pop()
                path.pop(key)
                done.add(key)
            elif target in path:
                walked = list(path)
                yield tuple(walked[walked.index(target) :])
            elif target not in done:
                path[target] = None
                stack.append((target, iter(edges[target])))
