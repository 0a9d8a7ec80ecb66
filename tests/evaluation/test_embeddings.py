import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from onet_cli.errors import InvalidOptionError
from onet_cli.evaluation.codes import Embeddings, agreement, embed, encode_views
from onet_cli.evaluation.embeddings import describe, write_embeddings
from onet_cli.evaluation.plot import Panel, draw_panels
from onet_cli.evaluation.projection import affinities, principal_components, tsne
from onet_cli.evaluation.settings import EvaluationSettings
from onet_cli.evaluation.tasks import Task
from onet_cli.models.checkpoint import CheckpointInfo, save_checkpoint
from onet_cli.models.network import OccupancyNetwork
from onet_cli.models.spec import ModelSpec
from onet_cli.shapes.photo import decode_view
from onet_cli.shapes.shape import ShapeId
from tests.commands.test_evaluate import app
from tests.evaluation.synthetic import CHAIR, SOFA, make_store

IDS = [ShapeId(CHAIR, "a"), ShapeId(SOFA, "b"), ShapeId(SOFA, "c")]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("data"), IDS, views=2)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    torch.manual_seed(0)
    spec = ModelSpec("tiny", "resnet18", "simple", code_dim=16, hidden_dim=16, image_size=32)
    path = tmp_path_factory.mktemp("run") / "best.safetensors"
    save_checkpoint(path, OccupancyNetwork(spec).eval(), CheckpointInfo(spec, threshold=0.5))
    return path


def clusters(count=40, width=0.3, dimensions=20, seed=0):
    """Three clusters far apart, and which of them each point is of."""
    rng = np.random.default_rng(seed)
    centres = np.eye(3, dimensions) * 10
    labels = np.arange(3 * count) % 3
    points = centres[labels] + width * rng.normal(size=(3 * count, dimensions))
    return points.astype(np.float32), labels


def nearest_labels(places, labels):
    distances = np.linalg.norm(places[:, None] - places, axis=2)
    np.fill_diagonal(distances, np.inf)
    return labels[distances.argmin(axis=1)]


def test_codes_ids_and_views_are_written_together(store, checkpoint, tmp_path):
    path = tmp_path / "codes.npz"
    settings = EvaluationSettings(view="all")

    found = write_embeddings(path, store.root, str(checkpoint), "cpu", settings)

    with np.load(path) as arrays:
        assert list(arrays["ids"]) == [str(i) for i in IDS for _ in range(2)]
        assert list(arrays["views"]) == [0, 1] * 3
        assert list(arrays["categories"]) == ["chair"] * 2 + ["sofa"] * 4
        assert arrays["codes"].shape == (6, 16)
        assert arrays["codes"].dtype == np.float32
        assert arrays["pca"].shape == arrays["tsne"].shape == (6, 2)
        np.testing.assert_array_equal(arrays["codes"], found.codes)
    with Image.open(path.with_suffix(".png")) as picture:
        assert picture.mode == "RGB"
        assert picture.width > picture.height


def test_the_same_codes_twice_are_the_same_bytes(store, checkpoint, tmp_path):
    written = []
    for name in ("one.npz", "two.npz"):
        path = tmp_path / name
        write_embeddings(path, store.root, str(checkpoint), "cpu", EvaluationSettings())
        written.append((path.read_bytes(), path.with_suffix(".png").read_bytes()))

    assert written[0] == written[1]


def test_a_code_is_what_the_encoder_says_of_the_view(store, checkpoint):
    from onet_cli.models.checkpoint import load_checkpoint

    network = load_checkpoint(str(checkpoint), "cpu").network.eval()
    image = decode_view(store.read_view(IDS[0], 0))
    with torch.no_grad():
        pixels = torch.from_numpy(image.transpose(2, 0, 1).copy())[None] / 255
        expected = network.encode(pixels)[0].numpy()

    found = embed(store.root, str(checkpoint), "cpu", EvaluationSettings()).codes[0]

    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert encode_views(network, [image, image]).shape == (2, 16)


def test_a_view_that_cannot_be_read_is_left_out_and_listed(checkpoint, tmp_path):
    store = make_store(tmp_path, IDS)
    store.path(IDS[1]).write_bytes(b"no HDF5 file")

    found = embed(store.root, str(checkpoint), "cpu", EvaluationSettings())

    assert [task.id for task in found.tasks] == [IDS[0], IDS[2]]
    assert found.unread[0][0] == str(IDS[1])


def test_the_command_says_how_well_codes_tell_categories_apart(store, checkpoint, tmp_path):
    path = tmp_path / "codes.npz"
    options = [str(store.root), "-c", str(checkpoint), "--embeddings", str(path), "--device", "cpu"]

    result = CliRunner().invoke(app, options)

    assert result.exit_code == 0, result.exception
    assert "3 codes of width 16" in result.stdout
    assert path.is_file()
    refused = CliRunner().invoke(app, [*options, "-o", str(tmp_path / "scores.json")])
    assert refused.exit_code == 2


@pytest.mark.parametrize("name", ["codes.npy", "nowhere/codes.npz"])
def test_a_path_that_cannot_work_is_refused(store, checkpoint, tmp_path, name):
    with pytest.raises(InvalidOptionError):
        write_embeddings(tmp_path / name, store.root, str(checkpoint), "cpu", EvaluationSettings())


def test_neighbours_are_of_other_objects_and_chance_is_their_share():
    # Two views of each object coincide: they do not count as each other's neighbours.
    codes = np.array([[0.0], [0.0], [1.0], [1.0], [10.0], [10.0]], np.float32)
    ids = [ShapeId("a", "1"), ShapeId("a", "2"), ShapeId("b", "3")]
    tasks = tuple(Task(shape_id, view) for shape_id in ids for view in (0, 1))
    found = Embeddings(codes, tasks, {})

    hit, chance = agreement(found)

    # Both of `a` find each other, `b` can only find `a`; of four others two are of category a.
    assert hit == pytest.approx(4 / 6)
    assert chance == pytest.approx((4 * 0.5 + 2 * 0) / 6)
    assert "66.7%" in describe(found)
    alone = replace(found, codes=codes[:2], tasks=tasks[:2])
    assert agreement(alone) is None
    assert describe(alone) == "2 codes of width 1"


def test_principal_components_are_the_directions_of_most_variance():
    rng = np.random.default_rng(0)
    axes, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    points = rng.normal(size=(5000, 6)) * (3, 2, 0.1, 0.1, 0.1, 0.1) @ axes.T + 7

    places, shares = principal_components(points)

    assert places.std(axis=0) == pytest.approx([3, 2], rel=0.05)
    assert abs(np.corrcoef(places[:, 0], points @ axes[:, 0])[0, 1]) > 0.999
    assert shares == pytest.approx((9 / 13, 4 / 13), abs=0.02)


@pytest.mark.parametrize("codes", [np.zeros((1, 4)), np.ones((5, 4)), np.arange(4.0)[:, None]])
def test_codes_without_two_directions_have_places_too(codes):
    places, shares = principal_components(codes.astype(np.float32))

    assert places.shape == (len(codes), 2)
    assert np.isfinite(places).all()
    assert np.isfinite(tsne(codes.astype(np.float32), steps=20)).all()
    assert sum(shares) <= 1 + 1e-9


@pytest.mark.parametrize("perplexity", [5.0, 20.0])
def test_each_row_of_affinities_has_the_perplexity_asked_for(perplexity):
    points, _ = clusters(width=3.0)

    rows = affinities(points, perplexity).astype(np.float64)

    entropy = -(rows * np.log(np.maximum(rows, 1e-300))).sum(axis=1)
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(np.exp(entropy), perplexity, rtol=1e-3)
    assert (np.diagonal(rows) == 0).all()


def test_tsne_keeps_clusters_that_a_plane_cannot_hold():
    # Six clusters on six axes: two components overlay some of them.
    rng = np.random.default_rng(0)
    labels = np.arange(180) % 6
    points = (10 * np.eye(6, 12)[labels] + 0.5 * rng.normal(size=(180, 12))).astype(np.float32)

    places = tsne(points, perplexity=10)

    assert (nearest_labels(places, labels) == labels).all()
    centres = np.stack([places[labels == k].mean(axis=0) for k in range(6)])
    widths = np.linalg.norm(places - centres[labels], axis=1)
    gaps = np.linalg.norm(centres[:, None] - centres, axis=2)[~np.eye(6, dtype=bool)]
    assert gaps.min() > 3 * np.median(widths)
    np.testing.assert_array_equal(places, tsne(points, perplexity=10))


def test_every_category_has_a_mark_of_its_own_and_a_line_in_the_legend():
    categories = [f"kind {n}" for n in range(25)]
    places = np.stack([np.arange(25.0), np.zeros(25)], axis=1)

    picture = draw_panels([Panel("title", places)], categories)
    data = io.BytesIO()
    picture.save(data, "PNG")

    colours = {tuple(pixel) for pixel in np.asarray(picture).reshape(-1, 3)}
    assert {(47, 109, 181), (224, 123, 40), (38, 167, 184)} <= colours
    assert len(data.getvalue()) < 200_000
