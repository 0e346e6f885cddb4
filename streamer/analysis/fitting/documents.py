"""A fitted model as a document of a rule set: text that the rule language reads."""

from json import dumps

from streamer.analysis.fitting.bg_nbd import Fit, Parameters
from streamer.analysis.fitting.gamma_gamma import GammaGammaParameters, ValueFit
from streamer.analysis.fitting.histories import Histories
from streamer.core.wording import duration
from streamer.instants import iso
from streamer.types import Millis


def model_file(
    key: str, fit: Fit, histories: Histories, unit: Millis, until: Millis, on: str
) -> str:
    """Return the text of a file with one model; `on` says for people what it was fitted on."""
    known = [summary for _, summary in histories.until(until)]
    purchases = sum(summary.repeats + 1 for summary in known)
    return f"""\
# Written by streamer fit. P(alive) by BG/NBD: Fader, Hardie and Lee, Marketing Science 24 (2005).
model: {key}
kind: bg_nbd
purchase: {_purchase(histories)}
each: {histories.each}
unit: {duration(unit)}
parameters: {_parameters(fit.parameters)}
fitted:
  on: {dumps(on, ensure_ascii=False)}
  from: {iso(histories.first or until)}
  until: {iso(until)}
  customers: {len(known)}
  purchases: {purchases}
  log_likelihood: {fit.log_likelihood:.4f}
"""


def value_document(key: str, fit: ValueFit, histories: Histories, until: Millis, on: str) -> str:
    """Return the text of a second model, of this key, to stand behind the first."""
    found = (histories.spent(customer, until) for customer in histories.times)
    spent = [one for one in found if one is not None]
    return f"""\
---
# The value of a purchase by gamma-gamma: Fader and Hardie (2013).
model: {key}
kind: gamma_gamma
purchase: {_purchase(histories)}
each: {histories.each}
value: "{histories.value}"
parameters: {_parameters(fit.parameters)}
fitted:
  on: {dumps(on, ensure_ascii=False)}
  from: {iso(histories.first or until)}
  until: {iso(until)}
  customers: {len(spent)}
  purchases: {sum(one.purchases for one in spent)}
  log_likelihood: {fit.log_likelihood:.4f}
"""


def _parameters(found: Parameters | GammaGammaParameters) -> str:
    """Return the parameters as a mapping of YAML."""
    return f"{{{', '.join(f'{name}: {value}' for name, value in found._asdict().items())}}}"


def _purchase(histories: Histories) -> str:
    names = sorted(histories.events)
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"
