"""Tables whose first column is a name: drawn on a terminal, aligned text in a pipe."""

from collections.abc import Sequence
from typing import IO

import click


def show_table(heads: Sequence[str], rows: Sequence[Sequence[str]], stream: IO[str]) -> None:
    """Write a table; every column but the first is aligned to the right."""
    if stream.isatty():
        _show_drawn(heads, rows, stream)
    else:
        _show_aligned(heads, rows, stream)


def _show_aligned(heads: Sequence[str], rows: Sequence[Sequence[str]], stream: IO[str]) -> None:
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        name, *numbers = row
        cells = [f"{cell:>{width}}" for cell, width in zip(numbers, widths[1:], strict=True)]
        click.echo("  ".join([f"{name:<{widths[0]}}", *cells]), file=stream)


def _show_drawn(heads: Sequence[str], rows: Sequence[Sequence[str]], stream: IO[str]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(*heads, box=SIMPLE_HEAD)
    table.columns[0].overflow = "fold"
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        table.add_row(*row)
    Console(file=stream).print(table)
