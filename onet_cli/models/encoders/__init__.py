"""Encoders of images; importing this package registers them."""

from onet_cli.models.encoders import convnet, efficientnet, resnet, simple_conv

__all__ = ["convnet", "efficientnet", "resnet", "simple_conv"]
