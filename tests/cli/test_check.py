"""`turnout check`: faults by file and line, and the exit code."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from turnout.cli.check import command

EXAMPLES = Path(__file__).parents[2] / "examples"
POOL = """\
apiVersion: inference.networking.k8s.io/v1
kind: InferencePool
metadata:
  name: llm
spec:
  selector: {matchLabels: {app: llm}}
  targetPorts:
  - number: 8000
"""


def check(*paths: str | Path, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(command, [part for path in paths for part in ("-f", str(path))], input=stdin)


def write(folder: Path, text: str, name: str = "it.yaml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_right_manifests_exit_0(tmp_path: Path) -> None:
    result = check(write(tmp_path, POOL))
    assert (result.exit_code, result.stdout) == (0, "1 object in 1 file: 0 faults, 0 warnings\n")


def test_every_example_is_right() -> None:
    folders = [folder for folder in sorted(EXAMPLES.iterdir()) if folder.is_dir()]
    assert folders
    result = check(*folders)
    assert result.exit_code == 0, result.output


def test_the_seed_is_right_with_warnings_on_stderr() -> None:
    file = EXAMPLES / "seed" / "routes-to-llm-node-update.yaml"
    result = check(file)
    assert result.exit_code == 0
    assert result.stdout == "1 object in 1 file: 0 faults, 2 warnings\n"
    assert f"{file}:10: warning: HTTPRoute/routes-to-llm: spec.rules: a mapping is read as" in result.stderr
    assert f"{file}:7: warning: HTTPRoute/routes-to-llm: spec.parentRefs[0]: kind InferenceGateway" in result.stderr


def test_a_fault_is_told_by_file_line_and_field_and_exits_1(tmp_path: Path) -> None:
    file = write(tmp_path, POOL.replace("8000", "0"))
    result = check(file)
    assert result.exit_code == 1
    assert result.stdout == (
        f"{file}:8: InferencePool/llm: spec.targetPorts[0].number: Invalid value: 0: "
        "spec.targetPorts[0].number in body should be greater than or equal to 1\n"
        "1 object in 1 file: 1 fault, 0 warnings\n"
    )


def test_an_unknown_field_is_a_fault(tmp_path: Path) -> None:
    file = write(tmp_path, POOL + "  picker: x\n")
    assert f'{file}:9: InferencePool/llm: unknown field "spec.picker"\n' in check(file).stdout


def test_an_unknown_kind_is_a_fault(tmp_path: Path) -> None:
    file = write(tmp_path, "apiVersion: example.dev/v1\nkind: Thing\nmetadata: {name: a}\n")
    result = check(file)
    assert result.exit_code == 1
    assert f'{file}:2: Thing/a: kind: no kind "Thing" in version "example.dev/v1"\n' in result.stdout


def test_a_known_kind_in_another_version_is_told_the_right_one(tmp_path: Path) -> None:
    file = write(tmp_path, POOL.replace("networking.k8s.io/v1", "networking.x-k8s.io/v1alpha2"))
    assert "; InferencePool is read as inference.networking.k8s.io/v1\n" in check(file).stdout


@pytest.mark.parametrize(
    ("version", "kind"),
    [("apps/v1", "Deployment"), ("v1", "Service"), ("rbac.authorization.k8s.io/v1", "Role"), ("batch/v1", "Job")],
)
def test_kubernetes_own_kinds_are_only_warned_of(tmp_path: Path, version: str, kind: str) -> None:
    file = write(tmp_path, f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a}}\n")
    result = check(file)
    assert result.exit_code == 0
    assert result.stderr == f"{file}:2: warning: {kind}/a: {version} {kind} is not read by Turnout\n"


@pytest.mark.parametrize(("text", "field"), [("kind: A\n", "apiVersion"), ("apiVersion: v1\n", "kind")])
def test_an_object_without_a_kind_is_a_fault(tmp_path: Path, text: str, field: str) -> None:
    result = check(write(tmp_path, text))
    assert result.exit_code == 1
    assert f": {field}: Required value" in result.stdout


def test_bad_yaml_is_a_fault_with_its_line(tmp_path: Path) -> None:
    file = write(tmp_path, POOL + "---\na: 1\na: 2\n")
    result = check(file)
    assert result.exit_code == 1
    assert f'{file}:11: key "a" is already set on line 10\n' in result.stdout


def test_a_folder_is_its_manifests(tmp_path: Path) -> None:
    write(tmp_path, POOL, "a.yaml")
    write(tmp_path, POOL.replace("name: llm", "name: b"), "b.yml")
    write(tmp_path, '{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "c"}}', "c.json")
    write(tmp_path, "no manifest", "README.md")
    assert check(tmp_path).stdout == "3 objects in 3 files: 0 faults, 0 warnings\n"


def test_a_folder_without_manifests_is_a_fault(tmp_path: Path) -> None:
    result = check(tmp_path)
    assert result.exit_code == 1
    assert f"{tmp_path}:1: no .yaml, .yml, .json file in this folder\n" in result.stdout


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    result = check(tmp_path / "none.yaml")
    assert result.exit_code == 1
    assert f"{tmp_path / 'none.yaml'}:1: No such file or directory\n" in result.stdout


def test_stdin_is_a_file() -> None:
    result = check("-", stdin=POOL.replace("8000", "0"))
    assert result.exit_code == 1
    assert result.stdout.startswith("-:8: InferencePool/llm: ")


def test_bytes_that_are_no_text_are_a_fault() -> None:
    result = check("-", stdin=b"a: 1\nb: \xff\n")
    assert result.exit_code == 1
    assert "-:2: not UTF-8 text\n" in result.stdout


def test_the_same_object_twice_is_warned_of(tmp_path: Path) -> None:
    first, second = write(tmp_path, POOL, "a.yaml"), write(tmp_path, POOL, "b.yaml")
    result = check(first, second)
    assert result.exit_code == 0
    assert f"{second}:1: warning: InferencePool/llm: the same object as at {first}:1" in result.stderr


def test_no_path_is_a_wrong_call() -> None:
    assert check().exit_code == 2


def test_a_key_that_is_there_twice_is_a_fault_on_its_line(tmp_path: Path) -> None:
    file = tmp_path / "twice.yaml"
    file.write_text("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n  name: b\n")
    found = check(file)
    assert found.exit_code == 1
    assert f'{file}:5: key "name" is already set on line 4\n' in found.stdout


def test_a_bomb_of_aliases_is_a_fault_and_no_end_of_memory(tmp_path: Path) -> None:
    file = tmp_path / "bomb.yaml"
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    file.write_text("\n".join(levels))
    found = check(file)
    assert found.exit_code == 1
    assert "aliases stand for more than" in found.stdout


def test_objects_of_equal_names_and_different_groups_are_two(tmp_path: Path) -> None:
    file = tmp_path / "two.yaml"
    written = "kind: InferenceObjective\nmetadata: {name: a}\nspec: {poolRef: {name: llm}}\n"
    groups = ("inference.networking.x-k8s.io", "llm-d.ai")
    file.write_text("---\n".join(f"apiVersion: {group}/v1alpha2\n{written}" for group in groups))
    found = check(file)
    assert (found.exit_code, found.stdout) == (0, "2 objects in 1 file: 0 faults, 0 warnings\n")


def test_a_pool_of_a_version_of_old_is_told_the_one_that_is_served(tmp_path: Path) -> None:
    file = tmp_path / "old.yaml"
    file.write_text("apiVersion: inference.networking.x-k8s.io/v1alpha2\nkind: InferencePool\nmetadata: {name: a}\n")
    assert "InferencePool is read as inference.networking.k8s.io/v1\n" in check(file).stdout
