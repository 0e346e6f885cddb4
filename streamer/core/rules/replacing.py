"""Rules with other models: the same conditions on models that were fitted elsewhere."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from streamer.core.leaves.predicted import BgNbd, Predicted
from streamer.core.leaves.worth import GammaGamma, Worth
from streamer.core.rules.spec import All, AnyOf, Ladder, NoneOf, Segment

Declaration: TypeAlias = Segment | Ladder


def with_models(
    declarations: Sequence[Declaration], models: Sequence[BgNbd | GammaGamma]
) -> tuple[Declaration, ...]:
    """Return the declarations with each of the models in place of that of the same name."""
    if not models:
        return tuple(declarations)
    by_name = {model.name: model for model in models}
    return tuple(_declaration(one, by_name) for one in declarations)


def _declaration(one: Declaration, models: dict[str, BgNbd | GammaGamma]) -> Declaration:
    if isinstance(one, Segment):
        return replace(one, when=_condition(one.when, models))
    tiers = (
        tier if tier.when is None else replace(tier, when=_condition(tier.when, models))
        for tier in one.tiers
    )
    return replace(one, tiers=tuple(tiers))


def _condition(condition: Any, models: dict[str, BgNbd | GammaGamma]) -> Any:  # noqa: ANN401
    """Return a condition: `Any` as each of its classes comes back as itself."""
    if isinstance(condition, All | AnyOf | NoneOf):
        return replace(
            condition, conditions=tuple(_condition(one, models) for one in condition.conditions)
        )
    if not isinstance(condition, Predicted | Worth):
        return condition
    match models.get(condition.model.name):
        case BgNbd() as model:
            return Predicted(model, condition.at_least, condition.below)
        case GammaGamma() as model:
            return Worth(model, condition.at_least, condition.below)
        case None:
            return condition
