"""The fully connected decoder of project noisypixel."""

from onet_cli.models.decoders.simple import AdditiveDecoder
from onet_cli.models.layers import PostActivationBlock, SingleLayerBlock
from onet_cli.models.registry import DECODERS


@DECODERS.register("fc")
class FcDecoder(AdditiveDecoder):
    """Residual blocks that apply ReLU after each layer."""

    block = PostActivationBlock


@DECODERS.register("fc-single")
class SingleLayerDecoder(AdditiveDecoder):
    """Residual blocks of one layer: what checkpoints of noisypixel's fc decoder were trained as."""

    block = SingleLayerBlock
