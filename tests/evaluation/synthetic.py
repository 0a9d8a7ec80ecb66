"""Shapes with known occupancy, stored as a small data set."""

import io
from pathlib import Path

import numpy as np
import trimesh
from PIL import Image

from onet_cli.evaluation.measure import Truth
from onet_cli.geometry.normalize import CUBE_EDGE, UnitCube
from onet_cli.geometry.render import Camera
from onet_cli.shapes.shape import OccupancySamples, Shape, ShapeId, SurfaceSamples, Views
from onet_cli.shapes.store import CategoryInfo, DatasetInfo, ShapeStore

CHAIR, SOFA = "03001627", "04256520"
NAMES = {CHAIR: "chair", SOFA: "sofa,couch,lounge"}


def sphere_truth(radius=0.5, points=20_000, surface=20_000, seed=1):
    rng = np.random.default_rng(seed)
    query = ((rng.random((points, 3)) - 0.5) * CUBE_EDGE).astype(np.float32)
    normals = rng.normal(size=(surface, 3))
    normals = (normals / np.linalg.norm(normals, axis=1, keepdims=True)).astype(np.float32)
    inside = np.linalg.norm(query, axis=1) < radius
    return Truth(OccupancySamples(query, inside), SurfaceSamples(radius * normals, normals))


def box_truth(extents, points=20_000, surface=20_000, seed=1):
    """Truth of an axis-parallel box around the origin."""
    rng = np.random.default_rng(seed)
    half = np.asarray(extents) / 2
    query = ((rng.random((points, 3)) - 0.5) * CUBE_EDGE).astype(np.float32)
    samples, faces = trimesh.sample.sample_surface(
        trimesh.creation.box(extents), surface, seed=seed
    )
    normals = trimesh.creation.box(extents).face_normals[faces]
    inside = (np.abs(query) < half).all(axis=1)
    return Truth(
        OccupancySamples(query, inside),
        SurfaceSamples(samples.astype(np.float32), normals.astype(np.float32)),
    )


def sphere(radius=0.5):
    return trimesh.creation.icosphere(subdivisions=4, radius=radius)


def picture(size=32):
    data = io.BytesIO()
    Image.new("RGB", (size, size), "white").save(data, "PNG")
    return data.getvalue()


def cameras(count):
    """Cameras at equal steps round the shape, from the front on, 20 degrees up."""
    return [Camera.orbit(azimuth, 20, 2.0, 32) for azimuth in np.arange(count) * 360 / count]


def make_store(
    root: Path,
    ids: list[ShapeId],
    truth: Truth | None = None,
    views: int = 1,
    known: bool = True,
) -> ShapeStore:
    """Return a data set whose shapes, all in the test split, are spheres, by known cameras."""
    truth = truth or sphere_truth(points=2000, surface=2000)
    counts = {key: sum(i.category == key for i in ids) for key in NAMES}
    categories = {key: CategoryInfo(NAMES[key], count) for key, count in counts.items()}
    store = ShapeStore.create(root, DatasetInfo("synthetic", categories))
    world = np.stack([camera.world for camera in cameras(views)])
    pinholes = np.stack([camera.camera for camera in cameras(views)])
    if not known:
        pinholes[:] = np.eye(3)  # no pinhole camera of any picture
    for shape_id in ids:
        shape = Shape(
            id=shape_id,
            unit_cube=UnitCube((0.0, 0.0, 0.0), 1.0),
            occupancy=truth.occupancy,
            surface=truth.surface,
            views=Views((picture(),) * views, world, pinholes),
        )
        store.write(shape, np.random.default_rng(0))
    store.set_split("train", [])
    store.set_split("test", ids)
    return store
