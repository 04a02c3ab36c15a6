"""``scribe bundle``: an installation in one file, for machines without a network.

Owns the options and the words, and where models come from; ``services/bundling.py`` makes a pack, ``adapters/bundle``
verifies and installs it.

Usage::

    scribe bundle create scribe.tar            # with a network, in a checkout
    scribe bundle verify scribe.tar            # anywhere
    scribe bundle install scribe.tar           # without a network
"""

import json
import platform
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from platformdirs import user_cache_path
from rich.console import Console

from scribe.adapters.bundle import archive, bootstrap
from scribe.adapters.bundle.archive import Pack
from scribe.adapters.bundle.packed_models import ModelBytes, PackedModel
from scribe.core.disk import disk_errors
from scribe.domain.errors import BundleError, BundleMakingError, OptionError, ResourceError
from scribe.engines.catalog import CATALOG
from scribe.engines.model_sources import PullOptions, pull
from scribe.engines.model_store import ModelStore, default_models_dir

CHECKOUT = Path(bootstrap.__file__).resolve().parents[4]

app = typer.Typer(help="An installation in one file, for machines without a network.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE", help="The pack.", show_default=False)]
Expected = Annotated[
    str | None, typer.Option("--sha256", help="What its SHA-256 must be, as you were told it another way.")
]
Prefix = Annotated[
    Path | None,
    typer.Option(
        "--prefix",
        help="Where versions and models lie. Left out: where this one is installed, for root "
        "/opt/smart-meeting-scribe, for others ~/.local/share/smart-meeting-scribe.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def create(
    target: Annotated[Path, typer.Argument(metavar="OUT.tar", help="The pack; it appears when it is whole.")],
    models: Annotated[
        list[str] | None, typer.Option("--models", help="More models than the default ones; may be repeated.")
    ] = None,
    pythons: Annotated[
        list[str] | None, typer.Option("--python", help="Python of the machine it is for; may be repeated. 3.11 ...")
    ] = None,
    machine: Annotated[
        str | None,
        typer.Option("--platform", help="linux-x86_64, linux-aarch64 or macos-arm64; left out: like this one."),
    ] = None,
    has_gpu: Annotated[bool, typer.Option("--gpu", help="With CUDA 12 and cuDNN 9, for workers with a card.")] = False,
    models_dir: Annotated[
        Path | None, typer.Option("--models-dir", envvar="SCRIBE_MODELS_DIR", help="Where models are, or are put.")
    ] = None,
    source: Annotated[Path, typer.Option("--source", help="The checkout of the project.")] = CHECKOUT,
    wheel: Annotated[
        Path | None, typer.Option("--wheel", help="The product's wheel, built before, with the web interface inside.")
    ] = None,
    cache: Annotated[
        Path | None, typer.Option("--cache", help="Where what was fetched is kept for the next time.")
    ] = None,
) -> None:
    """Gather everything that an installation needs. This needs a network and a checkout with `make web` done."""
    try:
        from scribe.services.bundling import Order, make_pack
    except ModuleNotFoundError as error:
        raise BundleMakingError(f"{error.name} is not installed: making a pack takes the extra [bundle].") from error
    notes = Console(stderr=True, soft_wrap=True)
    if target.is_dir() or not target.absolute().parent.is_dir():
        raise OptionError(f"{target} cannot be written: name a file in a folder that is there.")
    store = ModelStore(models_dir or default_models_dir())
    wanted = [name for given in models or [] for name in given.split(",") if name]
    names = dict.fromkeys([*(model.name for model in CATALOG.defaults), *wanted])
    for name in names:
        CATALOG.find(name)
    order = Order(
        source=source.absolute(),
        cache=cache or user_cache_path(bootstrap.PRODUCT) / "bundle",
        platform=machine or bootstrap.this_platform(),
        pythons=list(dict.fromkeys(pythons or [".".join(platform.python_version_tuple()[:2])])),
        models=tuple(names),
        has_gpu=has_gpu,
        wheel=wheel,
    )
    with disk_errors():
        pack = make_pack(
            target.absolute(), order, lambda name: packed(store, name), lambda what: notes.print(f"· {what}")
        )
    listing = f"{pack.sha256}  {target.name}\n"
    target.with_name(target.name + ".sha256").write_text(listing, encoding="ascii")
    _show(target, pack)


@app.command()
def verify(file: File, expected: Expected = None, as_json: AsJson = False) -> None:
    """Read every byte of a pack: nothing damaged, missing, added, or meant to do harm."""
    pack = archive.verify(file)
    _require(pack, expected)
    if as_json:
        facts = {"sha256": pack.sha256, "size_bytes": pack.size_bytes, "root": pack.root, **pack.manifest}
        Console().print_json(json.dumps(facts))
        return
    _show(file, pack)


@app.command()
def install(
    file: File,
    prefix: Prefix = None,
    python: Annotated[str, typer.Option("--python", help="The Python to install for.", show_default=False)] = "",
    expected: Expected = None,
    is_compiling: Annotated[
        bool, typer.Option("--compile/--no-compile", help="Bytecode now, or at the first starts.")
    ] = True,
) -> None:
    """Install a pack, beside older versions of it; no network is used. What runs goes on until it is restarted."""
    place = (prefix or _own_prefix()).expanduser().absolute()
    base = python or str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}")
    with _sentences(), _unpacked(file, place, expected) as folder:
        name = bootstrap.install(folder, place, python=base, is_compiling=is_compiling)
    typer.echo(bootstrap.what_next(place, name))


@app.command()
def versions(prefix: Prefix = None, as_json: AsJson = False) -> None:
    """Show what is installed side by side, oldest first."""
    place = (prefix or _own_prefix()).expanduser().absolute()
    names, now = bootstrap.versions(place), bootstrap.current(place)
    if as_json:
        Console().print_json(json.dumps({"prefix": str(place), "current": now, "versions": names}))
        return
    for name in names:
        typer.echo(f"{'*' if name == now else ' '} {name}")
    if not names:
        typer.echo(f"Nothing is installed in {place}.")


@app.command()
def activate(
    name: Annotated[str, typer.Argument(metavar="VERSION", help="One of `scribe bundle versions`.")],
    prefix: Prefix = None,
) -> None:
    """Make another installed version current: the way back after an upgrade. Then restart the service."""
    place = (prefix or _own_prefix()).expanduser().absolute()
    with _sentences():
        bootstrap.activate(place, name)
    typer.echo(f"{place}: {name} is current. Restart the service.")


def packed(store: ModelStore, name: str) -> PackedModel:
    """The model, fetched if it is not here, with every byte compared. Raises: ModelPullError and its like."""
    record = pull(store, name, PullOptions(), lambda *_: None)
    model = store.catalog.find(name)
    files = tuple(ModelBytes(file.path, file.size_bytes, file.sha256) for file in record.files)
    return PackedModel(
        name=name,
        version=record.revision or store.digest(name)[:12],
        licence=model.licence,
        origin=model.origin,
        summary=model.summary,
        folder=None if model.is_shipped else store.folder(model),
        files=files,
    )


def _own_prefix() -> Path:
    """Of the installation that this command belongs to, or where one would be put."""
    venv = Path(sys.prefix)
    if venv.name == "venv" and venv.parent.parent.name == "versions" and bootstrap.is_whole(venv.parent):
        return venv.parent.parent.parent
    return bootstrap.default_prefix()


@contextmanager
def _unpacked(file: Path, prefix: Path, expected: str | None) -> Iterator[Path]:
    """On the disk of the installation, and gone afterwards. What a killed run left is removed."""
    with bootstrap.locked(prefix, ".unpacking"), disk_errors():
        place = prefix / ".unpacked"
        shutil.rmtree(place, ignore_errors=True)
        free = shutil.disk_usage(prefix).free
        if file.is_file() and free < file.stat().st_size:
            raise ResourceError(
                f"{file.stat().st_size / 1e6:,.0f} MB are needed in {prefix}, {free / 1e6:,.0f} are free."
            )
        if expected is not None:
            _require(archive.verify(file), expected)
        folder = archive.unpack(file, place)
        try:
            yield folder
        finally:
            shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _sentences() -> Iterator[None]:
    try:
        yield
    except bootstrap.InstallError as error:
        raise BundleError(str(error)) from error


def _require(pack: Pack, expected: str | None) -> None:
    if expected is not None and expected.lower() != pack.sha256:
        raise BundleError(f"The pack's SHA-256 is {pack.sha256}, not what you were told: do not use it.")


def _show(file: Path, pack: Pack) -> None:
    facts = pack.manifest
    python = f"Python {', '.join(facts['python'])}{', CUDA' if facts.get('gpu') else ''}"
    models = ", ".join(facts["models"]) or "–"
    console = Console(soft_wrap=True, highlight=False)
    console.print(
        f"[green]✓[/green] {file}: {pack.size_bytes / 1e6:,.0f} MB, {facts['files']} files, all as they were packed"
    )
    console.print(
        f"  {bootstrap.PRODUCT} {facts['version']} for {facts['platform']}, {python}; models {models}; "
        f"made {facts.get('created')}"
    )
    console.print(f"  SHA-256 {pack.sha256}")
