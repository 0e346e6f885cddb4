"""Conditions in words: the same ones in changes, `explain` and error messages."""

import json
import re
from fractions import Fraction
from typing import Final

from streamer.core.rules.spec import Clause, Comparison, Names, Scope
from streamer.core.values import SCALE
from streamer.types import DAY, HOUR, MINUTE, SECOND, WEEK, Millis, Scalar

_PLAIN: Final = re.compile(r"[^\W\d_][\w./@+-]*(?: [\w./@+-]+)*")
"""Texts that need no quotes anywhere in YAML, unless they are one of its words."""
_WORDS: Final = frozenset(
    {"true", "True", "TRUE", "false", "False", "FALSE", "null", "Null", "NULL"}
)
_NUMBER: Final = re.compile(r"[-+]?\.?[0-9][0-9.]*([eE][-+]?[0-9]+)?")
_UNITS = ((WEEK, "w"), (DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s"), (1, "ms"))


def duration(millis: Millis) -> str:
    """Return a duration as it is written in a rule: 604800000 is `7d`, 90000 is `90s`."""
    if millis % WEEK == 0 and millis // WEEK > 1:
        return f"{millis // DAY}d"
    for size, unit in _UNITS[1:]:
        if millis % size == 0:
            return f"{millis // size}{unit}"
    return f"{millis}ms"


def names(events: Names) -> str:
    """Return event names joined by `or`; the empty tuple is `any`."""
    return " or ".join(events) if events else "any"


def literal(value: Scalar) -> str:
    """Return a value as it is written in a rule; in quotes where it would be no text without."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and (value in _WORDS or _NUMBER.fullmatch(value)):
        return f'"{value}"'
    return str(value)


def written(value: object) -> str:
    """Return a JSON value as YAML writes it in one line: `[mug, "7"]`, `{paid: true}`."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{written(k)}: {written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)


def decimal(scaled: int) -> str:
    """Return ten-thousandths as a decimal: 1499500 is `149.95`."""
    sign, whole = ("-" if scaled < 0 else ""), abs(scaled)
    fraction = f"{whole % SCALE:04}".rstrip("0")
    return f"{sign}{whole // SCALE}{'.' + fraction if fraction else ''}"


def amount(name: str, times: str | None, *, each: bool) -> str:
    """Return a sum's amount in words: `price times quantity by event`."""
    said = name if times is None else f"{name} times {times}"
    return f"{said} by event" if each else said


def comparison(one: Comparison, *, scaled: bool = False) -> str:
    """Return a comparison such as `at least 100`; `scaled` operands are ten-thousandths."""
    operand = one.operand
    if isinstance(operand, tuple):
        text = "[" + ", ".join(literal(each) for each in operand) + "]"
    elif scaled and isinstance(operand, int):
        text = decimal(operand)
    else:
        text = literal(operand)
    return f"{one.operator.replace('_', ' ')} {text}"


def comparisons(several: tuple[Comparison, ...], *, scaled: bool = False) -> str:
    """Return comparisons joined by `and`."""
    return " and ".join(comparison(one, scaled=scaled) for one in several)


def predicted(score: str, model: str, at_least: Fraction | None, below: Fraction | None) -> str:
    """Return `predicted alive by cdnow at least 0.5 below 0.9`, or without a bound.

    `score` says what the model's number is; a model of that name is not named once more.
    """
    said = f"predicted {score}" if model == score else f"predicted {score} by {model}"
    if at_least is not None:
        said += f" at least {float(at_least):g}"
    if below is not None:
        said += f" below {float(below):g}"
    return said


def where(clauses: tuple[Clause, ...]) -> str:
    """Return ` where price at least 100 and brand is acme`, or nothing."""
    if not clauses:
        return ""
    said = (f"{clause.property} {comparisons(clause.comparisons)}" for clause in clauses)
    return " where " + " and ".join(said)


def currency(clauses: tuple[Clause, ...]) -> str:
    """Return ` EUR` where the condition names one currency, else nothing."""
    for clause in clauses:
        for one in clause.comparisons:
            if clause.property == "currency" and one.operator == "is":
                return f" {one.operand}"
    return ""


def per(name: str | None, without: Names | None) -> str:
    """Return ` once per order_id without order_cancelled`, or nothing."""
    if name is None:
        return ""
    return f" once per {name}" + ("" if without is None else f" without {names(without)}")


def scope(of: Scope) -> str:
    """Return the words behind the event names: where, within, older than, since."""
    said = where(of.where)
    if of.within is not None:
        said += f" within {duration(of.within)}"
    if of.older is not None:
        said += f" older than {duration(of.older)}"
    if of.since is not None:
        said += f" since {names(of.since)}"
    return said
