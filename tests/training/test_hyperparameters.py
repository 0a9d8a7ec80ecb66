from dataclasses import replace

from lightning.pytorch.loggers import TensorBoardLogger
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from onet_cli.models.catalogue import MODELS
from onet_cli.training.config import Budget, TrainingConfig
from onet_cli.training.hyperparameters import METRIC, log_hyperparameters

PLUGIN = "hparams"


def test_tensorboard_shows_the_settings_and_compares_by_the_validation_iou(tmp_path):
    config = replace(TrainingConfig(budget=Budget(steps=7)), lr=3e-4, augment="photo")

    log_hyperparameters(TensorBoardLogger(tmp_path, "", ""), config, MODELS["onet"])

    events = EventAccumulator(str(tmp_path)).Reload()
    contents = events.summary_metadata
    data = [HParamsPluginData.FromString(one.plugin_data.content) for one in contents.values()]
    start = next(one.session_start_info for one in data if one.HasField("session_start_info"))
    shown = start.hparams
    assert shown["lr"].number_value == 3e-4
    assert (shown["augment"].string_value, shown["encoder"].string_value) == ("photo", "resnet18")
    assert shown["budget_steps"].number_value == 7
    experiment = next(one.experiment for one in data if one.HasField("experiment"))
    assert [metric.name.tag for metric in experiment.metric_infos] == [METRIC]
    assert events.Tags()["scalars"] == []  # no score that nothing has
