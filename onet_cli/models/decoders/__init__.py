"""Decoders of points; importing this package registers them."""

from onet_cli.models.decoders import cbn, fc, simple, triplane

__all__ = ["cbn", "fc", "simple", "triplane"]
