"""Writes small data sets in the layout of the official zip; the shapes are spheres."""

import io
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image


def npz(**arrays) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def picture(seed: int, mode: str = "RGB", size: int = 32, format: str = "JPEG") -> bytes:  # noqa: A002
    shape = (size, size) if mode == "L" else (size, size, 3)
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format=format)
    return stream.getvalue()


def samples(seed: int, count: int = 5000) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    points = (1.1 * (rng.random((count, 3)) - 0.5)).astype(np.float16)
    inside = np.linalg.norm(points.astype(np.float64), axis=1) < 0.5
    return {
        "points": points,
        "occupancies": np.packbits(inside),
        "loc": np.array([0.1, -0.2, 0.3]) + seed / 100,
        "scale": np.array(0.75),
    }


def surface(seed: int, count: int = 300) -> dict[str, np.ndarray]:
    normals = np.random.default_rng(seed).standard_normal((count, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return {
        "points": (0.5 * normals).astype(np.float16),
        "normals": normals.astype(np.float16),
        "loc": np.array([0.1, -0.2, 0.3]) + seed / 100,
        "scale": np.array(0.75),
    }


def cameras(views: int, seed: int) -> dict[str, np.ndarray]:
    """As the official files: cameras of the source's frame, which look at the shape."""
    loc = np.array([0.1, -0.2, 0.3]) + seed / 100
    world = np.hstack([np.eye(3), (np.array([0, 0, 2.0]) - loc)[:, None]])
    camera = np.array([[35.0, 0, 16], [0, 35.0, 16], [0, 0, 1]])
    return {f"world_mat_{i}": world for i in range(views)} | {
        f"camera_mat_{i}": camera for i in range(views)
    }


def model(seed: int, views: int = 3, mode: str = "RGB", count: int = 5000) -> dict[str, bytes]:
    """The files of one good object."""
    files = {
        "points.npz": npz(**samples(seed, count)),
        "pointcloud.npz": npz(**surface(seed)),
        "img_choy2016/cameras.npz": npz(**cameras(views, seed)),
        "model.binvox": b"#binvox 1\n",
    }
    for i in range(views):
        files[f"img_choy2016/{i:03d}.jpg"] = picture(100 * seed + i, mode)
    return files


def troubled() -> dict[str, bytes]:
    """Three good objects, two bad ones, and no `metadata.yaml`."""
    truncated = model(4)
    truncated["points.npz"] = truncated["points.npz"][: len(truncated["points.npz"]) // 2]
    blind = {k: v for k, v in model(5).items() if not k.startswith("img_choy2016")}
    objects = {
        "03001627/good1": model(1),
        "03001627/grey": model(2, mode="L"),
        "04379243/good3": model(3),
        "03001627/truncated": truncated,
        "04379243/blind": blind,
    }
    files = {f"{key}/{name}": data for key, m in objects.items() for name, data in m.items()}
    lists = {
        "03001627": {"train": "good1\ntruncated\n\n", "val": "", "test": "grey\n\n"},
        "04379243": {"train": "good3\n", "val": "blind\n", "test": "\n"},
    }
    for category, splits in lists.items():
        for split, text in splits.items():
            files[f"{category}/{split}.lst"] = text.encode()
    return files


def write_zip(path: Path, files: dict[str, bytes], root: str = "ShapeNet/") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(root + name, data)
    return path


def write_folder(path: Path, files: dict[str, bytes], root: str = "ShapeNet/") -> Path:
    for name, data in files.items():
        (path / root / name).parent.mkdir(parents=True, exist_ok=True)
        (path / root / name).write_bytes(data)
    return path
