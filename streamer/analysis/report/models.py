"""The models that segments ask, and whether they can have been fitted on the shop reported on."""

from typing import NamedTuple

from streamer.app.nodes import leaves_of
from streamer.core.engine.program import RuleSet
from streamer.core.leaves.predicted import Alive
from streamer.core.leaves.worth import Valued
from streamer.core.rules.spec import FittedOn
from streamer.types import Millis


class AskedModel(NamedTuple):
    """A model by its key, what it was fitted on, and the segments and ladders that ask it.

    `foreign` if it cannot have been fitted on the shop whose history is reported on.
    """

    key: str
    fitted_on: str | None
    segments: tuple[str, ...]
    foreign: bool


def models_asked(
    rules: RuleSet, begin: Millis | None, end: Millis | None
) -> tuple[AskedModel, ...]:
    """Return the models that rules ask, over a history from `begin` to `end`."""
    fitted: dict[str, FittedOn] = {}
    segments: dict[str, dict[str, None]] = {}
    for segment in rules.segments:
        for node in leaves_of(segment):
            if isinstance(node.leaf, Alive | Valued):
                model = node.leaf.model
                fitted[model.name] = model.fitted
                segments.setdefault(model.name, {})[segment.key] = None
    return tuple(
        AskedModel(key, on.what, tuple(segments[key]), _is_foreign(on, rules, begin, end))
        for key, on in fitted.items()
    )


def _is_foreign(on: FittedOn, rules: RuleSet, begin: Millis | None, end: Millis | None) -> bool:
    """Whether a model was fitted on nothing it says, or long before or after the history.

    Who bought in its time is forgotten when the history begins, or had not come when it ended.
    """
    if on.what is None and on.begin is None and on.until is None:
        return True
    if begin is None or end is None:
        return False
    ended_before = on.until is not None and on.until < begin - rules.retention
    return ended_before or (on.begin is not None and on.begin > end)
