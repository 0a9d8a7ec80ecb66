"""The fully connected decoder of project noisypixel."""

from onet_cli.models.decoders.simple import AdditiveDecoder
from onet_cli.models.layers import PostActivationBlock
from onet_cli.models.registry import DECODERS


@DECODERS.register("fc")
class FcDecoder(AdditiveDecoder):
    """Residual blocks that apply ReLU after each layer."""

    block = PostActivationBlock
