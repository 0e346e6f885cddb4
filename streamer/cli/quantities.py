"""Durations, shares and rates on the command line."""

from math import nan

import click

from streamer.language.scalars import duration
from streamer.types import Millis


class Duration(click.ParamType):
    """A duration such as `30m` or `7d`, in ms."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Millis:
        """Return the duration in ms."""
        if isinstance(value, int):
            return value
        millis = duration(str(value))
        if not millis:
            self.fail(f"expected a duration such as 90s, 30m or 7d, found {value!r}.", param, ctx)
        return millis


class Rate(click.ParamType):
    """So many a second, as a number."""

    name = "rate"
    least, most = 0.001, 1_000_000.0

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number for each second."""
        try:
            number = float(str(value))
        except ValueError:
            number = nan
        if not self.least <= number <= self.most:
            wanted = f"a number from {self.least} to {self.most:,.0f}"
            self.fail(f"expected {wanted}, found {value!r}.", param, ctx)
        return number


class Share(click.ParamType):
    """A share such as `0.05` or `5%`, from 0 to 1."""

    name = "share"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the share as a number from 0 to 1."""
        if isinstance(value, float):
            return value
        text = str(value)
        try:
            number = float(text[:-1]) / 100 if text.endswith("%") else float(text)
        except ValueError:
            number = nan
        if not 0 <= number <= 1:
            self.fail(f"expected a share such as 0.05 or 5%, found {text!r}.", param, ctx)
        return number
