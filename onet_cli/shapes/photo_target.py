"""Selection of an object in a photo: by a pixel of it, or a box around it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import InvalidOptionError, PhotoError
from onet_cli.shapes.photo_border import Cut
from onet_cli.shapes.photo_network import (
    FAR,
    MARGIN,
    NEAR,
    SURE,
    Box,
    as_cut,
    box_around,
    cut_by_network,
    look_into,
    main_pieces,
    overlap,
)
from onet_cli.shapes.photo_pixels import Mask, Plane, grow, label_pieces

AROUND = 0.06
"""Margin around a box, as a share of its longer side: the network expects some background."""

WINDOWS = (0.6, 0.35, 0.2)
"""Edges of the windows around a click, as shares of the photo's longer side, largest first."""

_NEAR_ENOUGH = 0.03  # maximum distance of a click from the object, as a share of the photo's side
_GAP = 0.012  # width of gaps that do not separate an object, as a share of the photo's longer side
_FULL = 0.9  # share of a window above which the found area is not an object in it


@dataclass(frozen=True)
class Target:
    """The object that covers all of `clicks`, pixels (x, y), and lies in `box`.

    `box` is left, top, right, bottom. Both are in pixels of the original photo.
    """

    clicks: tuple[tuple[float, float], ...] = ()
    box: tuple[float, float, float, float] | None = None

    def __bool__(self) -> bool:
        """Return whether any object is selected."""
        return bool(self.clicks) or self.box is not None

    def scaled(self, given: tuple[int, int], size: tuple[int, int]) -> "Target":
        """Return the same for the photo of `given` pixels (width, height) reduced to `size`.

        Raises:
            PhotoError: a pixel lies outside the photo, or the box is empty.
        """
        points = list(self.clicks)
        if self.box is not None:
            left, top, right, bottom = self.box
            if not (right - left >= 1 and bottom - top >= 1):
                raise PhotoError(
                    f"the box {_text(self.box)} holds no pixel", hint="give left,top,right,bottom"
                )
            points += [(left, top), (right - 1, bottom - 1)]
        for x, y in points:
            if not (0 <= x < given[0] and 0 <= y < given[1]):
                raise PhotoError(
                    f"{_text((x, y))} lies outside the photo of {given[0]} x {given[1]} pixels",
                    hint="count pixels from the upper left corner, x first",
                )
        return self.moved((0, 0), (size[0] / given[0], size[1] / given[1]))

    def moved(self, corner: tuple[float, float], share: tuple[float, float]) -> "Target":
        """Return the same in pixels relative to `corner` (x, y), scaled by `share`."""

        def move(x: float, y: float) -> tuple[float, float]:
            return (x - corner[0]) * share[0], (y - corner[1]) * share[1]

        box = self.box and (*move(*self.box[:2]), *move(*self.box[2:]))
        return Target(tuple(move(*click) for click in self.clicks), box)


def read_target(clicks: Sequence[str], box: str | None) -> Target | None:
    """Return the target given by texts such as "120,80" and "10,20,200,180"; None without any.

    Raises:
        InvalidOptionError: a text is not two, or four, comma-separated numbers.
    """
    points = tuple((x, y) for x, y in (_numbers("--click", text, "X,Y") for text in clicks))
    if box is None:
        return Target(points) if points else None
    left, top, right, bottom = _numbers("--box", box, "X0,Y0,X1,Y1")
    return Target(points, (left, top, right, bottom))


def _numbers(option: str, text: str, form: str) -> list[float]:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != form.count(",") + 1 or not np.isfinite(numbers).all():
        raise InvalidOptionError(
            f"{option} {text!r} is not {form}", hint="give pixels of the photo, without spaces"
        )
    return numbers


def keep_target(weight: Plane, target: Target) -> Plane | None:
    """Return `weight` (H, W) of only the object selected by `target`; None if there is none."""
    if target.box is not None:
        left, top, right, bottom = _whole(target.box, weight.shape)
        inside = np.zeros_like(weight)
        inside[top:bottom, left:right] = weight[top:bottom, left:right]
        weight = inside
    if target.clicks:
        joined = grow(weight > 0.5, max(1, round(_GAP * max(weight.shape))))
        pieces, _ = label_pieces(joined)
        hit = {_piece_at(pieces, weight > 0.5, click) for click in target.clicks}
        if 0 in hit:
            return None
        weight = np.where(np.isin(pieces, list(hit)), weight, np.float32(0))
    return weight if (weight > 0.5).any() else None


def _piece_at(pieces: NDArray[np.int64], solid: Mask, click: tuple[float, float]) -> int:
    """Return the label of the piece at `click`, or of the nearest one close by; 0 if none."""
    reach = max(1, round(_NEAR_ENOUGH * max(solid.shape)))
    x, y = int(click[0]), int(click[1])
    top, left = max(y - reach, 0), max(x - reach, 0)
    near = np.s_[top : y + reach + 1, left : x + reach + 1]
    rows, columns = np.nonzero(solid[near])
    if len(rows) == 0:
        return 0
    nearest = np.hypot(rows + top - y, columns + left - x).argmin()
    return int(pieces[near][rows[nearest], columns[nearest]])


def cut_target(colours: NDArray[np.uint8], target: Target) -> Cut | None:
    """Return the object in `colours` (H, W, 3) selected by `target`, on any background.

    A box is segmented with its surroundings. A click selects a piece of the network's result for
    the whole picture or, if that misses the click, for windows around it.
    """
    if target.box is not None:
        return _cut_in_box(colours, target, _whole(target.box, colours.shape))
    whole = cut_by_network(colours)
    if whole is not None:
        kept = keep_target(whole.weight, target)
        if kept is not None:
            return Cut(kept, whole.certain, whole.backdrop)
    for share in WINDOWS:
        window = _window(target, share * max(colours.shape), colours.shape)
        kept = keep_target(look_into(colours, window, NEAR), target)
        if kept is not None and _fits(kept, window):
            return as_cut(colours, _closer(colours, kept, target), certain=False)
    return None


def _cut_in_box(colours: NDArray[np.uint8], target: Target, box: Box) -> Cut | None:
    left, top, right, bottom = box
    near, far = (look_into(colours, _widened(box, colours.shape), side) for side in (NEAR, FAR))
    if not target.clicks:
        inside = np.s_[top:bottom, left:right]
        near[inside] = main_pieces(near[inside], 0.5)  # without the edges of neighbouring objects
    kept = keep_target(near, target)
    if kept is None:
        return None
    again = keep_target(far, target)
    certain = again is not None and overlap(again > 0.5, kept > 0.5) > SURE
    return as_cut(colours, kept, certain=certain)


def _closer(colours: NDArray[np.uint8], found: Plane, target: Target) -> Plane:
    """Return a close-up's result for `found` and its surroundings, if it contains the target."""
    box = box_around(found > 0.5, MARGIN)
    again = None if box is None else keep_target(look_into(colours, box, NEAR), target)
    return found if again is None else again


def _fits(weight: Plane, window: Box) -> bool:
    """Return whether the object does not fill the `window`."""
    left, top, right, bottom = window
    return bool((weight[top:bottom, left:right] > 0.5).mean() < _FULL)


def _window(target: Target, edge: float, shape: tuple[int, ...]) -> Box:
    """Return a square of `edge` pixels around the clicks, larger if they are farther apart."""
    x, y = np.array(target.clicks).T
    edge = max(edge, 1.5 * float(max(np.ptp(x), np.ptp(y))))
    middle_x, middle_y = (float(x.max() + x.min()) / 2, float(y.max() + y.min()) / 2)
    half = edge / 2
    return _whole((middle_x - half, middle_y - half, middle_x + half, middle_y + half), shape)


def _widened(box: Box, shape: tuple[int, ...]) -> Box:
    left, top, right, bottom = box
    more = round(AROUND * max(right - left, bottom - top)) + 1
    return _whole((left - more, top - more, right + more, bottom + more), shape)


def _whole(box: tuple[float, float, float, float], shape: tuple[int, ...]) -> Box:
    """Return `box` in integer pixels of a picture (H, W, ...), at least one on each side."""
    height, width = shape[:2]
    left, top = min(max(int(box[0]), 0), width - 1), min(max(int(box[1]), 0), height - 1)
    right = min(max(int(np.ceil(box[2])), left + 1), width)
    bottom = min(max(int(np.ceil(box[3])), top + 1), height)
    return left, top, right, bottom


def _text(numbers: tuple[float, ...]) -> str:
    return ",".join(f"{number:g}" for number in numbers)
