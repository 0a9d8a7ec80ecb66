"""Views of validation shapes, as photos with known truth."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from onet_cli.errors import StoreError, UnknownNameError
from onet_cli.reconstruction.generator import Impression, MeshGenerator
from onet_cli.reconstruction.seen_view import SeenView
from onet_cli.shapes.photo import decode_view
from onet_cli.shapes.shape import ShapeId
from onet_cli.shapes.store import ShapeStore

BATCH = 32
"""Number of views that are encoded at once."""

View = tuple[ShapeStore, ShapeId, int]
Progress = Callable[[str, int, int], None]
"""Called with the name of a stage, its finished and its total items."""


def draw_views(
    stores: Sequence[ShapeStore], split: str, count: int, rng: np.random.Generator
) -> list[View]:
    """Return up to `count` distinct views of a split, balanced over stores, in random order.

    Views of a store are spread evenly over its shapes. Stores without the split are skipped.

    Raises:
        StoreError: no store has views in that split.
    """
    share = -(-count // len(stores))
    views = [view for store in stores for view in _draw(store, split, share, rng)]
    if not views:
        where = ", ".join(str(store.root) for store in stores)
        raise StoreError(f"the split {split!r} of {where} has no views")
    return [views[n] for n in rng.permutation(len(views))][:count]


def _draw(store: ShapeStore, split: str, count: int, rng: np.random.Generator) -> list[View]:
    try:
        ids = store.ids(split)
    except UnknownNameError:
        return []
    orders = [rng.permutation(store.view_count(shape_id)) for shape_id in ids]
    depth = max(map(len, orders), default=0)
    rounds = (
        [(ids[n], int(orders[n][k])) for n in rng.permutation(len(ids)) if k < len(orders[n])]
        for k in range(depth)
    )
    return [(store, *view) for one_each in rounds for view in one_each][:count]


def look_at_views(
    generator: MeshGenerator, views: Sequence[View]
) -> Iterator[tuple[View, Impression, SeenView | None]]:
    """Yield each view, its impression and, in the picture's frame, its camera.

    Raises:
        StoreError: the network needs the view's camera, which is unknown.
    """
    for start in range(0, len(views), BATCH):
        batch = views[start : start + BATCH]
        made = generator.look_at([view_picture(view) for view in batch])
        for view, impression in zip(batch, made, strict=True):
            yield view, impression, _seen(view, impression)


def _seen(view: View, made: Impression) -> SeenView | None:
    """Return the camera of a view for a network of the picture's frame, else None."""
    if made.camera is None:
        return None
    store, shape_id, number = view
    row = store.read_cameras(shape_id)[number]
    if np.isnan(row).any():
        raise StoreError(f"{shape_id} has no camera for view {number}, which this network needs")
    return SeenView.of(row, made.camera)


def view_picture(view: View) -> NDArray[np.uint8]:
    """Return a view as uint8 (3, H, W)."""
    store, shape_id, number = view
    pixels = decode_view(store.read_view(shape_id, number))
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))
