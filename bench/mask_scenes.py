"""Generated things before backgrounds of many kinds, with the truth of which pixel is what."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from onet_cli.preprocessing.sources.procedural import ProceduralSource

SIZE = (640, 480)
SEED = 5

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Scene:
    """A `photo`, how much of each pixel (H, W) is object, and the `kind` of background."""

    kind: str
    photo: Image.Image
    truth: NDArray[np.float32]


def scenes(count: int) -> Iterator[Scene]:
    """Yield `count` things before each kind of background, the same ones every time."""
    source = ProceduralSource(count, SEED, 1, 512, points=8, background="transparent")
    for index, shape_id in enumerate(source.ids()):
        view = Image.open(io.BytesIO(source.read(shape_id).views.images[0])).convert("RGBA")
        for kind, behind in KINDS.items():
            yield _taken(kind, view, behind, np.random.default_rng((SEED, index)))


def _taken(
    kind: str,
    view: Image.Image,
    behind: Callable[[np.random.Generator], Values],
    rng: np.random.Generator,
) -> Scene:
    """Return `view`, of an object on nothing, before a background, as a camera would have it."""
    thing = view.crop(view.getchannel("A").getbbox())
    share = rng.uniform(0.5, 0.85) * min(SIZE[0] / thing.width, SIZE[1] / thing.height)
    thing = thing.resize((round(thing.width * share), round(thing.height * share)))
    left = round((SIZE[0] - thing.width) * rng.uniform(0.3, 0.7))
    top = round((SIZE[1] - thing.height) * rng.uniform(0.5, 0.8))
    layer = Image.new("RGBA", SIZE)
    layer.paste(thing, (left, top))
    opacity = np.asarray(layer.getchannel("A"), dtype=np.float64)[..., None] / 255
    colours = np.asarray(layer.convert("RGB"), dtype=np.float64)
    if kind == "white on white":
        colours = 255 - (255 - colours) * 0.22
    ground = behind(rng) * (1 - 0.45 * _shadow(layer, top + thing.height)[..., None])
    picture = colours * opacity + ground * (1 - opacity)
    picture += rng.normal(0, 0 if kind.endswith("white") else 2, picture.shape)
    photo = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    stream = io.BytesIO()
    photo.filter(ImageFilter.GaussianBlur(0.6)).save(stream, "JPEG", quality=85)
    return Scene(kind, Image.open(stream).convert("RGB"), opacity[..., 0].astype(np.float32))


def _shadow(layer: Image.Image, bottom: int) -> Values:
    """Return how dark a soft light from above makes the ground under the object, 0 to 1."""
    opacity = layer.getchannel("A")
    # Flattened towards the ground it stands on, as if lit from above.
    flat = opacity.resize((SIZE[0], max(SIZE[1] // 6, 1)))
    canvas = Image.new("L", SIZE)
    canvas.paste(flat, (8, round(bottom - flat.height * bottom / SIZE[1]) - 8))
    return np.asarray(canvas.filter(ImageFilter.GaussianBlur(9)), dtype=np.float64) / 255


def _grid() -> tuple[Values, Values]:
    down, across = np.mgrid[0 : SIZE[1], 0 : SIZE[0]].astype(np.float64)
    return down / SIZE[1], across / SIZE[0]


def _white(rng: np.random.Generator) -> Values:
    return np.full((SIZE[1], SIZE[0], 3), 255.0)


def _studio(rng: np.random.Generator) -> Values:
    """Return one colour under light that falls off."""
    down, across = _grid()
    light = 1 - 0.4 * ((across - rng.random()) ** 2 + (down - rng.random()) ** 2)
    return rng.uniform(110, 230, 3) * light[..., None]


def _room(rng: np.random.Generator) -> Values:
    """Return a wall with pictures on it, a skirting and a floor of boards."""
    down, across = _grid()
    wall, floor = rng.uniform(90, 235, 3), rng.uniform(50, 180) * np.array([1.0, 0.8, 0.6])
    horizon = rng.uniform(0.55, 0.75)
    picture = np.where((down > horizon)[..., None], floor, wall)
    slant = (across - 0.5) / np.maximum(down - horizon + 0.15, 0.01)
    boards = ((slant * 6) % 1 < 0.06) & (down > horizon)
    picture[boards] *= 0.7
    picture[(down > horizon - 0.03) & (down < horizon)] = wall * 0.8
    for _ in range(rng.integers(1, 4)):
        x, y, width, height = *rng.uniform((0, 0), (0.8, 0.3)), *rng.uniform(0.1, 0.25, 2)
        frame = (across > x) & (across < x + width) & (down > y) & (down < y + height)
        picture[frame] = rng.uniform(30, 230, 3)
    light = 1 - 0.35 * abs(across - rng.random())
    return picture * light[..., None] + 6 * np.sin(90 * across + 4 * np.sin(20 * down))[..., None]


def _texture(rng: np.random.Generator) -> Values:
    """Return a photograph of bricks, gravel or grass, tinted."""
    from skimage import data

    name = ("brick", "gravel", "grass")[int(rng.integers(3))]
    grey = Image.fromarray(getattr(data, name)()).resize((640, 640)).crop((0, 80, 640, 560))
    return np.asarray(grey, dtype=np.float64)[..., None] * rng.uniform(0.6, 1.3, 3)


KINDS: dict[str, Callable[[np.random.Generator], Values]] = {
    "white": _white,
    "white on white": _white,
    "studio": _studio,
    "room": _room,
    "texture": _texture,
}
