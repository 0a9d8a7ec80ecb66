"""Training in the picture's frame: points go where the picture shows them, by cameras in doubt.

In use a network has only its own guess of the camera. So the elevation by which points are laid
into its frame lies between the true one and that guess, and is jittered besides: the shape leans as
it will lean then. Likewise the object's own mirror plane is now a true one, not quite, now the one
that the network takes it to be. Camera and plane are learned beside.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, smooth_l1_loss

from onet_cli.geometry.normalize import CUBE_EDGE
from onet_cli.models.encoders.maps import (
    CAMERA_MIDDLE,
    CAMERA_SPREAD,
    CodeLayout,
    camera_of,
    plane_of,
    symmetry_of,
    with_camera,
    with_plane,
)
from onet_cli.models.frame import PictureCamera, from_cube, to_cube
from onet_cli.models.network import OccupancyNetwork
from onet_cli.training.known import Known

OUTSIDE = 256
"""Points drawn in the network's cube for each sample; outside of the object's cube all is empty."""

OUTSIDE_WEIGHT = 2.0
JITTER = 0.05, 0.02
"""Deviation of what is added to the cameras: of the elevation, in radians, and of kappa."""

CAMERA_WEIGHT = 60.0
CAMERA_ERRORS = 0.15, 0.04
"""Errors of elevation and kappa that count as one."""


MIRROR_WEIGHT = 400.0
MIRROR_JITTER = 0.05, 0.02
"""Deviation of what is added to a true plane: to its angle, in radians, and its offset."""

GUESSED_PLANES = 0.6
"""Share of the samples whose mirror plane is the network's guess."""

CENTRE_ERROR, CENTRE_SHARE = 0.05, 0.2
"""Error of the object's middle, in half edges of the picture, that counts as one, and its share."""


class Doubts(NamedTuple):
    """What is drawn for a step, B samples: see the module's first lines.

    `share` (B, 1) of the guess in the camera that is used, `jitter` (B, 2) of the camera, the
    points `outside` (B, O, 3) of the network's cube; `guessed` (B, 1) is 1 for the samples whose
    mirror plane is the guess, and `wobble` (B, 2) the jitter of the others'.
    """

    share: Tensor
    jitter: Tensor
    outside: Tensor
    guessed: Tensor
    wobble: Tensor


class Seen(NamedTuple):
    """What a network makes of a batch: `logits` (B, T) and those `outside` (B, O).

    `empty` (B, O) says which of the latter lie outside of the object's cube; `camera_loss` and
    `mirror_loss` are numbers.
    """

    logits: Tensor
    outside: Tensor
    empty: Tensor
    camera_loss: Tensor
    mirror_loss: Tensor


def draw_doubts(count: int, rng: torch.Generator) -> Doubts:
    """Return what a step with `count` samples needs to be random, on the CPU."""
    return Doubts(
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
    known: Known,
    doubts: Doubts,
) -> Seen:
    """Return what `network` makes of `images` (B, 3, S, S) at `points` (B, T, 3), unit cube."""
    code, camera = network.encode(images), known.camera
    guess = camera_of(code).float()
    true = torch.stack([camera.elevation, camera.kappa], dim=1)
    used = plausible(torch.lerp(true, guess.detach(), doubts.share) + doubts.jitter)
    inside = to_cube(camera.to_picture(points, used[:, 0]))
    asked = torch.cat([inside, doubts.outside], dim=1)
    code, mirror_loss = _with_some_plane(code, known, used[:, 0], doubts)
    logits = network.decode(asked, with_camera(code, used)).float()
    # The object's cube has an edge of 1 and all of the object in it.
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
    code: Tensor, known: Known, elevation: Tensor, doubts: Doubts
) -> tuple[Tensor, Tensor]:
    """Return `code` with the mirror planes that are used in training, and the loss of its own.

    Nothing is changed, and there is no loss, where a code has no plane.
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
    """Return logits (B, T) at `points` of the unit cube with the camera that `network` guesses.

    Of the true camera only the azimuth, size and place are used, by which the points are found.
    """
    code = network.encode(images)
    places = to_cube(camera.to_picture(points, camera_of(code)[:, 0]))
    return network.decode(places, code).float()


def plausible(camera: Tensor) -> Tensor:
    """Return `camera` (B, 2), elevation and kappa, within what a network can guess."""
    # Bounds as numbers: as tensors they would have to be sent to a GPU, which waits.
    ranges = zip(camera.unbind(1), CAMERA_MIDDLE, CAMERA_SPREAD, strict=True)
    bounded = [value.clamp(middle - spread, middle + spread) for value, middle, spread in ranges]
    return torch.stack(bounded, dim=1)
