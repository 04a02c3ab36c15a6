"""What operators are given speaks of what there is: alerts, dashboard, scrape configuration, compose file, docs."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from scribe.adapters.unit_of_work import UnitOfWorkFactory
from scribe.core.config import Settings
from scribe.domain.accounts import Principal
from scribe.main import create_app
from tests.api.conftest import api_settings  # noqa: F401 -- a fixture
from tests.conftest import REPOSITORY
from tests.deploy.compose import MAIN, MONITORING, VALUES, run
from tests.services.test_estimates import completed, plant

PLACE = REPOSITORY / "deploy/monitoring"
DOCS = REPOSITORY / "docs/monitoring.md"
OF_OTHERS = {"up", "process_resident_memory_bytes"}
"""Prometheus' own, and what its client says of every process."""
_WORDS = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_SELECTOR = re.compile(r"\{([^}]*)\}")
_LABEL = re.compile(r"([a-z_]+)\s*(?:=~|!~|!=|=)")


@lru_cache
def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((PLACE / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


@lru_cache
def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PLACE / "grafana-dashboard.json").read_text())
    return found


def panels() -> list[dict[str, Any]]:
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in rules())
    yield from (target["expr"] for panel in panels() for target in panel["targets"])
    yield from (annotation["expr"] for annotation in dashboard()["annotations"]["list"])


def metrics_in(expression: str) -> set[str]:
    """Of this product, and of nobody in particular: names with our prefix, and those a selector hangs on."""
    words = set(_WORDS.findall(_SELECTOR.sub("", re.sub(r'"[^"]*"', '""', expression))))
    return {word for word in words if word.startswith(("scribe_", "process_")) or word == "up"}


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def exposed(
    api_settings: Settings,  # noqa: F811
    units: UnitOfWorkFactory,
    member: Principal,
) -> dict[str, set[str]]:
    """By a running API, after one meeting and one failure: names of samples, and the labels of each."""
    await plant(units, member, 1, **completed(0.5))
    async with units() as unit:
        await unit.jobs.count("failures", "audio.no_track")
    app: FastAPI = create_app(
        api_settings.model_copy(update={"api": api_settings.api.model_copy(update={"metrics_open": True})})
    )
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://scribe.test") as client,
    ):
        await client.post("/api/v1/auth/login", json={"username": "a", "password": "b"})
        answer = await client.get("/metrics")
    assert answer.status_code == 200
    found: dict[str, set[str]] = {}
    for sample in chain.from_iterable(family.samples for family in text_string_to_metric_families(answer.text)):
        found.setdefault(sample.name, set()).update(sample.labels)
    return found


async def test_every_metric_and_label_in_alerts_and_dashboard_is_exposed_and_every_metric_is_explained(
    exposed: dict[str, set[str]],
) -> None:
    for expression in expressions():
        named = metrics_in(expression)
        assert named, expression
        assert named - {"up"} <= exposed.keys(), expression
        known = {"job", "instance", "le"}.union(*(exposed.get(name, set()) for name in named))
        for selector in _SELECTOR.findall(re.sub(r'"[^"]*"', '""', expression)):
            assert set(_LABEL.findall(selector)) <= known, expression
        for by in re.findall(r"\b(?:by|without) \(([^)]*)\)", expression):
            assert {label.strip() for label in by.split(",")} <= known, expression
    page = DOCS.read_text()
    ours = {
        re.sub(r"_(bucket|count|sum)$", "", name)
        for name in exposed
        if name.startswith("scribe_") and not name.endswith("_created")
    }
    assert {name for name in ours if f"`{name}`" not in page} == set(), "not in docs/monitoring.md"
    told = set(re.findall(r"^\| `(scribe_[a-z_]+)`", page, re.MULTILINE))
    assert told - ours <= {"scribe_storage_free_bytes", "scribe_storage_size_bytes"}, (
        "in the docs, and nobody exposes it"
    )


def test_values_in_selectors_are_those_that_there_are() -> None:
    """A misspelt `ending="faild"` would never alarm anybody."""
    from scribe.domain.meeting import MeetingStatus, Priority, Stage

    allowed = {
        "ending": {status.lower() for status in MeetingStatus},
        "status": {*map(str, MeetingStatus), "5.."},
        "priority": {priority.name.lower() for priority in Priority},
        "stage": set(map(str, Stage)),
        "check": {"database", "migrations", "redis", "storage", "workers", "events"},
        "method": {"GET"},
        "job": {"scribe"},
    }
    for expression in expressions():
        for label, value in re.findall(r'([a-z_]+)(?:=~|!~|=|!=)"([^"]*)"', expression):
            if label != "route":
                assert set(value.split("|")) <= allowed[label], expression


# --- alerts -----------------------------------------------------------------------------------------------------------


def test_every_alert_says_what_it_means_and_what_to_do() -> None:
    page = DOCS.read_text()
    sections = {heading.strip().lower() for heading in re.findall(r"^### (.+)$", page, re.MULTILINE)}
    assert len({rule["alert"] for rule in rules()}) == len(rules())
    for rule in rules():
        assert rule["labels"]["severity"] in {"critical", "warning"}, rule["alert"]
        file, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert (REPOSITORY / file) == DOCS
        assert anchor in sections, f"{rule['alert']} has no section `### {anchor}` in docs/monitoring.md"
        assert rule["alert"] in page, rule["alert"]


@pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed (Debian: apt install prometheus)"
)
@pytest.mark.parametrize(
    "arguments",
    [("check", "rules", "alerts.yml"), ("test", "rules", "tests/alerts.yml"), ("check", "config", "prometheus.yml")],
    ids=" ".join,
)
def test_prometheus_itself_agrees(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(["promtool", *arguments], cwd=PLACE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_scrape_configuration_asks_every_api_process_and_knows_the_rules() -> None:
    config = yaml.safe_load((PLACE / "prometheus.yml").read_text())
    (scribe,) = [job for job in config["scrape_configs"] if job["job_name"] == "scribe"]
    assert scribe["dns_sd_configs"][0] | {"names": ["api"], "type": "A", "port": 8000} == scribe["dns_sd_configs"][0]
    assert [(PLACE / name).is_file() for name in config["rule_files"]] == [True]
    assert "remote_write" not in config


# --- dashboard --------------------------------------------------------------------------------------------------------


def test_the_dashboard_can_be_imported_anywhere() -> None:
    found = dashboard()
    assert found["uid"] == "smart-meeting-scribe"
    assert "id" not in found, "an id belongs to one Grafana"
    assert found["schemaVersion"] >= 39
    (variable,) = found["templating"]["list"]
    assert (variable["name"], variable["type"], variable["query"]) == ("datasource", "datasource", "prometheus")
    for panel in panels():
        assert panel["type"] in {"stat", "timeseries"}, panel["title"]
        for target in panel["targets"]:
            assert target["datasource"] == panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_the_dashboards_panels_stand_side_by_side_and_cover_nothing() -> None:
    everything = dashboard()["panels"]
    assert len({panel["id"] for panel in everything}) == len(everything)
    taken: set[tuple[int, int]] = set()
    for panel in everything:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells
    rows = [panel["title"] for panel in everything if panel["type"] == "row"]
    assert rows == ["Is it well?", "Queue", "Speed", "Failures", "Storage"]


# --- compose ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def composed() -> dict[str, Any]:
    code, shown, complaint = run((MAIN, MONITORING), VALUES)
    assert code == 0, complaint
    found: dict[str, Any] = json.loads(shown)
    return found


def test_prometheus_and_grafana_are_confined_like_the_rest_and_seen_on_loopback_only(composed: dict[str, Any]) -> None:
    for name in ("prometheus", "grafana"):
        service = composed["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["user"].split(":")[0] not in {"0", "root"}
        assert all(service[limit] for limit in ("cpus", "mem_limit", "pids_limit"))
        assert {"max-size", "max-file"} <= service["logging"]["options"].keys()
        assert re.fullmatch(r"[a-z/]+:v?\d+\.\d+\.\d+", service["image"])
        assert service["healthcheck"]["test"]
        for mount in service["volumes"]:
            assert mount.get("read_only") or mount["type"] == "volume", mount
            assert mount["type"] == "volume" or Path(mount["source"]).is_file(), mount
    assert not composed["services"]["prometheus"].get("ports")
    assert [port["host_ip"] for port in composed["services"]["grafana"]["ports"]] == ["127.0.0.1"]
    assert list(composed["services"]["prometheus"]["networks"]) == ["watch"]
    assert composed["networks"]["watch"]["internal"] is True
    with_watch = {name for name, each in composed["services"].items() if "watch" in each.get("networks", {})}
    assert with_watch == {"api", "prometheus", "grafana"}


def test_the_api_keeps_its_own_networks_and_lets_the_inside_read_its_numbers(composed: dict[str, Any]) -> None:
    api = composed["services"]["api"]
    assert {"edge", "inside", "watch"} <= api["networks"].keys()
    assert api["environment"]["SCRIBE_API__METRICS_OPEN"] == "true"
    routes = yaml.safe_load((REPOSITORY / "deploy/traefik/dynamic.yml").read_text())["http"]["routers"]
    for name, router in routes.items():
        assert "!PathPrefix(`/metrics`)" in router["rule"], f"{name} would show them to everybody"


def test_grafana_tells_nobody_that_it_is_there(composed: dict[str, Any]) -> None:
    environment = composed["services"]["grafana"]["environment"]
    for name in (
        "GF_ANALYTICS_REPORTING_ENABLED", "GF_ANALYTICS_CHECK_FOR_UPDATES", "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES",
        "GF_NEWS_NEWS_FEED_ENABLED", "GF_PLUGINS_PLUGIN_ADMIN_ENABLED", "GF_SNAPSHOTS_EXTERNAL_ENABLED",
        "GF_USERS_ALLOW_SIGN_UP",
    ):  # fmt: skip
        assert environment[name] == "false", name
    for name in (
        "GF_PLUGINS_PREINSTALL_DISABLED",
        "GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED",
        "GF_SECURITY_DISABLE_GRAVATAR",
    ):
        assert environment[name] == "true", name


def test_every_variable_of_the_monitoring_is_explained() -> None:
    used = set(re.findall(r"\$\{([A-Z_]+)", (REPOSITORY / MONITORING).read_text()))
    pages = DOCS.read_text() + (REPOSITORY / ".env.example").read_text()
    assert {name for name in used if name not in pages} == set()
