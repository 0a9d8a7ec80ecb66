"""Initial network of a run: randomly initialised, or with weights of a checkpoint."""

from onet_cli.models.catalogue import find_model, vary_model
from onet_cli.models.checkpoint import load_checkpoint
from onet_cli.models.initialise import initialise_from
from onet_cli.models.network import OccupancyNetwork, build_network, load_pretrained_encoder
from onet_cli.training.config import NetworkOptions

USUAL_MODEL = "onet-small"


def begin_network(
    options: NetworkOptions, seed: int, *, resume: bool = False
) -> tuple[OccupancyNetwork, str | None]:
    """Build the network of `options`; return it and a summary of the weights taken from `init`.

    With `resume`, weights come from the run, and none are taken from `init`.

    Raises:
        UnknownNameError: there is no such model, encoder or decoder.
        CheckpointError: weights cannot be read or are incompatible.
    """
    init = options.init
    given = load_checkpoint(init, "cpu").info.spec if init and not options.model else None
    spec = vary_model(
        given or find_model(options.model or USUAL_MODEL),
        encoder=options.encoder,
        decoder=options.decoder,
        code_dim=options.code_dim,
        hidden_dim=options.hidden_dim,
        point_dim=options.point_dim,
        image_size=options.image_size,
    )
    network = build_network(spec, seed=seed)
    if options.pretrained_encoder is not None:
        load_pretrained_encoder(network, options.pretrained_encoder)
    if init is None or resume:
        return network, None
    return network, f"{init}: {initialise_from(network, init)}"
