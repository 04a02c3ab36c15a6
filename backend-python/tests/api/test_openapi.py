"""The description as a product: what clients are generated from, and what /docs shows without a network."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import httpx
import jsonschema
import pytest
from fastapi import FastAPI

from scribe.api.openapi import TAGS
from scribe.api.security import OPEN_ROUTES
from scribe.core.config import load_settings
from scribe.main import create_app
from tests.conftest import REPOSITORY

VERBS = frozenset({
    "cancel", "change", "check", "confirm", "continue", "create", "delete", "describe", "end", "enrol", "export",
    "follow", "forget", "get", "head", "list", "merge", "name", "read", "recognise", "redo", "requeue", "rerun",
    "reset", "retry", "revoke", "search", "sign", "split", "test", "undo", "update", "withdraw",
})  # fmt: skip


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    url = "postgresql://nobody@localhost/nothing"
    return create_app(load_settings(database_url=url, redis_url="redis://localhost")).openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_operation_ids_are_unique_and_say_verb_and_noun(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for *_, operation in operations(document)]
    assert len(ids) == len(set(ids))
    odd = [name for name in ids if not re.fullmatch(r"[a-z]+(_[a-z]+)+", name) or name.split("_")[0] not in VERBS]
    assert odd == []


def test_every_operation_has_a_summary_and_a_tag_that_is_explained(document: dict[str, Any]) -> None:
    explained = {tag["name"] for tag in document["tags"]}
    assert explained == {tag["name"] for tag in TAGS}
    for path, method, operation in operations(document):
        assert operation.get("summary"), f"{method} {path}"
        assert len(operation["tags"]) == 1, f"{method} {path}"
        assert operation["tags"][0] in explained


def test_every_error_is_described_as_a_problem(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        for status, response in operation["responses"].items():
            if status.isdecimal() and int(status) >= 400 and (path, status) != ("/health/ready", "503"):
                content = response["content"]
                assert list(content) == ["application/problem+json"], f"{method} {path} {status}"
                assert content["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}
                assert response["description"].endswith("."), f"{method} {path} {status}: a sentence"


def test_every_closed_operation_says_how_to_sign_in_and_what_comes_otherwise(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        if path in OPEN_ROUTES:
            assert "security" not in operation, f"{method} {path}"
        else:
            assert {"api_token", "session"} <= {name for way in operation["security"] for name in way}
            assert {"401", "403"} <= set(operation["responses"]), f"{method} {path}"


def test_what_has_parameters_or_a_body_says_what_comes_of_bad_ones(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        if operation.get("parameters") or operation.get("requestBody"):
            assert {"422", "400", "412"} & set(operation["responses"]), f"{method} {path}"
        if "{" in path:
            assert "404" in operation["responses"], f"{method} {path}"


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for name in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)):
        assert name in document["components"]["schemas"]


def test_names_of_schemas_are_fit_for_generated_code(document: dict[str, Any]) -> None:
    assert [name for name in document["components"]["schemas"] if not re.fullmatch(r"[A-Z][A-Za-z]+", name)] == []


def test_examples_are_what_their_schemas_say(document: dict[str, Any]) -> None:
    components = {"components": document["components"]}
    wrong, checked = [], 0
    for name, schema in document["components"]["schemas"].items():
        validator = jsonschema.Draft202012Validator(schema | components, format_checker=jsonschema.FormatChecker())
        for example in schema.get("examples", []) + ([schema["example"]] if "example" in schema else []):
            wrong += [f"{name} {list(error.path)}: {error.message}" for error in validator.iter_errors(example)]
            checked += 1
    assert wrong == []
    assert checked >= 5


def test_the_address_of_the_server_is_relative(document: dict[str, Any]) -> None:
    assert [server["url"] for server in document["servers"]] == ["/"]
    assert document["info"]["license"]["identifier"] == "Apache-2.0"


def test_the_published_file_is_current() -> None:
    made = subprocess.run(
        [sys.executable, "scripts/write_openapi.py", "--check"],
        cwd=REPOSITORY / "backend-python",
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr


# --- /docs ------------------------------------------------------------------------------------------------------------


class _References(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline_scripts = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        self.found += [value for name in ("src", "href") if (value := values.get(name))]
        self.inline_scripts += tag == "script" and not values.get("src")
        assert not [name for name in values if name.startswith("on")], "no inline handlers"


async def test_swagger_loads_from_this_server_alone(anonymous: httpx.AsyncClient) -> None:
    page = await anonymous.get("/docs")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    references = _References()
    references.feed(page.text)
    assert references.inline_scripts == 0
    assert not re.search(r"(https?:)?//[a-z]", page.text), "a foreign host"
    assert len(references.found) >= 4
    for reference in references.found:
        answer = await anonymous.get(f"/{reference}")
        assert answer.status_code == 200, reference
        assert answer.content


async def test_the_page_may_run_no_script_but_its_own_files(anonymous: httpx.AsyncClient) -> None:
    policy = (await anonymous.get("/docs")).headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'self'"
    assert rules["connect-src"] == "'self'"


@pytest.mark.parametrize("path", ["main.py", "../__init__.py", "..%2f__init__.py", "__init__.py", "", "start.js/x"])
async def test_no_other_file_is_served(path: str, anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get(f"/docs/{path}")
    assert answer.status_code == 404


async def test_the_description_is_served_as_published(anonymous: httpx.AsyncClient, app: FastAPI) -> None:
    answer = await anonymous.get("/openapi.json")
    assert answer.json() == json.loads((REPOSITORY / "docs" / "openapi.json").read_text())
