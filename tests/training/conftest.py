import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from onet_cli.geometry.normalize import UnitCube
from onet_cli.shapes.shape import OccupancySamples, Shape, ShapeId, SurfaceSamples, Views
from onet_cli.shapes.store import CategoryInfo, DatasetInfo, ShapeStore


def ball(name: str, radius: float) -> Shape:
    """A ball whose views show a disc of its size: something a network can learn in seconds."""
    rng = np.random.default_rng(int(radius * 1e6))
    points = rng.uniform(-0.55, 0.55, (4096, 3)).astype(np.float16)
    normals = rng.normal(size=(64, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return Shape(
        id=ShapeId("ball", name),
        unit_cube=UnitCube((0.0, 0.0, 0.0), 1.0),
        occupancy=OccupancySamples(points, np.linalg.norm(points.astype(float), axis=1) < radius),
        surface=SurfaceSamples((normals * radius).astype(np.float16), normals.astype(np.float16)),
        views=Views((picture(radius, 0), picture(radius, 90))),
    )


def picture(radius: float, shade: int, size: int = 32) -> bytes:
    x = np.linspace(-0.5, 0.5, size)
    y = x[:, None]
    pixels = np.where(np.hypot(x, y) < radius, shade, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "png")
    return buffer.getvalue()


def same(first, second):
    """Return whether two samples or batches hold the same to the bit; cameras may be unknown."""
    pairs = list(zip(first, second, strict=True))
    return all(a.dtype == b.dtype and np.array_equal(a, b, equal_nan=True) for a, b in pairs)


@pytest.fixture(scope="session")
def balls(tmp_path_factory):
    root = tmp_path_factory.mktemp("balls")
    store = ShapeStore.create(root, DatasetInfo("balls", {"ball": CategoryInfo("ball", 12)}))
    shapes = [ball(f"{i:02d}", 0.15 + 0.025 * i) for i in range(12)]
    for shape in shapes:
        store.write(shape, np.random.default_rng(0))
    store.set_split("train", [shape.id for shape in shapes[::2]])
    store.set_split("val", [shape.id for shape in shapes[1::2]])
    store.set_split("test", [])
    return root


@pytest.fixture(scope="session")
def shells(tmp_path_factory):
    """Three balls of radius 0.3 with points near the surface: at most 0.05 away from it."""
    root = tmp_path_factory.mktemp("shells")
    store = ShapeStore.create(root, DatasetInfo("shells", {"ball": CategoryInfo("ball", 3)}))
    rng = np.random.default_rng(7)
    shapes = []
    for number in range(3):
        directions = rng.normal(size=(5000, 3))
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        near = (directions * rng.uniform(0.25, 0.35, (5000, 1))).astype(np.float16)
        labels = np.linalg.norm(near.astype(float), axis=1) < 0.3
        shapes.append(replace(ball(f"n{number}", 0.3), near=OccupancySamples(near, labels)))
        store.write(shapes[-1], rng)
    store.set_split("train", [shape.id for shape in shapes])
    return root
