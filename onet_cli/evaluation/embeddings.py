"""Files of the codes of a data set: arrays and a plot."""

from collections.abc import Callable
from pathlib import Path

from onet_cli.errors import InvalidOptionError
from onet_cli.evaluation.codes import Embeddings, agreement, embed, write_codes
from onet_cli.evaluation.plot import Panel, draw_panels
from onet_cli.evaluation.projection import MOST_POINTS, principal_components, tsne
from onet_cli.evaluation.report import check_folder
from onet_cli.evaluation.settings import EvaluationSettings
from onet_cli.files import whole_file


def write_embeddings(
    path: Path,
    data: Path,
    checkpoint: str,
    device: str,
    settings: EvaluationSettings,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Embeddings:
    """Write the codes to `path` (.npz) and a plot next to it (.png); return them.

    The plot shows the first two principal components, and t-SNE of up to 3 000 codes.

    Raises:
        InvalidOptionError: `path` does not end in .npz, or its folder does not exist.
        OnetError: as `embed`, or a file cannot be written.
    """
    if path.suffix.lower() != ".npz":
        raise InvalidOptionError(f"{path} does not end in .npz", hint="give a name that does")
    check_folder(path)
    found = embed(data, checkpoint, device, settings, progress)
    places, (first, second) = principal_components(found.codes)
    panels = [Panel(f"PCA: {first:.0%} and {second:.0%} of the variance", places)]
    flat = {"pca": places}
    if 3 <= len(found.codes) <= MOST_POINTS:
        flat["tsne"] = tsne(found.codes)
        panels.append(Panel("t-SNE", flat["tsne"]))
    write_codes(path, found, **flat)
    with whole_file(path.with_suffix(".png")) as temporary:
        draw_panels(panels, found.categories).save(temporary, "PNG")
    return found


def describe(found: Embeddings) -> str:
    """Return one line with the number of codes and how well they separate categories."""
    text = f"{len(found.codes)} codes of width {found.codes.shape[1]}"
    if (shares := agreement(found)) is None:
        return text
    hit, chance = shares
    return (
        f"{text}; the nearest code of another object has the same category for {hit:.1%} "
        f"(chance level {chance:.1%})"
    )
