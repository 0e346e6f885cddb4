"""Errors as one clear line on standard error, with the exit status that fits.

0 is success, 1 findings (errors in rules, no line that was accepted), 2 wrong usage or an outside
thing that failed, 130 an interruption, 143 SIGTERM. No error that a person can cause ends in a
traceback.
"""

import errno
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import click

from streamer.errors import Finding, MappingError, NothingAccepted, RuleErrors, StreamerError

FINDINGS: Final = 1
FAILED: Final = 2
INTERRUPTED: Final = 130
TERMINATED: Final = 143


@contextmanager
def reported() -> Iterator[None]:
    """Turn errors raised in the block into a message and an exit status."""
    try:
        yield
    except (KeyboardInterrupt, click.Abort):
        say("Interrupted.")
        raise click.exceptions.Exit(INTERRUPTED) from None
    except RuleErrors as error:
        for finding in error.findings:
            say_finding(finding)
        raise click.exceptions.Exit(FINDINGS) from None
    except MappingError as error:
        for finding in error.findings:
            say_finding(finding)
        raise click.exceptions.Exit(FAILED) from None
    except NothingAccepted as error:
        say(f"Error: {error}")
        raise click.exceptions.Exit(FINDINGS) from None
    except StreamerError as error:
        say(f"Error: {error}")
        raise click.exceptions.Exit(FAILED) from None
    except OSError as error:
        silence_standard_output()
        if error.errno != errno.EPIPE:  # a reader such as `head`, who has seen enough
            what = error.filename or "standard output"
            say(f"Error: {what} cannot be written: {error.strerror}")
        raise click.exceptions.Exit(FAILED) from None


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, so that nothing is left half written."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def unfinished() -> Iterator[None]:
    """Say of an interruption in the block that it has left no output behind."""
    try:
        yield
    except KeyboardInterrupt:
        say("Interrupted: no output file was written.")
        raise click.exceptions.Exit(INTERRUPTED) from None


def say(message: str) -> None:
    """Write a line for a person to standard error, as far as that is possible."""
    with suppress(OSError):
        click.echo(message, err=True)


def say_finding(finding: Finding) -> None:
    """Write an error or a warning with its line and a caret to standard error."""
    from streamer.language import render

    say(render(finding))


def have_standard_streams() -> None:
    """Let a stream that was closed before the start be an empty one, and take what is written."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123


def silence_standard_output() -> None:
    """Let what is still buffered go nowhere, or Python complains once more when it exits."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
