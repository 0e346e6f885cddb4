"""Judging segments: how large, how restless, how alike, and whom no channel reaches.

measures    what is measured, each as a pure function
course      reads changes one by one and keeps only counts, and where each customer stands
shop        what events say beside the changes: sales, and what ended a stay
ran_out     which condition ran out where no event ended a stay
rules       rules read aloud, and which of them ask for each other
models      the models that rules ask, and whether they can be of this shop
report      puts a report together, over a replay or over a file of changes
judgement   which segments a person should look at, and why
"""

from streamer.analysis.report.course import SizeHistory
from streamer.analysis.report.judgement import (
    FindingLimits,
    Judgement,
    is_large,
    is_small,
    judge,
    shares_of,
)
from streamer.analysis.report.measures import Overlap
from streamer.analysis.report.models import AskedModel
from streamer.analysis.report.reading import report_changes, report_events
from streamer.analysis.report.report import Report, SegmentReport, memberships_of

__all__ = [
    "AskedModel",
    "FindingLimits",
    "Judgement",
    "Overlap",
    "Report",
    "SegmentReport",
    "SizeHistory",
    "is_large",
    "is_small",
    "judge",
    "memberships_of",
    "report_changes",
    "report_events",
    "shares_of",
]
