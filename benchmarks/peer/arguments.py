"""The command line that all peers have: where to read, where to write, what to go by."""

import argparse


def arguments(what: str) -> argparse.Namespace:
    """Return what the peer was given."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--kafka", required=True)
    parser.add_argument("--redis", required=True)
    parser.add_argument("--events-topic", required=True)
    parser.add_argument("--changes-topic", required=True)
    parser.add_argument("--group", required=True)
    parser.add_argument("--folder", required=True, help="an empty folder for what it keeps on disk")
    parser.add_argument("--exactly-once", action="store_true", help="for Quix Streams")
    parser.add_argument("--no-recovery", action="store_true", help="for Bytewax")
    return parser.parse_args()
