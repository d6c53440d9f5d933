"""The OpenTelemetry collector: a layer of every function, and the configuration of its pipelines."""

import pytest
import yaml

from stack import ACCOUNT, FUNCTIONS, REGION
from template import ROOT, of_type, transformed, written

LAYERS = ",".join(
    f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{name}:1" for name in ("collector", "configuration")
)
ENDPOINT = "https://otel.example.com:4318"
FILE = ROOT / "infra/otel/collector.yaml"


@pytest.fixture(scope="module")
def observed(aws):
    client = aws.client("lambda")
    for layer in LAYERS.split(","):
        client.publish_layer_version(LayerName=layer.split(":")[-2], Content={"ZipFile": b"layer"})
    return aws.create_stack(
        "ratchet-observed", OpenTelemetryLayerArns=LAYERS, OpenTelemetryEndpoint=ENDPOINT
    )


def layers(aws, made, function: str) -> list[str]:
    name = f"{made.name}-{function}"
    found = aws.client("lambda").get_function_configuration(FunctionName=name).get("Layers", [])
    return [layer["Arn"] for layer in found]


def test_every_function_has_the_collector_and_its_settings(aws, observed):
    for function in FUNCTIONS:
        assert layers(aws, observed, function) == LAYERS.split(",")
        environment = observed.environments[function]
        assert environment["OPENTELEMETRY_COLLECTOR_CONFIG_URI"] == "/opt/ratchet/collector.yaml"
        assert environment["OTEL_EXPORTER_OTLP_ENDPOINT"] == ENDPOINT


def test_no_function_has_a_collector_unless_the_operator_wants_it(made):
    for function in FUNCTIONS:
        assert layers(made.aws, made.stack, function) == []
        assert not [name for name in made.stack.environments[function] if "OTEL" in name or "TELEMETRY" in name]


def test_a_collector_needs_an_endpoint():
    rule = written()["Rules"]["CollectorHasEndpoint"]
    assert rule["Assertions"][0]["Assert"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "OpenTelemetryEndpoint"}, ""]}]
    }


def test_the_configuration_has_whole_pipelines():
    configuration = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    pipelines = configuration["service"]["pipelines"]
    assert pipelines.keys() == {"logs", "traces"}
    for pipeline in pipelines.values():
        for part in ("receivers", "processors", "exporters"):
            assert pipeline[part], part
            assert set(pipeline[part]) <= configuration[part].keys()
        assert pipeline["processors"][-1] == "decouple", "exports must not delay an answer"
    assert configuration["receivers"]["telemetryapi"]["types"] == ["platform", "function", "extension"]


def test_the_configuration_names_the_variable_that_the_template_sets():
    functions = of_type(transformed(), "AWS::Lambda::Function").values()
    for function in functions:
        assert "OTEL_EXPORTER_OTLP_ENDPOINT" in function["Properties"]["Environment"]["Variables"]
    exporter = yaml.safe_load(FILE.read_text(encoding="utf-8"))["exporters"]["otlphttp"]
    assert exporter == {"endpoint": "${env:OTEL_EXPORTER_OTLP_ENDPOINT}"}
