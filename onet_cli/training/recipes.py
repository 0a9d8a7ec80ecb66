"""Recipes: defaults of the options of `onet train` under one name. Importing this loads nothing."""

RECIPES: dict[str, dict[str, str | int | float]] = {
    "ours": {},
    "paper": {
        "model": "onet",
        "batch_size": 64,
        "points": 2048,
        "sampling": "uniform",
        "near": 0.0,
        "label_smoothing": 0.0,
        "augment": "none",
        "lr": 1e-4,
        "schedule": "constant",
        "beta2": 0.999,
        "weight_decay": 0.0,
        "clip": 0.0,
        "ema": 0.0,
        "precision": "32",
        "val_every": 2000,
    },
}
"""`ours` is what the options say themselves, `paper` what the authors' code does.

Source of the latter: Mescheder et al., CVPR 2019, supplementary section 2, and the configuration of
the authors' single-image experiment.
"""
