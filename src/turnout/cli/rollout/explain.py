"""`turnout rollout explain`: the numbers behind the verdict."""

import sys
from typing import TYPE_CHECKING

import click

from turnout.cli.target import Asked, talk, target_options

if TYPE_CHECKING:
    from turnout.kube.client import Client


@click.command("explain")
@click.argument("name")
@click.argument("metric", required=False)
@target_options
def command(name: str, metric: str | None, api: str, kubeconfig: str, namespace: str) -> None:
    """Show why a rollout goes on or does not: counts, ratios, intervals and e-values of all metrics, or of METRIC.

    STABLE and CANDIDATE are misses of requests; COUNTED those that count as evidence, stable's + the candidate's: one
    for each session. EVIDENCE that the candidate is worse aborts when it reaches its limit; SAFE is evidence that it
    is not.
    """

    async def work(client: "Client") -> int:
        from turnout.cli.rollout.evidence import UnknownMetricError, explained
        from turnout.cli.rollout.objects import ROLLOUTS
        from turnout.cli.rollout.standing import standing

        rollout = await client.get(ROLLOUTS, namespace or client.target.namespace, name)
        try:
            lines = list(explained(rollout, metric or ""))
        except UnknownMetricError as error:
            raise Asked(f"error: {error}") from error
        click.echo(f"{name}: {standing(rollout).sentence}\n")
        for line in lines:
            click.echo(line)
        return 0

    sys.exit(talk(api, kubeconfig, work))
