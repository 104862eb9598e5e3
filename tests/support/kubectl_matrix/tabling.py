"""The table of docs/kubectl.md: what is asked of each verb, and where a kube-apiserver answers otherwise."""

from tests.support.kubectl_matrix.step import Scene


def table(scenes: tuple[Scene, ...]) -> str:
    """Markdown: a row for each scene."""
    rows = ["| scene | steps | equal | where a kube-apiserver answers otherwise |", "|---|---|---|---|"]
    return "\n".join([*rows, *map(_row, scenes)]) + "\n"


def _row(scene: Scene) -> str:
    equal = sum(not step.differs for step in scene.steps)
    others: dict[str, list[str]] = {}
    for step in scene.steps:
        if step.differs:
            others.setdefault(step.differs, []).append(_short(step.command))
    reasons = "; ".join(f"{', '.join(dict.fromkeys(commands))}: {why}" for why, commands in others.items())
    return f"| {scene.name} | {len(scene.steps)} | {equal} | {reasons} |"


def _short(command: str, longest: int = 44) -> str:
    text = command.replace("|", "\\|")
    return f"`{text if len(text) <= longest else text[: longest - 3] + '...'}`"
