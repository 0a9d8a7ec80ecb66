"""Description of a model for the page: what its JavaScript needs and this package defines."""

from dataclasses import asdict
from typing import Any

from onet_cli.geometry import bridges, symmetry
from onet_cli.geometry.marching_tables import tables
from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.geometry.picture_frame import FARTHEST, LEAST_DEPTH, REACH
from onet_cli.models.calibration import Calibration
from onet_cli.models.code_layout import BINS, CodeLayout
from onet_cli.models.info import CheckpointInfo
from onet_cli.reconstruction import (
    agreement,
    bounds,
    colour,
    confidence,
    depth,
    doubt,
    gaps,
    joined,
    out_of_distribution,
    outline,
    peaks,
    profile_change,
    profiles,
    revolution,
    rods,
    roundness,
    smooth,
    threshold,
)
from onet_cli.reconstruction.settings import MIN_COMPONENT_SHARE

FORMAT_VERSION = 5


def describe_model(
    info: CheckpointInfo, calibration: Calibration | None, name: str, weights: str
) -> dict[str, Any]:
    """Return the description, JSON-ready, of the model `name`, of the picture's frame.

    `weights` is the name of the file with its weights and the tensors of `calibration`.
    """
    layout = CodeLayout(info.spec.code_dim)
    return {
        "formatVersion": FORMAT_VERSION,
        "name": name,
        "weights": weights,
        "version": info.onet_version,
        "categories": list(info.categories),
        "imageSize": info.spec.image_size,
        "threshold": info.threshold,
        "platt": None if info.platt is None else list(info.platt),
        "outline": info.outline,
        "scales": list(info.scales),
        "exposure": info.exposure,
        "cells": layout.cells,
        "symmetry": layout.symmetry_start,
        "calibration": None if calibration is None else _calibration(calibration),
        "constants": constants(),
    }


def _calibration(known: Calibration) -> dict[str, Any]:
    """Return the numbers of a calibration; its tensors are read from the weights."""
    familiarity = known.familiarity
    return {
        "reliability": asdict(known.reliability),
        "farthest": familiarity.farthest,
        "widest": familiarity.widest,
        "doubt": None if known.doubt is None else asdict(known.doubt),
    }


def constants() -> dict[str, Any]:
    """Return the constants of reconstruction, as the modules of this package define them."""
    return {
        "frame": {
            "edge": CUBE_EDGE,
            "reach": REACH,
            "farthest": FARTHEST,
            "leastDepth": LEAST_DEPTH,
        },
        "minComponent": MIN_COMPONENT_SHARE,
        "spread": {
            "points": threshold.POINTS,
            "bits": threshold.SOBOL_BITS,
            "shifts": list(threshold.SOBOL_SHIFTS),
            "directions": [list(each) for each in threshold.SOBOL_DIRECTIONS],
            "lowest": threshold.LOWEST,
        },
        "outline": {
            "side": outline.SIDE,
            "depths": outline.DEPTHS,
            "nearest": outline.NEAREST,
            "closer": outline.CLOSER,
            "front": peaks.FRONT,
            "leastIou": outline.LEAST_IOU,
            "leastShare": outline.LEAST_SHARE,
        },
        "smooth": _smooth(),
        "gaps": _gaps(),
        "profiles": _profiles(),
        "rods": _rods(),
        "bounds": _bounds(),
        "depth": _depth(),
        "round": _round(),
        "doubt": {
            "side": agreement.SIZE,
            "reach": confidence.REACH,
            "lowAgreement": doubt.LOW_AGREEMENT,
            "lengthWeight": out_of_distribution.LENGTH_WEIGHT,
            "look": joined.LOOK,
            "lowered": list(joined.LOWERED),
        },
        "colour": _colour(),
        "surface": {
            "join": joined.JOIN,
            "whole": joined.WHOLE,
            "unseen": joined.UNSEEN,
            "edge": CUBE_EDGE,
            "bridges": {
                "leastPiece": bridges.LEAST_PIECE,
                "stepCost": bridges.STEP_COST,
                "margin": bridges.MARGIN,
                "width": bridges.WIDTH,
            },
            "tables": {name: table.tolist() for name, table in asdict(tables()).items()},
        },
    }


def _smooth() -> dict[str, float]:
    return {
        "reach": smooth.REACH,
        "spread": smooth.SPREAD,
        "contrast": smooth.CONTRAST,
        "clip": smooth.CLIP,
        "beyond": smooth.BEYOND,
        "leastWeight": smooth.LEAST_WEIGHT,
        "solid": smooth.SOLID,
        "step": smooth.STEP,
    }


def _gaps() -> dict[str, float]:
    return {
        "thick": gaps.THICK,
        "margin": gaps.MARGIN,
        "limit": gaps.LIMIT,
        "window": gaps.WINDOW,
    }


def _profiles() -> dict[str, float]:
    return {
        "soft": profiles.SOFT,
        "broad": profiles.BROAD,
        "inner": profiles.INNER,
        "steep": profiles.STEEP,
        "ramp": profiles.RAMP,
        "nowhere": profiles.NOWHERE,
        "outside": profile_change.OUTSIDE,
    }


def _bounds() -> dict[str, float]:
    return {
        "margin": bounds.MARGIN,
        "drop": bounds.DROP,
        "valley": bounds.VALLEY,
        "far": bounds.FAR,
        "leastHalf": bounds.LEAST_HALF,
    }


def _depth() -> dict[str, float]:
    return {
        "sure": depth.SURE,
        "ramp": depth.RAMP,
        "thick": depth.THICK,
        "deep": depth.DEEP,
        "spread": depth.SPREAD,
        "window": depth.WINDOW,
        "beside": depth.BESIDE,
    }


def _round() -> dict[str, float]:
    return {
        "bins": BINS,
        "least": roundness.LEAST,
        "full": roundness.FULL,
        "share": roundness.SHARE,
        "step": revolution.STEP,
        "radii": roundness.RADII,
        "heights": roundness.HEIGHTS,
        "angles": roundness.ANGLES,
        "even": roundness.EVEN,
        "clip": roundness.CLIP,
        "close": roundness.CLOSE,
        "soft": roundness.SOFT,
        "outer": roundness.OUTER,
        "margin": gaps.MARGIN,
        "limit": roundness.LIMIT,
        "run": roundness.RUN,
        "wall": roundness.WALL,
        "finer": roundness.FINER,
        "rim": roundness.RIM,
        "agrees": roundness.AGREES,
        "narrow": roundness.NARROW,
        "hidden": roundness.HIDDEN,
        "grown": roundness.GROWN,
        "edge": roundness.EDGE,
    }


def _rods() -> dict[str, float]:
    return {
        "side": rods.SIDE,
        "thick": rods.THICK,
        "broad": rods.BROAD,
        "depths": rods.DEPTHS,
        "nearest": rods.NEAREST,
        "limit": rods.LIMIT,
        "sure": rods.SURE,
        "close": rods.CLOSE,
        "slender": rods.SLENDER,
        "bending": rods.BENDING,
        "rounds": rods.ROUNDS,
        "window": rods.WINDOW,
        "leastRadius": rods.LEAST_RADIUS,
        "margin": rods.MARGIN,
        "widest": rods.WIDEST,
        "deep": rods.DEEP,
        "beside": rods.BESIDE,
        "nowhere": rods.NOWHERE,
    }


def _colour() -> dict[str, Any]:
    return {
        "side": colour.SIDE,
        "grazing": list(colour.GRAZING),
        "behind": list(colour.BEHIND),
        "edge": colour.EDGE,
        "edgeWeight": colour.EDGE_WEIGHT,
        "wellSeen": colour.WELL_SEEN,
        "mirrored": colour.MIRRORED,
        "cells": colour.CELLS,
        "neighbours": colour.NEIGHBOURS,
        "upright": colour.UPRIGHT,
        "rounds": colour.ROUNDS,
        "planes": colour.PLANES,
        "lenders": colour.LENDERS,
        "symmetry": {
            "angles": symmetry.ANGLES,
            "finer": list(symmetry.FINER),
            "most": symmetry.MOST,
            "tried": symmetry.TRIED,
            "targets": symmetry.TARGETS,
            "like": symmetry.LIKE,
        },
    }
