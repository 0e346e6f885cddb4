"""What stands in the key, the value and the headers of what the sink tells.

Changes are CloudEvents 1.0 in binary mode, after the CloudEvents Kafka protocol binding: the value
is the change alone, the attributes are headers.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from streamer.instants import iso
from streamer.types import Rejection, SegmentChange

Headers: TypeAlias = list[tuple[str, str | bytes | None]]

CHANGE_TYPES: Final = {
    "entered": "streamer.segment.entered",
    "exited": "streamer.segment.exited",
}


def change_headers(group: str) -> Callable[[SegmentChange], Headers]:
    """Return what makes the headers of a change that workers of the group tell."""
    constant: Headers = [
        ("content-type", "application/json"),
        ("ce_specversion", "1.0"),
        ("ce_source", f"/streamer/{group}"),
    ]

    def headers(change: SegmentChange) -> Headers:
        return [
            *constant,
            ("ce_id", change.change_id),
            ("ce_type", CHANGE_TYPES[change.direction]),
            ("ce_time", iso(change.at)),
            ("ce_subject", change.customer),
        ]

    return headers


def rejection_headers(rejection: Rejection, topic: str) -> Headers:
    """Return the headers of a rejected record: its own, then why and where it was rejected."""
    record = rejection.record
    return [
        *record.headers,
        ("rejected_kind", rejection.kind),
        ("rejected_reason", rejection.reason),
        ("rejected_path", rejection.path),
        ("rejected_topic", topic),
        ("rejected_partition", str(record.partition)),
        ("rejected_offset", str(record.offset)),
    ]
