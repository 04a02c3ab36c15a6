"""A pack may come from anywhere: what is not exactly what was packed is refused with a sentence, and leaves nothing."""

import gzip
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from scribe.adapters.bundle import archive
from scribe.adapters.bundle.archive import Content
from scribe.domain.errors import BundleError

MANIFEST = {
    "format": 1,
    "product": "smart-meeting-scribe",
    "version": "1.2.3",
    "platform": "linux-x86_64",
    "glibc": "2.28",
    "python": ["3.11"],
    "models": ["whisper-base"],
    "wheels": 1,
    "files": 4,
    "installed_bytes": 1000,
}
LONG = "wheels/" + "a" * 140 + ".whl"


def contents(**more: Content) -> dict[str, Content]:
    manifest = json.dumps(MANIFEST).encode()
    return {"manifest.json": manifest, LONG: b"wheel" * 300, "models/whisper-base/model.bin": b"\1" * 2000, **more}


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    path = tmp_path / "pack.tar"
    archive.write(path, "root-1", contents(), 1_700_000_000)
    return path


def test_what_was_written_is_read_back(pack: Path, tmp_path: Path) -> None:
    found = archive.verify(pack)
    assert (found.root, found.manifest["version"]) == ("root-1", "1.2.3")
    folder = archive.unpack(pack, tmp_path / "out")
    assert (folder / LONG).read_bytes() == b"wheel" * 300
    with tarfile.open(pack) as tar:  # anybody's tar can read it, and its sums stand first
        assert tar.getnames()[:2] == ["root-1/SHA256SUMS", "root-1/manifest.json"]


def test_the_same_contents_make_the_same_file(pack: Path, tmp_path: Path) -> None:
    again = dict(reversed(contents().items()))
    archive.write(tmp_path / "again.tar", "root-1", again, 1_700_000_000)
    assert (tmp_path / "again.tar").read_bytes() == pack.read_bytes()


def test_a_failed_write_leaves_what_was_there(pack: Path, tmp_path: Path) -> None:
    before = pack.read_bytes()
    with pytest.raises(FileNotFoundError):
        archive.write(pack, "root-1", contents(gone=tmp_path / "nowhere"), 1)
    assert pack.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["pack.tar"]


@pytest.mark.parametrize("share", [0.0, 0.001, 0.2, 0.5])
def test_a_pack_that_is_cut_off_is_refused(pack: Path, tmp_path: Path, share: float) -> None:
    whole = pack.read_bytes()
    pack.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(BundleError, match=r"cut off|missing"):
        archive.unpack(pack, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_changed_byte_is_refused_or_changes_no_file(pack: Path, tmp_path: Path) -> None:
    """Headers also say whose the files were and when: that is not read."""
    whole, packed = pack.read_bytes(), contents()
    num_refused = 0
    for at in range(0, len(whole), 61):
        changed = bytearray(whole)
        changed[at] ^= 0x41
        pack.write_bytes(changed)
        try:
            folder = archive.unpack(pack, tmp_path / "out")
        except BundleError:
            num_refused += 1
            continue
        assert {name: (folder / name).read_bytes() for name in packed} == packed
        shutil.rmtree(tmp_path / "out")
    assert num_refused > len(whole) / 61 * 0.3


def test_a_compressed_pack_is_named_as_such(pack: Path) -> None:
    pack.write_bytes(gzip.compress(pack.read_bytes()))
    with pytest.raises(BundleError, match="compressed"):
        archive.verify(pack)


@pytest.mark.parametrize("content", [b"", b"PK\3\4" + b"x" * 2000, b"x" * 5000])
def test_something_else_is_no_pack(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other").write_bytes(content)
    with pytest.raises(BundleError):
        archive.verify(tmp_path / "other")


def member(name: str, content: bytes = b"evil", **facts: object) -> Callable[[tarfile.TarFile], None]:
    def add(tar: tarfile.TarFile) -> None:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        for fact, value in facts.items():
            setattr(info, fact, value)
        tar.addfile(info, io.BytesIO(content))

    return add


HOSTILE = {
    "traversal": member("root-1/../../evil"),
    "absolute": member("/evil"),
    "another folder": member("root-2/evil"),
    "extra": member("root-1/evil"),
    "no folder": member("evil"),
    "backslash": member("root-1/..\\evil"),
    "control characters": member("root-1/wheels/a\nb"),
    "twice": member(f"root-1/{LONG}"),
    "below a file": member("root-1/manifest.json/evil"),
    "a file where a folder is": member("root-1/models/whisper-base"),
    "symbolic link": member("root-1/evil", b"", type=tarfile.SYMTYPE, linkname="/etc"),
    "hard link": member("root-1/evil", b"", type=tarfile.LNKTYPE, linkname="/etc/passwd"),
    "device": member("root-1/evil", b"", type=tarfile.CHRTYPE),
    "fifo": member("root-1/evil", b"", type=tarfile.FIFOTYPE),
    "folder": member("root-1/evil", b"", type=tarfile.DIRTYPE),
    "sparse": member("root-1/evil", b"", type=tarfile.GNUTYPE_SPARSE),
    "more than a name": member("root-1/evil", pax_headers={"GNU.sparse.size": "99999999999"}),
    "a name as long as a book": member("root-1/" + "n" * 5000),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_member_is_refused(tmp_path: Path, what: str) -> None:
    path = tmp_path / "pack.tar"
    archive.write(path, "root-1", contents(), 1)
    with tarfile.open(path, "a", format=tarfile.PAX_FORMAT) as tar:
        HOSTILE[what](tar)
    with pytest.raises(BundleError):
        archive.unpack(path, tmp_path / "out" / "deep")
    assert {found.name for found in tmp_path.iterdir()} <= {"pack.tar", "out"}
    assert not Path("/evil").exists()
    assert list((tmp_path / "out").iterdir()) == []


def test_a_member_that_claims_more_than_there_is_is_cut_off(pack: Path) -> None:
    whole = bytearray(pack.read_bytes())
    info = tarfile.TarInfo("root-1/SHA256SUMS")
    info.size = 0o77777777777  # 8 GiB
    whole[:512] = info.tobuf(tarfile.USTAR_FORMAT)
    pack.write_bytes(whole)
    with pytest.raises(BundleError, match="cut off"):
        archive.verify(pack)


def test_what_follows_after_the_end_is_refused(pack: Path) -> None:
    pack.write_bytes(pack.read_bytes() + b"second archive")
    with pytest.raises(BundleError, match="after the end"):
        archive.verify(pack)


def test_a_pack_of_a_newer_version_says_so(tmp_path: Path) -> None:
    newer = json.dumps(MANIFEST | {"format": 2}).encode()
    with pytest.raises(BundleError, match="newer"):
        archive.write(tmp_path / "pack.tar", "root-1", contents() | {"manifest.json": newer}, 1)


@pytest.mark.parametrize("name", ["../evil", "a/b", ".hidden", ""])
def test_a_manifest_whose_names_lead_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    for bad in ({"version": name}, {"models": [name]}):
        manifest = json.dumps(MANIFEST | bad).encode()
        with pytest.raises(BundleError):
            archive.write(tmp_path / "pack.tar", "root-1", contents() | {"manifest.json": manifest}, 1)
