"""Writes small data sets in the layout of Pix3D; the photographs are renderings with grounds."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import trimesh
from PIL import Image

from onet_cli.geometry.camera import Camera
from onet_cli.geometry.scene import Scene


@dataclass(frozen=True)
class Shot:
    """How a photograph is taken, in Pix3D's model coordinates; models look along -z.

    `azimuth` 0 is from the front and `roll` turns the camera counter-clockwise, both in degrees.
    `aim` is the point that the camera looks at, so that the object is off the middle.
    """

    azimuth: float = 30.0
    elevation: float = 20.0
    roll: float = 0.0
    distance: float = 3.0
    aim: tuple[float, float, float] = (0.1, 0.4, 0.0)
    focal: float = 35.0
    size: tuple[int, int] = (240, 180)


def chair() -> trimesh.Trimesh:
    """A seat on four legs with a back, in one piece; its front looks along -z."""
    boxes = [((0, 0.45, 0), (0.5, 0.06, 0.5)), ((0, 0.75, 0.22), (0.5, 0.6, 0.06))]
    boxes += [((x, 0.22, z), (0.06, 0.46, 0.06)) for x in (-0.2, 0.2) for z in (-0.2, 0.2)]
    return trimesh.util.concatenate([box(*b) for b in boxes])


def stool() -> trimesh.Trimesh:
    """A block with a thinner one on it, off the origin."""
    return trimesh.util.concatenate(
        [box((1, 0.3, 0.5), (0.3, 0.6, 0.4)), box((1.1, 0.65, 0.5), (0.8, 0.1, 0.6))]
    )


def box(middle, extents) -> trimesh.Trimesh:
    made = trimesh.creation.box(extents)
    made.apply_translation(middle)
    return made


def placement(shot: Shot) -> tuple[np.ndarray, np.ndarray]:
    """Return `rot_mat` and `trans_mat`: from the model to x left, y up, z forward."""
    azimuth, elevation, roll = np.radians([shot.azimuth, shot.elevation, shot.roll])
    outward = [
        -np.cos(elevation) * np.sin(azimuth),
        np.sin(elevation),
        -np.cos(elevation) * np.cos(azimuth),
    ]
    forward = -np.array(outward)
    right = np.cross(forward, [0, 1, 0])
    right /= np.linalg.norm(right)
    level = np.stack([-right, np.cross(right, forward), forward])
    cosine, sine = np.cos(roll), np.sin(roll)
    rolled = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]]) @ level
    eye = np.array(shot.aim) - shot.distance * forward
    return rolled, -rolled @ eye


def photograph(mesh: trimesh.Trimesh, shot: Shot, seed: int = 0) -> tuple[Image.Image, Image.Image]:
    """Return a picture of the mesh before a speckled ground, and its mask."""
    width, height = shot.size
    rotation, translation = placement(shot)
    flip = np.diag([-1.0, -1.0, 1.0])
    world = np.column_stack([flip @ rotation, flip @ translation])
    focal = shot.focal / 32 * width
    lens = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
    edge = max(shot.size)
    drawn = Scene(mesh).render(Camera(world.astype("f4"), lens.astype("f4")), edge, samples=3)
    drawn = drawn[:height, :width]
    weight = drawn[..., 3:] / 255
    ground = np.random.default_rng(seed).integers(0, 256, (height, width, 3))
    colours = 0.6 * drawn[..., :3] * weight + ground * (1 - weight)
    return Image.fromarray(colours.astype("u1")), Image.fromarray(drawn[..., 3])


def write_model(root: Path, path: str, mesh: trimesh.Trimesh) -> None:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(trimesh.exchange.obj.export_obj(mesh))


def entry(root: Path, model: str, mesh: trimesh.Trimesh, number: int, shot: Shot, **changes):
    """Write one photograph and its mask, and return its entry in the table."""
    category = model.split("/")[1]
    image, mask = f"img/{category}/{number:04}.png", f"mask/{category}/{number:04}.png"
    for path, picture in zip((image, mask), photograph(mesh, shot, number), strict=True):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        picture.save(root / path)
    rotation, translation = placement(shot)
    return {
        "img": image,
        "category": category,
        "img_size": list(shot.size),
        "mask": mask,
        "img_source": "self-taken",
        "model": model,
        "rot_mat": rotation.tolist(),
        "trans_mat": translation.tolist(),
        "focal_length": shot.focal,
        "truncated": False,
        "occluded": False,
        "slightly_occluded": False,
        "bbox": [0, 0, *shot.size],
    } | changes


CHAIR, STOOL, TABLE = (
    "model/chair/OAK/model.obj",
    "model/misc/BLOCK/block_obj0_object.obj",
    "model/table/HIDDEN/model.obj",
)
"""Models of `write_layout`: two photographs of the first, two of the second, hidden ones."""


def entries(root: Path) -> list[dict]:
    """Write models and photographs, and return the table."""
    for path, mesh in ((CHAIR, chair()), (STOOL, stool()), (TABLE, stool())):
        write_model(root, path, mesh)
    aside = Shot(azimuth=-70.0, elevation=5.0, aim=(1.2, 0.5, 0.6), focal=50.0, size=(150, 220))
    rolled = Shot(azimuth=140.0, roll=25.0, aim=(0.9, 0.2, 0.3))
    return [
        entry(root, CHAIR, chair(), 1, Shot()),
        entry(root, CHAIR, chair(), 2, Shot(azimuth=-110.0, elevation=35.0, roll=-160.0)),
        entry(root, CHAIR, chair(), 3, Shot(azimuth=0.0), truncated=True),
        entry(root, STOOL, stool(), 4, aside),
        entry(root, STOOL, stool(), 5, rolled),
        entry(root, TABLE, stool(), 6, aside, occluded="true"),
        entry(root, TABLE, stool(), 7, aside, slightly_occluded=True),
    ]


def write_table(root: Path, rows) -> Path:
    (root / "pix3d.json").write_text(json.dumps(rows))
    return root


def write_layout(root: Path) -> Path:
    """Write a whole folder and return it."""
    return write_table(root, entries(root))
