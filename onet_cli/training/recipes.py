"""Recipes: named sets of defaults of `onet train`. Importing this loads no dependency."""

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
"""`ours` has the options' own defaults, `paper` those of the authors' code.

Source of the latter: Mescheder et al., CVPR 2019, supplementary section 2, and the configuration of
the authors' single-image experiment.
"""
