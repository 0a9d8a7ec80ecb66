"""A network of the picture's frame looks at a picture and at its mirror image, and takes the mean.

What it gets wrong of the one it often gets right of the other, since nothing in the frame tells
left from right. Test-time augmentation by flips is as old as Krizhevsky et al., NIPS 2012.
"""

from torch import Tensor

from onet_cli.models.decoder import PointDecoder
from onet_cli.models.encoders.maps import camera_of, with_camera
from onet_cli.models.network import OccupancyNetwork


def with_flipped(
    network: OccupancyNetwork, code: Tensor, flipped: Tensor | None
) -> tuple[PointDecoder, Tensor]:
    """Return the decoder that both codes of a picture stand for, and its camera (1, 2).

    The camera is the mean of the two, the logits too.

    Args:
        network: of the picture's frame, in eval mode.
        code: (1, C) of the picture.
        flipped: (1, C) of the picture flipped left to right; without, `code` stands alone.
    """
    if flipped is None:
        return network.for_code(code), camera_of(code)
    camera = (camera_of(code) + camera_of(flipped)) / 2
    here = network.for_code(with_camera(code, camera))
    there = network.for_code(with_camera(flipped, camera))
    mirror = code.new_tensor([-1.0, 1.0, 1.0])

    def decode(points: Tensor) -> Tensor:
        return (here(points) + there(points * mirror)) / 2

    return decode, camera
