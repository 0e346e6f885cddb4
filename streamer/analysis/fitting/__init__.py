"""Fitting a model of purchases: histories to parameters, and what the model then is worth.

    Histories     who bought when, gathered from events
    fit_bg_nbd    the parameters under which the histories are most likely
    calibrate     what the model and two simple rules say of a later time, and what came true
    model_file    the fitted model as a document of a rule set

Read in this order: `histories`, `bg_nbd`, `gamma_gamma`, `calibration`, `documents`, `fitting` (all
of it together).
"""

from streamer.analysis.fitting.calibration import LEAST_PURCHASES, Calibration, Score, calibrate
from streamer.analysis.fitting.fitting import FitRequest, Fitted, fit
from streamer.analysis.fitting.histories import Each, Histories

__all__ = [
    "LEAST_PURCHASES",
    "Calibration",
    "Each",
    "FitRequest",
    "Fitted",
    "Histories",
    "Score",
    "calibrate",
    "fit",
]
