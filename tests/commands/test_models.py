import json

import typer
from typer.testing import CliRunner

from onet_cli.commands.models import models
from onet_cli.models.catalogue import MODELS
from onet_cli.models.checkpoint import shipped_models

app = typer.Typer()
app.command()(models)


def test_json_holds_every_named_model_with_its_costs():
    overview = json.loads(CliRunner().invoke(app, ["--json"]).stdout)

    assert [entry["name"] for entry in overview["models"]] == list(MODELS)
    onet = overview["models"][0]
    assert (onet["encoder"], onet["decoder"], onet["code_dim"]) == ("resnet18", "cbn", 256)
    assert onet["decoder_flops_per_point"] == 1_312_768
    assert onet["parameters"] == onet["encoder_parameters"] + onet["decoder_parameters"]
    assert {"cbn", "fc", "simple"} <= {entry["name"] for entry in overview["decoders"]}
    assert {"resnet18", "resnet50", "efficientnet-b7"} <= {
        entry["name"] for entry in overview["encoders"]
    }
    assert [entry["name"] for entry in overview["shipped"]] == shipped_models()


def test_the_tables_name_every_model_and_fit_eighty_columns():
    output = CliRunner().invoke(app, []).stdout

    assert all(name in output for name in MODELS)
    assert "1.31M" in output
    assert all(len(line) <= 80 for line in output.splitlines())
