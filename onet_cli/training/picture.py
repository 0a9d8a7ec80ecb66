"""Training in the picture's frame, with uncertain cameras.

At inference, a network has only its own prediction of the camera. Therefore the elevation that
maps points into its frame is interpolated between the true one and the prediction, with added
noise, so that shapes are tilted as at inference. Likewise, the mirror plane is either a true one
with noise or the prediction. Camera and plane are trained by auxiliary losses.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, smooth_l1_loss

from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.models.code_layout import CodeLayout, camera_of, plane_of, symmetry_of
from onet_cli.models.encoders.maps import CAMERA_MIDDLE, CAMERA_SPREAD, with_camera, with_plane
from onet_cli.models.frame import PictureCamera, from_cube, to_cube
from onet_cli.models.network import OccupancyNetwork
from onet_cli.training.annotations import Annotations

OUTSIDE = 256
"""Points per sample in the network's cube; those outside the object's cube are empty."""

OUTSIDE_WEIGHT = 2.0
JITTER = 0.05, 0.02
"""Standard deviation of the camera noise: elevation in radians, and kappa."""

CAMERA_WEIGHT = 60.0
CAMERA_ERRORS = 0.15, 0.04
"""Unit errors of elevation and kappa in the camera loss."""


MIRROR_WEIGHT = 400.0
MIRROR_JITTER = 0.05, 0.02
"""Standard deviation of the noise on a true plane: angle in radians, and offset."""

GUESSED_PLANES = 0.6
"""Share of the samples with a predicted mirror plane."""

CENTRE_ERROR, CENTRE_SHARE = 0.05, 0.2
"""Unit error of the object's centre in half image edges, and the weight of its loss."""


class StepNoise(NamedTuple):
    """Random numbers of a step with B samples; see the module's docstring.

    `share` (B, 1) is the weight of the predicted camera, `jitter` (B, 2) the camera noise,
    `outside` (B, O, 3) points of the network's cube; `guessed` (B, 1) is 1 for samples with a
    predicted mirror plane, and `wobble` (B, 2) the noise on true planes.
    """

    share: Tensor
    jitter: Tensor
    outside: Tensor
    guessed: Tensor
    wobble: Tensor


class Seen(NamedTuple):
    """Outputs of a network for a batch: `logits` (B, T) and those `outside` (B, O).

    `empty` (B, O) marks the latter outside the object's cube; `camera_loss` and `mirror_loss` are
    scalars.
    """

    logits: Tensor
    outside: Tensor
    empty: Tensor
    camera_loss: Tensor
    mirror_loss: Tensor


def draw_step_noise(count: int, rng: torch.Generator) -> StepNoise:
    """Draw the random numbers of a step with `count` samples, on the CPU."""
    return StepNoise(
        torch.rand(count, 1, generator=rng),
        torch.randn(count, 2, generator=rng) * torch.tensor(JITTER),
        (torch.rand(count, OUTSIDE, 3, generator=rng) - 0.5) * CUBE_EDGE,
        (torch.rand(count, 1, generator=rng) < GUESSED_PLANES).float(),
        torch.randn(count, 2, generator=rng) * torch.tensor(MIRROR_JITTER),
    )


def see(
    network: OccupancyNetwork,
    images: Tensor,
    points: Tensor,
    known: Annotations,
    doubts: StepNoise,
) -> Seen:
    """Evaluate `network` on `images` (B, 3, S, S) at `points` (B, T, 3) of the unit cube."""
    code, camera = network.encode(images), known.camera
    guess = camera_of(code).float()
    true = torch.stack([camera.elevation, camera.kappa], dim=1)
    used = plausible(torch.lerp(true, guess.detach(), doubts.share) + doubts.jitter)
    inside = to_cube(camera.to_picture(points, used[:, 0]))
    asked = torch.cat([inside, doubts.outside], dim=1)
    code, mirror_loss = _with_some_plane(code, known, used[:, 0], doubts)
    logits = network.decode(asked, with_camera(code, used)).float()
    # The object's cube has an edge of 1 and contains the whole object.
    there = camera.from_picture(from_cube(doubts.outside), used[:, 0])
    amiss = (guess - true).unbind(1)
    errors = torch.stack([e / unit for e, unit in zip(amiss, CAMERA_ERRORS, strict=True)], dim=1)
    count = points.shape[1]
    return Seen(
        logits[:, :count],
        logits[:, count:],
        there.abs().amax(dim=2) > 0.5,
        smooth_l1_loss(errors, torch.zeros_like(errors)),
        mirror_loss,
    )


def _with_some_plane(
    code: Tensor, known: Annotations, elevation: Tensor, doubts: StepNoise
) -> tuple[Tensor, Tensor]:
    """Return `code` with mirror planes for training, and the loss of the predicted ones.

    Codes without a plane are returned unchanged, with zero loss.
    """
    if not CodeLayout(code.shape[1]).mirrored:
        return code, code.new_zeros(())
    logits, centre = (part.float() for part in symmetry_of(code))
    true_centre = known.centre(elevation)
    true = known.plane(logits.detach(), true_centre).rows()
    true = true + torch.nn.functional.pad(doubts.wobble, (0, 1))
    used = torch.lerp(true, plane_of(code).float(), doubts.guessed)
    target = known.symmetry_in_picture()
    losses = binary_cross_entropy_with_logits(logits, target.nan_to_num(), reduction="none")
    error = (centre - true_centre) / CENTRE_ERROR
    loss = (losses * target.isfinite()).mean() + CENTRE_SHARE * smooth_l1_loss(
        error, torch.zeros_like(error)
    )
    return with_plane(code, used), loss


def see_alone(
    network: OccupancyNetwork, images: Tensor, points: Tensor, camera: PictureCamera
) -> Tensor:
    """Return logits (B, T) at `points` of the unit cube with the predicted camera.

    Of the true camera, only azimuth, scale and position are used, to map the points.
    """
    code = network.encode(images)
    places = to_cube(camera.to_picture(points, camera_of(code)[:, 0]))
    return network.decode(places, code).float()


def plausible(camera: Tensor) -> Tensor:
    """Clamp `camera` (B, 2), elevation and kappa, to the range of predictions."""
    # Bounds are Python numbers; tensors would have to be copied to a GPU.
    ranges = zip(camera.unbind(1), CAMERA_MIDDLE, CAMERA_SPREAD, strict=True)
    bounded = [value.clamp(middle - spread, middle + spread) for value, middle, spread in ranges]
    return torch.stack(bounded, dim=1)
