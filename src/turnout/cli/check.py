"""`turnout check`: what is wrong with manifests, by file and line, without any server."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from msgspec import Struct

from turnout.resources.admit import admit
from turnout.resources.document import JSON
from turnout.resources.kinds import KINDS, Kind, api_version, find_kind, split_api_version
from turnout.resources.manifests import Flaw, Manifest, read

SUFFIXES = (".yaml", ".yml", ".json")
# Groups that end in k8s.io and are not Kubernetes' own but Turnout's to know.
OURS = ("gateway.networking.k8s.io", "inference.networking.k8s.io", "inference.networking.x-k8s.io")


class Finding(Struct, frozen=True):
    """Something to say of a line of a file. Faults make the check fail, warnings do not."""

    file: str
    line: int
    text: str
    fault: bool = True

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {'' if self.fault else 'warning: '}{self.text}"


@click.command("check")
@click.option(
    "-f",
    "--filename",
    "paths",
    multiple=True,
    required=True,
    type=click.Path(exists=True, allow_dash=True, path_type=Path),
    help="A file, a folder of .yaml, .yml and .json files, or - for stdin. May be repeated.",
)
def command(paths: tuple[Path, ...]) -> None:
    """Validate manifests offline. Exits 1 if there is a fault; prints FILE:LINE for each."""
    files = objects = faults = warnings = 0
    seen: dict[tuple[str, str], str] = {}
    for file, text in sources(paths):
        files += 1
        for one in read(text) if text is not None else [Flaw(1, "not UTF-8 text")]:
            objects += isinstance(one, Manifest)
            for finding in examine(file, one, seen):
                faults += finding.fault
                warnings += not finding.fault
                click.echo(str(finding), err=not finding.fault)
    click.echo(
        f"{count(objects, 'object')} in {count(files, 'file')}: {count(faults, 'fault')}, {count(warnings, 'warning')}"
    )
    sys.exit(1 if faults else 0)


def sources(paths: tuple[Path, ...]) -> Iterator[tuple[str, str | None]]:
    """(name, text) of every file; None for one that holds no text. Folders are read one level deep, as kubectl does."""
    for path in paths:
        if str(path) == "-":
            yield "-", decoded(sys.stdin.buffer.read())
            continue
        inside = sorted(one for one in path.iterdir() if one.suffix in SUFFIXES) if path.is_dir() else [path]
        if not inside:
            raise click.ClickException(f"{path}: no {', '.join(SUFFIXES)} file in it")
        for file in inside:
            yield str(file), decoded(file.read_bytes())


def decoded(raw: bytes) -> str | None:
    """The text of `raw`, UTF-8 with or without a byte order mark; None for anything else."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def examine(file: str, one: Manifest | Flaw, seen: dict[tuple[str, str], str]) -> Iterator[Finding]:
    """What there is to say of one object. `seen` holds where each object was met, and is added to."""
    if isinstance(one, Flaw):
        yield Finding(file, one.line, one.text)
        return
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
    identity = (kind.kind, f"{namespace(one.document)}/{name}")
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
