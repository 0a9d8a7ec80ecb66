"""The object before any background: what stands out from the regions that run into the border."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from onet_cli.errors import PhotoError
from onet_cli.shapes.photo_border import Cut
from onet_cli.shapes.photo_mixture import RandomWalks, Values, fit_mixture
from onet_cli.shapes.photo_pixels import Plane, resize_plane, to_lab

SIDE = 224
"""Pixels of the longer side at which the picture is cut; the edge is made smooth afterwards."""

REGIONS = 500
CONTRAST = 10.0
"""Distance in Lab at which two regions begin to count as different."""

REACH = 0.25
"""How far, as a share of the picture, a region's contrast to others counts."""

CENTRED = 0.45
"""Deviation of the expectation that the object is in the middle, as a share of the picture."""

ROUNDS = 4
"""How often the looks of object and background are described anew."""

PLACE = 20.0
"""Half the picture's side in units of Lab: backgrounds look different here and there."""

ANYWHERE = 2 * float(np.log(2 * PLACE)) - 2.0
"""What an object that is expected anywhere costs in log density, less what makes up for shadows."""

SHADOWS = (1.25, 1.6, 2.2)
"""How many times brighter the background may be where no shadow falls on it."""

_SHADOW_COST = 2.0  # in log density, against taking dark objects for shadows
_BACKGROUND_WEIGHT = 5.0
_LEAST, _MOST = 0.01, 0.9  # share of the picture that an object may cover
_MINOR = 0.15  # size of pieces, of the main one's, below which they are not the object
_HOPELESS, _SURE = 0.4, 0.8  # how far the looks of a pixel must tell its side, on average


def cut_from_any_background(colours: NDArray[np.uint8]) -> Cut | None:
    """Return the object in `colours` (H, W, 3), or None where nothing stands out.

    Regions (SLIC) that are joined to the border by much of their outline in colour are background;
    regions that differ from those near them are object; a quadratic optimisation settles the rest.
    From that first guess on, as in GrabCut, mixtures of Gaussians describe how object and
    background look and where, and each pixel is decided by them and by its neighbours: here by
    random walks, which need no minimal cut and give soft edges.

    Source: Zhu et al., CVPR 2014 (robust background detection); Rother et al., SIGGRAPH 2004
    (GrabCut); Grady, CVPR 2005 (random walks with priors).
    """
    height, width = colours.shape[:2]
    share = SIDE / max(height, width)
    size = (max(round(width * share), 8), max(round(height * share), 8))
    small = np.asarray(Image.fromarray(colours).resize(size, Image.Resampling.BOX))
    inside, clarity = _refine(to_lab(small))
    covered = float((inside > 0.5).mean())
    if not _LEAST < covered < _MOST or clarity < _HOPELESS:
        return None
    weight = np.clip(3 * resize_plane(inside, (width, height)) - 1, 0, 1)
    return Cut(weight.astype(np.float32), clarity > _SURE)


def _refine(lab: Plane) -> tuple[Plane, float]:
    """Return how much of each pixel is object, and how far its looks tell that, 0 to 1."""
    from skimage.segmentation import slic

    labels = slic(lab, REGIONS, compactness=12, start_label=0, convert2lab=False)
    guess = _salience(labels, lab)[labels]
    where = np.stack(np.meshgrid(*(np.linspace(-1, 1, n) for n in labels.shape), indexing="ij"), -1)
    features = np.concatenate([lab, PLACE * where], axis=-1).reshape(-1, 5)
    walks = RandomWalks(lab)
    inside = np.clip(guess, 0.02, 0.98)
    prior = np.log(inside / (1 - inside)) / 2
    evidence = np.zeros_like(guess)
    for _ in range(ROUNDS):
        own = fit_mixture(features[:, :3], inside.ravel() ** 2)(features[:, :3])
        back = _in_any_light(fit_mixture(features, (1 - inside).ravel()), features)
        evidence = (own - ANYWHERE - back).reshape(guess.shape)
        inside = walks.settle(np.clip(evidence, -5, 5) + prior)
        inside = _main_pieces(inside)
    return inside.astype(np.float32), float(np.tanh(np.abs(evidence) / 4).mean())


def _in_any_light(density: Callable[[Values], Values], features: Values) -> Values:
    """Return the log density of `features`, or of what they would be without a shadow on them."""
    lit = features.copy()
    best = density(features)
    for light in SHADOWS:
        lit[:, :3] = features[:, :3] * light
        best = np.maximum(best, density(lit) - _SHADOW_COST)
    return best


def _main_pieces(inside: Values) -> Values:
    """Return `inside` without the pieces that are small beside the main one, or far out."""
    from scipy.ndimage import label

    pieces, count = label(inside > 0.5)
    if count < 2:
        return inside
    down, right = (np.linspace(-1, 1, n) for n in inside.shape)
    worth = np.exp(-(down[:, None] ** 2 + right[None] ** 2) / 0.5)
    sizes = np.bincount(pieces.ravel(), worth.ravel())
    sizes[0] = np.inf
    small = sizes < _MINOR * sizes[1:].max()
    cleaned: Values = np.where(small[pieces], 0.0, inside)
    return cleaned


def _salience(labels: NDArray[np.int64], lab: Plane) -> NDArray[np.float64]:
    """Return for each region from 0 to 1 how much it is object, by Zhu et al."""
    from scipy.sparse.csgraph import dijkstra

    count = int(labels.max()) + 1
    colour = _means(labels, lab.reshape(-1, 3), count)
    places = np.stack(np.meshgrid(*(np.linspace(0, 1, n) for n in labels.shape), indexing="ij"), -1)
    place = _means(labels, places.reshape(-1, 2), count)
    difference = np.linalg.norm(colour[:, None] - colour[None], axis=2)
    apart = np.linalg.norm(place[:, None] - place[None], axis=2)

    border = np.zeros(count, dtype=np.bool_)
    border[np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])] = True
    joined = _neighbours(labels, count)
    links = joined | (border[:, None] & border[None])
    # Steps as small as those between most like neighbours are texture, not distance.
    texture = np.median(np.where(joined, difference, np.inf).min(axis=1))
    steps = np.where(links, np.maximum(difference - texture, 0) + 1e-6, 0)
    along = dijkstra(steps, directed=False)
    same = np.exp(-((along / CONTRAST) ** 2) / 2)
    connected = same[:, border].sum(axis=1) / np.sqrt(same.sum(axis=1))
    background = 1 - np.exp(-(connected**2) / 2)

    near = np.exp(-((apart / REACH) ** 2) / 2)
    contrast = (difference * near) @ background
    contrast *= np.exp(-(((place - 0.5) ** 2).sum(axis=1)) / (2 * CENTRED**2))
    contrast = (contrast - contrast.min()) / max(float(np.ptp(contrast)), 1e-9)

    alike = np.where(joined, np.exp(-((difference / CONTRAST) ** 2) / 2) + 0.1, 0)
    system = np.diag(alike.sum(axis=1) + _BACKGROUND_WEIGHT * background + contrast) - alike
    salience = np.linalg.solve(system + 1e-6 * np.eye(count), contrast)
    result: NDArray[np.float64] = salience / max(float(salience.max()), 1e-9)
    return result


def _means(
    labels: NDArray[np.int64], values: NDArray[np.floating], count: int
) -> NDArray[np.float64]:
    flat = labels.ravel()
    pixels = np.maximum(np.bincount(flat, minlength=count), 1)
    sums = [np.bincount(flat, column, count) for column in values.T]
    return np.stack(sums, axis=1) / pixels[:, None]


def _neighbours(labels: NDArray[np.int64], count: int) -> NDArray[np.bool_]:
    joined = np.zeros((count, count), dtype=np.bool_)
    for a, b in ((labels[1:], labels[:-1]), (labels[:, 1:], labels[:, :-1])):
        joined[a, b] = joined[b, a] = True
    np.fill_diagonal(joined, False)
    return joined


def cut_by_rembg(colours: NDArray[np.uint8]) -> Cut | None:
    """Return the object as the networks of rembg see it, or None where it is not installed.

    Raises:
        PhotoError: rembg cannot start, for it loads its network from the web when first used.
    """
    try:
        from rembg import remove
    except ImportError:
        return None
    try:
        mask = remove(Image.fromarray(colours), only_mask=True)
    except Exception as error:  # whatever its network, its runtime or the web may raise
        raise PhotoError(
            f"rembg failed: {error}",
            hint="it loads its network from the web once; else uninstall it, or give --mask",
        ) from error
    weight = np.asarray(mask.convert("L"), dtype=np.float32) / np.float32(255)
    return Cut(weight, certain=True) if (weight > 0.5).mean() > _LEAST else None
