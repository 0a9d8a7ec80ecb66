"""Description of a model for the page: what its JavaScript needs and this package defines."""

from dataclasses import asdict
from typing import Any

from onet_cli.geometry import bridges, symmetry
from onet_cli.geometry.marching_tables import tables
from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.geometry.picture_frame import FARTHEST, LEAST_DEPTH, REACH
from onet_cli.models.info import CheckpointInfo
from onet_cli.reconstruction import colour, joined, outline, rods, threshold
from onet_cli.reconstruction.settings import MIN_COMPONENT_SHARE

FORMAT_VERSION = 1


def describe_model(info: CheckpointInfo, name: str) -> dict[str, Any]:
    """Return the description, JSON-ready, of the model `name`, of the picture's frame."""
    return {
        "formatVersion": FORMAT_VERSION,
        "name": name,
        "version": info.onet_version,
        "categories": list(info.categories),
        "imageSize": info.spec.image_size,
        "threshold": info.threshold,
        "platt": None if info.platt is None else list(info.platt),
        "outline": info.outline,
        "scales": list(info.scales),
        "constants": constants(),
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
            "leastIou": outline.LEAST_IOU,
            "leastShare": outline.LEAST_SHARE,
        },
        "rods": _rods(),
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


def _rods() -> dict[str, float]:
    return {
        "side": rods.SIDE,
        "thick": rods.THICK,
        "depths": rods.DEPTHS,
        "nearest": rods.NEAREST,
        "limit": rods.LIMIT,
        "close": rods.CLOSE,
        "slender": rods.SLENDER,
        "bending": rods.BENDING,
        "rounds": rods.ROUNDS,
        "window": rods.WINDOW,
        "leastRadius": rods.LEAST_RADIUS,
        "margin": rods.MARGIN,
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
