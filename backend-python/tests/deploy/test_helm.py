"""The Helm chart: rendered by Helm's engine, checked against Kubernetes' own schemas, its query run by PostgreSQL.

Not proved here, because no cluster can be had: that a cluster takes and runs it. KEDA's, the Prometheus Operator's and
the Gateway API's objects are only checked for the fields that their definitions require.
"""

import functools
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import helm_python as helm
import kubernetes_validate
import pytest
import yaml
from kubernetes_validate import utils as kubernetes_schemas
from sqlalchemy import text

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import load_settings, setting_names
from scribe.domain.accounts import Principal
from scribe.worker.process import SHUTDOWN_S
from scribe.worker.scratch import Scratch
from tests.conftest import REPOSITORY
from tests.deploy.charts import (
    CHART,
    EVERYTHING,
    MINIMAL,
    PASSWORDS,
    SETS,
    Manifest,
    Values,
    merged,
    objects,
    pod_specs,
)
from tests.pending_meetings import add_meetings, change_row

OLDEST, NEWEST = "1.30", kubernetes_validate.latest_version()
VERSIONS = (OLDEST, "1.34", NEWEST)
OWN_SCHEMAS = ("keda.sh/", "monitoring.coreos.com/", "gateway.networking.k8s.io/")
NOT_OURS = {
    "HOME", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE",
    "AWS_EC2_METADATA_DISABLED", "SSL_CERT_FILE", "NVIDIA_DRIVER_CAPABILITIES", "HF_ENDPOINT",
}  # fmt: skip
Render = Callable[[Values], list[Manifest]]


@pytest.fixture(scope="module")
def chart() -> Iterator[helm.Chart]:
    helm.disable_logging()
    with helm.Chart.load(CHART) as loaded:
        yield loaded


@pytest.fixture(scope="module")
def render(chart: helm.Chart) -> Render:
    return lambda values: objects(chart.render(values, name="meetings", namespace="scribe"))


@pytest.fixture(scope="module")
def rendered(render: Render) -> dict[str, list[Manifest]]:
    return {name: render(values) for name, values in SETS.items()}


@pytest.fixture(scope="module", autouse=True)
def _schemas_are_read_once() -> Iterator[None]:
    read = kubernetes_schemas.schema_contents
    kubernetes_schemas.schema_contents = functools.cache(read)
    yield
    kubernetes_schemas.schema_contents = read


def one(manifests: list[Manifest], kind: str, end: str = "") -> Manifest:
    (found,) = [each for each in manifests if each["kind"] == kind and each["metadata"]["name"].endswith(end)]
    return found


# --- is it valid? -----------------------------------------------------------------------------------------------------


def test_helm_has_nothing_to_say_against_it() -> None:
    for values in (MINIMAL, EVERYTHING):
        report = helm.lint(CHART, values, strict=True)
        assert report["errors"] == []
        assert [found for found in report["messages"] if found["severity"] > 1] == []


@pytest.mark.parametrize("values", SETS)
def test_every_object_is_what_kubernetes_knows(rendered: dict[str, list[Manifest]], values: str) -> None:
    known = [found for found in rendered[values] if not found["apiVersion"].startswith(OWN_SCHEMAS)]
    assert len(known) > 7
    for version in VERSIONS:
        if version == OLDEST and "image" in values:
            continue  # image volumes are of 1.31
        for found in known:
            kubernetes_validate.validate(found, version, strict=True)


@pytest.mark.parametrize("values", SETS)
def test_names_are_unique_and_what_is_spoken_of_is_there(rendered: dict[str, list[Manifest]], values: str) -> None:
    manifests = rendered[values]
    names = {(found["kind"], found["metadata"]["name"]) for found in manifests}
    assert len(names) == len(manifests)
    given = {("Secret", "scribe-secrets"), ("ConfigMap", "our-ca"), ("PersistentVolumeClaim", "scribe-models")}
    spoken_of = set()
    for spec in pod_specs(manifests).values():
        spoken_of.add(("ServiceAccount", spec["serviceAccountName"]))
        for volume in spec.get("volumes") or []:
            if "persistentVolumeClaim" in volume:
                spoken_of.add(("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]))
            if "configMap" in volume:
                spoken_of.add(("ConfigMap", volume["configMap"]["name"]))
        for container in spec["containers"]:
            spoken_of |= {("ConfigMap", source["configMapRef"]["name"]) for source in container.get("envFrom", [])}
            spoken_of |= {
                ("Secret", entry["valueFrom"]["secretKeyRef"]["name"])
                for entry in container.get("env", [])
                if "valueFrom" in entry
            }
    for found in manifests:
        if found["kind"] == "ScaledObject":
            spoken_of.add(("Deployment", found["spec"]["scaleTargetRef"]["name"]))
            spoken_of.add(("TriggerAuthentication", found["spec"]["triggers"][0]["authenticationRef"]["name"]))
        if found["kind"] == "TriggerAuthentication":
            spoken_of.add(("Secret", found["spec"]["secretTargetRef"][0]["name"]))
    assert spoken_of - names <= given


def test_services_budgets_and_monitors_mean_pods_that_are_there(rendered: dict[str, list[Manifest]]) -> None:
    manifests = rendered["everything"]
    api = one(manifests, "Deployment", "-api")["spec"]["template"]["metadata"]["labels"].items()
    service = one(manifests, "Service")
    assert service["spec"]["selector"].items() <= api
    assert one(manifests, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"].items() <= api
    assert (
        one(manifests, "ServiceMonitor")["spec"]["selector"]["matchLabels"].items()
        <= service["metadata"]["labels"].items()
    )


def test_objects_of_others_have_the_fields_that_are_required(rendered: dict[str, list[Manifest]]) -> None:
    """As in the definitions of KEDA 2 (`required`, names of fields), the Prometheus Operator and the Gateway API."""
    scaled = one(rendered["everything"], "ScaledObject", "-gpu")["spec"]
    assert set(scaled) == {
        "scaleTargetRef", "minReplicaCount", "maxReplicaCount", "pollingInterval", "cooldownPeriod", "advanced",
        "triggers",
    }  # fmt: skip
    (trigger,) = scaled["triggers"]
    assert set(trigger) == {"type", "metricType", "metadata", "authenticationRef"}
    assert set(trigger["metadata"]) == {
        "host", "port", "dbName", "userName", "sslmode", "query", "targetQueryValue", "activationTargetQueryValue"
    }  # fmt: skip
    assert all(isinstance(value, str) for value in trigger["metadata"].values())
    assert one(rendered["everything"], "TriggerAuthentication")["spec"]["secretTargetRef"] == [
        {"parameter": "password", "name": "meetings-smart-meeting-scribe", "key": "KEDA_DATABASE_PASSWORD"}
    ]
    (endpoint,) = one(rendered["everything"], "ServiceMonitor")["spec"]["endpoints"]
    assert endpoint["authorization"]["credentials"] == {"name": "prometheus-token", "key": "token"}
    assert endpoint["relabelings"] == [{"targetLabel": "job", "replacement": "scribe"}]  # what the alerts ask for
    route = one(rendered["gateway, models in an image"], "HTTPRoute")["spec"]
    assert set(route) == {"parentRefs", "hostnames", "rules"}
    assert all(
        "replicas" not in found["spec"] for found in rendered["everything"] if "-worker-" in found["metadata"]["name"]
    )


# --- values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"api": {"replica": 3}},
        {"workers": {"cpu": {"threads": "two"}}},
        {"workers": {"gpu": {"gpus": 2}}},
        {"settings": {"SCRIBE_TRANSCRIPTION__MODLE": "whisper-small"}},
        {"settings": {"SCRIBE_STORAGE_URL": "/data"}},
        {"secret": {"databaseUrl": "mysql://a:b@c/d"}},
        {"storage": {"url": "/data"}},
        {"ingress": {"controller": "ngnix"}},
        {"replicas": 2},
    ],
    ids=str,
)
def test_a_typing_error_is_refused(chart: helm.Chart, wrong: Values) -> None:
    with pytest.raises(helm.HelmError):
        chart.render(merged(MINIMAL, wrong), name="meetings", namespace="scribe")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"storage": {"url": ""}}, "storage.url: the bucket"),
        ({"secret": {"existing": ""}}, "secret.databaseUrl: postgresql://"),
        ({"secret": {**PASSWORDS, "existing": "", "redisUrl": ""}}, "secret.redisUrl: redis://"),
        (
            {"secret": {**PASSWORDS, "existing": "", "s3SecretAccessKey": ""}},
            "secret.s3AccessKeyId and secret.s3Secret",
        ),
        ({"models": {"existingClaim": ""}}, "models: where workers find them"),
        ({"networkPolicy": {"redis": {"to": []}}}, "networkPolicy.redis.to: where it is"),
        ({"ingress": {"enabled": True}}, "ingress.host: the name"),
        ({"ingress": {"enabled": True, "host": "a.b"}}, "api.trustedProxies: the network"),
        ({"autoscaling": {"enabled": True}}, "autoscaling.database.host: where KEDA"),
        ({"workers": {"cpu": {"enabled": False}}}, "without a worker every recording waits"),
        ({"workers": {"cpu": {"minReplicas": 9}}}, "maxReplicas is less than minReplicas"),
        ({"settings": {"SCRIBE_TELEMETRY__OTLP_ENDPOINT": "http://c:1"}}, "networkPolicy.telemetry.to"),
        ({"monitoring": {"serviceMonitor": {"enabled": True}}}, "tokenSecret.name: a Secret"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_what_is_missing_is_said_in_a_sentence(chart: helm.Chart, change: Values, sentence: str) -> None:
    with pytest.raises(helm.HelmError) as refused:
        chart.render(merged(MINIMAL, change), name="meetings", namespace="scribe")
    assert sentence in str(refused.value)


@pytest.mark.parametrize("values", SETS)
def test_every_variable_is_a_setting_and_holds_what_it_may(
    rendered: dict[str, list[Manifest]], values: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifests = rendered[values]
    settings = one(manifests, "ConfigMap", "scribe")["data"]
    for spec in pod_specs(manifests).values():
        for container in spec["containers"]:
            variables = {
                entry["name"]: entry.get("value", "postgresql://a:b@c/d") for entry in container.get("env", [])
            }
            assert len(variables) == len(container.get("env", []))
            if "envFrom" in container:
                assert not variables.keys() & settings.keys()
                variables |= settings
            assert variables.keys() - NOT_OURS <= set(setting_names())
            with monkeypatch.context() as environment:
                for name, value in variables.items():
                    environment.setenv(name, value)
                load_settings()


def test_numbers_and_lists_arrive_as_they_were_meant(rendered: dict[str, list[Manifest]]) -> None:
    settings = one(rendered["everything"], "ConfigMap", "scribe")["data"]
    assert settings["SCRIBE_API__MAX_UPLOAD_MB"] == "5000000"
    assert settings["SCRIBE_QUEUE__RETRY_DELAYS_S"] == "[5,30.5]"
    assert settings["SCRIBE_AUDIT__READS"] == "false"


# --- security ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("values", SETS)
def test_every_pod_keeps_to_the_restricted_profile(rendered: dict[str, list[Manifest]], values: str) -> None:
    specs = pod_specs(rendered[values])
    assert len(specs) >= 4
    for spec in specs.values():
        pod = spec["securityContext"]
        assert pod["runAsNonRoot"] is True
        assert pod.get("runAsUser") == (None if "OpenShift" in values else 10001)
        assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        assert not spec.keys() & {"hostNetwork", "hostPID", "hostIPC", "initContainers"}
        assert all(
            volume.keys() - {"name"} <= {"emptyDir", "configMap", "persistentVolumeClaim", "image"}
            and volume.get("emptyDir", {"sizeLimit": 1})["sizeLimit"]
            for volume in spec.get("volumes") or []
        )
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"]["memory"]


def test_secrets_are_nowhere_but_in_the_secret(rendered: dict[str, list[Manifest]]) -> None:
    for found in rendered["everything"]:
        if found["kind"] != "Secret":
            assert "pw-" not in yaml.safe_dump(found)
    assert set(one(rendered["everything"], "Secret")["stringData"].values()) == set(PASSWORDS.values())
    assert [found for found in rendered["minimal"] if found["kind"] == "Secret"] == []


def test_a_worker_reaches_names_database_redis_and_s3_and_nothing_else(rendered: dict[str, list[Manifest]]) -> None:
    for values, reached in {"minimal": {53, 5432, 6379, 443}, "everything": {53, 5432, 6379, 443, 4318}}.items():
        manifests = rendered[values]
        labels = one(manifests, "Deployment", "-worker-cpu")["spec"]["template"]["metadata"]["labels"]
        applied = [found for found in manifests if found["kind"] == "NetworkPolicy" and selects(found, labels)]
        assert any(not found["spec"].get("egress") and "Egress" in found["spec"]["policyTypes"] for found in applied)
        rules = [rule for found in applied for rule in found["spec"].get("egress", [])]
        assert all(rule["to"] for rule in rules)
        assert {port["port"] for rule in rules for port in rule["ports"]} == reached
        assert [rule for found in applied for rule in found["spec"].get("ingress", [])] == []


def selects(policy: Manifest, labels: dict[str, str]) -> bool:
    selector = policy["spec"]["podSelector"]
    return selector.get("matchLabels", {}).items() <= labels.items() and all(
        labels.get(wanted["key"]) in wanted["values"] for wanted in selector.get("matchExpressions", [])
    )


# --- life -------------------------------------------------------------------------------------------------------------


def test_pods_have_the_time_that_the_product_takes_to_end(rendered: dict[str, list[Manifest]]) -> None:
    specs = pod_specs(rendered["everything"])
    api = specs["Deployment meetings-smart-meeting-scribe-api"]
    (container,) = api["containers"]
    drain_s = next(int(entry["value"]) for entry in container["env"] if entry["name"] == "SCRIBE_API__DRAIN_S")
    assert api["terminationGracePeriodSeconds"] >= container["lifecycle"]["preStop"]["sleep"]["seconds"] + drain_s + 5
    worker = specs["Deployment meetings-smart-meeting-scribe-worker-cpu"]
    assert worker["terminationGracePeriodSeconds"] > 2 * SHUTDOWN_S


def test_the_sign_of_a_worker_is_seen_by_its_probe(rendered: dict[str, list[Manifest]], tmp_path: Path) -> None:
    spec = pod_specs(rendered["minimal"])["Deployment meetings-smart-meeting-scribe-worker-cpu"]
    shell, option, script = spec["containers"][0]["livenessProbe"]["exec"]["command"]

    def is_alive() -> bool:
        command = [shell, option, script.replace("/scratch", str(tmp_path))]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0

    assert not is_alive()
    with Scratch(tmp_path, "host:1:x") as scratch:
        scratch.sign()
        assert is_alive()
        (sign,) = tmp_path.glob("*/alive")
        long_ago_s = time.time() - 100
        os.utime(sign, (long_ago_s, long_ago_s))
        assert not is_alive()


def test_the_tables_are_made_again_when_the_version_changes_and_only_then(render: Render) -> None:
    def name(values: Values) -> str:
        return str(
            one([each for each in render(merged(MINIMAL, values)) if "-migrate-" in each["metadata"]["name"]], "Job")
        )

    assert name({}) == name({"api": {"replicas": 5}, "settings": {"SCRIBE_LANGUAGE": "fr"}})
    assert name({}) != name({"images": {"tag": "9.9"}})


def test_alerts_are_those_of_the_monitoring_folder(rendered: dict[str, list[Manifest]]) -> None:
    alerts = yaml.safe_load((REPOSITORY / "deploy" / "monitoring" / "alerts.yml").read_text(encoding="utf-8"))
    assert one(rendered["everything"], "PrometheusRule")["spec"] == alerts
    (dashboard,) = one(rendered["everything"], "ConfigMap", "-dashboard")["data"].values()
    assert dashboard == (REPOSITORY / "deploy" / "monitoring" / "grafana-dashboard.json").read_text(encoding="utf-8")


async def test_keda_counts_what_waits_and_what_runs(
    rendered: dict[str, list[Manifest]], units: UnitOfWorkFactory, member: Principal
) -> None:
    def query(values: str, pool: str) -> str:
        found = one(rendered[values], "ScaledObject", pool)["spec"]["triggers"][0]["metadata"]["query"]
        return str(found)

    async def counted() -> tuple[int, int, int]:
        async with units() as unit:
            queries = (query("scaled, no card", "cpu"), query("everything", "gpu"), query("everything", "cpu"))
            return tuple([await unit.session.scalar(text(each)) for each in queries])  # type: ignore[return-value]

    assert await counted() == (0, 0, 0)
    (done,) = await add_meetings(units, member.user_id, 1, status="COMPLETED")
    await change_row(units, done, names_version=1)  # names to be written into files: work for one worker
    assert await counted() == (1, 1, 0)
    waiting = await add_meetings(units, member.user_id, 4)
    await change_row(units, waiting[0], next_attempt_at=text("now() + interval '1 hour'"))  # is tried again later
    await change_row(units, waiting[1], status="PROCESSING", token=waiting[1], worker_id="w", lease_until=text("now()"))
    assert await counted() == (3, 3, 0)
    await add_meetings(units, member.user_id, 2)
    assert await counted() == (5, 5, 2)  # three cards take three of them
