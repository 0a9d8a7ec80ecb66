"""Decoders of points; importing this package registers them."""

from onet_cli.models.decoders import attention, cbn, fc, simple, triplane

__all__ = ["attention", "cbn", "fc", "simple", "triplane"]
