"""`turnout check`: what is wrong with manifests, by file and line, without any server."""

import sys
from collections.abc import Iterator

import click

from turnout.cli.manifestfiles import Finding, load_paths
from turnout.resources.admit import admit
from turnout.resources.document import JSON
from turnout.resources.kinds import KINDS, Kind, api_version, find_kind, split_api_version
from turnout.resources.manifests import Manifest

# Groups that end in k8s.io and are not Kubernetes' own but Turnout's to know.
OURS = ("gateway.networking.k8s.io", "inference.networking.k8s.io", "inference.networking.x-k8s.io")


@click.command("check")
@click.option(
    "-f",
    "--filename",
    "paths",
    multiple=True,
    required=True,
    metavar="PATH",
    help="A file, a folder of .yaml, .yml and .json files, or - for stdin. May be repeated.",
)
def command(paths: tuple[str, ...]) -> None:
    """Validate manifests offline. Exits 1 if there is a fault; prints FILE:LINE for each."""
    loaded = load_paths(paths)
    seen: dict[tuple[str, str], str] = {}
    findings = [
        finding
        for one in loaded.documents
        for finding in sorted(examine(one.file, one.manifest, seen), key=lambda finding: finding.line)
    ]
    faults = warnings = 0
    for finding in (*loaded.faults, *findings):
        faults += finding.fault
        warnings += not finding.fault
        click.echo(str(finding), err=not finding.fault)
    read = f"{count(len(loaded.documents), 'object')} in {count(loaded.files, 'file')}"
    click.echo(f"{read}: {count(faults, 'fault')}, {count(warnings, 'warning')}")
    sys.exit(1 if faults else 0)


def examine(file: str, one: Manifest, seen: dict[tuple[str, str], str]) -> Iterator[Finding]:
    """What there is to say of one object. `seen` holds where each object was met, and is added to."""
    name = title(one.document)
    kind = kind_of(one.document)
    if isinstance(kind, Finding):
        yield Finding(file, one.line_of("kind"), f"{name}: {kind.text}", kind.fault)
        return
    admission = admit(kind, one.document)
    for path in admission.unknown:
        yield Finding(file, one.line_of(path), f'{name}: unknown field "{path}"')
    for fault in admission.faults:
        yield Finding(file, one.line_of(fault.field), f"{name}: {fault}")
    for warning in admission.warnings:
        yield Finding(file, one.line_of(warning.partition(":")[0]), f"{name}: {warning}", fault=False)
    identity = (kind.group, f"{namespace(one.document)}/{name}")
    if identity in seen:
        yield Finding(
            file, one.line, f"{name}: the same object as at {seen[identity]}; the later one holds", fault=False
        )
    seen[identity] = f"{file}:{one.line}"


def kind_of(document: dict[str, JSON]) -> Kind | Finding:
    """The kind of a document, or what there is to say of one that Turnout does not read (file and line left empty)."""
    for field, example in EXAMPLES.items():
        if not isinstance(document.get(field), str) or not document[field]:
            return Finding("", 0, f"{field}: Required value: text such as {example}")
    version, kind = document["apiVersion"], document["kind"]
    group, bare = split_api_version(version)
    found = find_kind(group, bare, kind)
    if found is not None:
        return found
    if belongs_to_kubernetes(group):
        return Finding("", 0, f"{version} {kind} is not read by Turnout", fault=False)
    served = [api_version(one.group, v) for one in KINDS if one.kind == kind for v in one.versions]
    hint = f"; {kind} is read as {' and '.join(served)}" if served else ""
    return Finding("", 0, f'kind: no kind "{kind}" in version "{version}"{hint}')


EXAMPLES = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute"}


def belongs_to_kubernetes(group: str) -> bool:
    """True for Kubernetes' own groups: the core one, those without a dot (`apps`) and those of k8s.io."""
    return "." not in group or (group.endswith(".k8s.io") and group not in OURS)


def title(document: dict[str, JSON]) -> str:
    """`KIND/NAME`, as far as the document says them."""
    metadata = document.get("metadata")
    name = metadata.get("name") or metadata.get("generateName") if isinstance(metadata, dict) else None
    kind = document.get("kind")
    return f"{kind if isinstance(kind, str) and kind else '?'}/{name if isinstance(name, str) else '?'}"


def namespace(document: dict[str, JSON]) -> str:
    """The namespace that a document names; empty for none."""
    metadata = document.get("metadata")
    named = metadata.get("namespace") if isinstance(metadata, dict) else None
    return named if isinstance(named, str) else ""


def count(number: int, noun: str) -> str:
    """`1 fault`, `2 faults`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
