"""Manifests on disk."""

from pathlib import Path

from turnout.cli.manifestfiles import load_paths

NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n"


def test_objects_come_in_the_order_of_paths_and_names(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("b", "a"):
        (folder / f"{name}.yaml").write_text(NAMESPACE.format(name=name))
    first = tmp_path / "z.yaml"
    first.write_text(NAMESPACE.format(name="z"))
    loaded = load_paths([first, str(folder)])
    assert [one.document["metadata"]["name"] for one in loaded.documents] == ["z", "a", "b"]
    assert (loaded.faults, loaded.files) == ((), 3)


def test_what_can_be_read_is_read_beside_what_cannot(tmp_path: Path) -> None:
    file = tmp_path / "it.yaml"
    file.write_text(NAMESPACE.format(name="a") + "---\nbad: [\n")
    loaded = load_paths([tmp_path / "none", file])
    assert len(loaded.documents) == 1
    assert [one.file for one in loaded.faults] == [str(tmp_path / "none"), str(file)]


def test_folders_within_a_folder_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "in.yaml").mkdir()
    (tmp_path / "it.yaml").write_text(NAMESPACE.format(name="a"))
    assert len(load_paths([tmp_path]).documents) == 1


def test_a_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    file = tmp_path / "it.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + NAMESPACE.format(name="a").encode())
    assert load_paths([file]).documents[0].manifest.line == 1
