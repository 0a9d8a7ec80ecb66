"""Encoders of images; importing this package registers them."""

from onet_cli.models.encoders import convnet, efficientnet, maps, resnet, simple_conv

__all__ = ["convnet", "efficientnet", "maps", "resnet", "simple_conv"]
