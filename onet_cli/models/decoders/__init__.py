"""Decoders of points; importing this package registers them."""

from onet_cli.models.decoders import aligned, attention, cbn, fc, simple, triplane

__all__ = ["aligned", "attention", "cbn", "fc", "simple", "triplane"]
