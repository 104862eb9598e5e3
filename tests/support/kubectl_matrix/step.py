"""One call of kubectl in a script, and what must come of it."""

from dataclasses import dataclass

NAMESPACE = "@NS"
"""Stands for the scene's Namespace wherever a step writes it."""


@dataclass(frozen=True, kw_only=True)
class Fragments:
    """Texts that an output must hold, in this order."""

    texts: tuple[str, ...]


def holding(*texts: str) -> Fragments:
    """An expectation: the output holds these texts, one after the other."""
    return Fragments(texts=texts)


ANYTHING = holding()
WHOLE = "Warning: deleting cluster-scoped resources, not scoped to the provided namespace\n"
"""What kubectl says of a Namespace beside the name of an object that is in none."""


@dataclass(frozen=True)
class Step:
    """`command` is what follows `kubectl`, as a shell would split it.

    `out` and `err` are the whole of stdout and stderr, as `masked` leaves them, or `holding` what they must hold;
    stdout has none of `lacks`. `edit` is a sed script: the editor that kubectl starts. `once` is asked, after the step
    has begun, until it prints something; then `meanwhile` runs; then the step must end by itself, or have printed
    `lines` lines. What it prints stands for the word `keep` in the steps that follow. `differs` says why the answer of
    a kube-apiserver is another one; without it they are equal.
    """

    command: str
    out: str | Fragments = ANYTHING
    err: str | Fragments = ""
    code: int = 0
    stdin: str = ""
    edit: str = ""
    once: str = ""
    meanwhile: tuple[str, ...] = ()
    lines: int = 0
    lacks: tuple[str, ...] = ()
    keep: str = ""
    differs: str = ""


@dataclass(frozen=True)
class Scene:
    """The steps of one verb, in order, in the Namespace `kx-NAME`, with `files` in the working folder.

    The answers of a kube-apiserver are `kept` unless they are made of the kinds' own descriptions.
    """

    name: str
    steps: tuple[Step, ...]
    files: tuple[tuple[str, str], ...] = ()
    kept: bool = True

    @property
    def namespace(self) -> str:
        return f"kx-{self.name}"

    def numbered(self) -> "tuple[tuple[str, Step], ...]":
        """Every step with its name: `SCENE-NN`."""
        return tuple((f"{self.name}-{number:02}", step) for number, step in enumerate(self.steps, 1))


@dataclass(frozen=True)
class Outcome:
    """What one step came to, masked."""

    code: int
    out: str
    err: str


def faults(step: Step, outcome: Outcome) -> list[str]:
    """What does not hold of the outcome, in words; nothing when all does."""
    found = [] if outcome.code == step.code else [f"the exit code is {outcome.code}, not {step.code}"]
    found += _missing("stdout", step.out, outcome.out) + _missing("stderr", step.err, outcome.err)
    found += [f"stdout holds {text!r}" for text in step.lacks if text in outcome.out]
    return [*found, f"stdout:\n{outcome.out}", f"stderr:\n{outcome.err}"] if found else []


def _missing(where: str, expected: str | Fragments, text: str) -> list[str]:
    if isinstance(expected, str):
        return [] if text == expected else [f"{where} is not {expected!r}"]
    place = 0
    for fragment in expected.texts:
        found = text.find(fragment, place)
        if found < 0:
            return [f"{where} does not hold {fragment!r}"]
        place = found + len(fragment)
    return []
