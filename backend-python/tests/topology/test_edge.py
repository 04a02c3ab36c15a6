"""What is run is what is deployed: nothing but addresses and folders may differ. No process is started here."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from topology.edge import BACKEND, DEPLOYED, DYNAMIC, STATIC, TLS, Edge, dynamic_with, static_with, tls_with


def deployed(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOYED / name).read_text(encoding="utf-8"))
    return found


def differences(one: Any, two: Any, where: str = "") -> set[str]:
    """Places at which two documents differ; a list counts as one place."""
    if isinstance(one, dict) and isinstance(two, dict):
        return {
            place
            for key in one.keys() | two.keys()
            for place in differences(one.get(key), two.get(key), f"{where}/{key}")
        }
    return set() if one == two else {where}


def test_of_the_static_file_only_addresses_and_the_folder_are_replaced() -> None:
    before = deployed(STATIC)
    after = static_with(before, dict.fromkeys(before["entryPoints"], 18080), Path("/somewhere"))
    entries = {f"/entryPoints/{name}/address" for name in before["entryPoints"]}
    assert differences(before, after) == {*entries, "/providers/file/directory"}
    assert {entry["address"] for entry in after["entryPoints"].values()} == {"127.0.0.1:18080"}


def test_of_the_routing_only_the_backend_is_replaced() -> None:
    before = deployed(DYNAMIC)
    after = dynamic_with(before, [8001, 8002])
    assert differences(before, after) == {"/http/services/api/loadBalancer/servers"}
    servers = after["http"]["services"]["api"]["loadBalancer"]["servers"]
    assert servers == [{"url": "http://127.0.0.1:8001"}, {"url": "http://127.0.0.1:8002"}]


def test_of_the_certificates_only_the_folder_is_replaced(tmp_path: Path) -> None:
    before = deployed(TLS)
    after = tls_with(before, tmp_path)
    assert all("tls" in place for place in differences(before, after))
    written = yaml.safe_dump(after, width=1000)
    assert str(tmp_path) in written
    assert yaml.safe_load(written.replace(f"{tmp_path}/", "/certs/")) == before


def test_a_backend_that_is_not_the_api_is_a_mistake() -> None:
    other = {"http": {"services": {"spy": {"loadBalancer": {"servers": [{"url": "http://elsewhere:80"}]}}}}}
    with pytest.raises(ValueError, match=f"another backend than {BACKEND}"):
        dynamic_with(other, [8001])


def test_files_are_written_whole_and_only_when_they_change(tmp_path: Path) -> None:
    edge = Edge(tmp_path)
    edge.write([8001])
    written = {path.name: path.stat().st_ino for path in tmp_path.rglob("*.yml")}
    assert written.keys() == {STATIC, DYNAMIC}  # tls.yml with compose.tls.yml only
    edge.write([8001, 8002])
    again = {path.name: path.stat().st_ino for path in tmp_path.rglob("*.yml")}
    assert again[STATIC] == written[STATIC]
    assert again[DYNAMIC] != written[DYNAMIC]
