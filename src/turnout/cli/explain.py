"""`turnout explain`: which route, pool and endpoint a request would get, and every score behind it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from turnout.cli.outputs import form_of
from turnout.cli.target import Asked, talk, target_options

if TYPE_CHECKING:
    from turnout.cli.explanation import Explanation
    from turnout.cli.requestfile import WrittenRequest
    from turnout.kube.client import Client

GATEWAY_PORT = 8080


@click.command("explain")
@click.argument("file", metavar="REQUEST.json")
@click.option("--pool", default="", metavar="POOL", help="Only what this pool would do, whatever the routes say.")
@click.option("--host", default="", help="The Host that the request names.")
@click.option("--path", default="", help="The path that it is sent to; else by the body's fields.")
@click.option("-H", "--header", "headers", multiple=True, metavar="NAME:VALUE", help="A header. May be repeated.")
@click.option("--port", type=int, default=GATEWAY_PORT, help="The listener's port.  [default: the first HTTP listener]")
@click.option("-o", "--output", default="", metavar="FORMAT", help="json, yaml or jsonpath=TEMPLATE.")
@target_options
def command(  # noqa: PLR0913 - one parameter per option
    file: str,
    pool: str,
    host: str,
    path: str,
    headers: tuple[str, ...],
    port: int,
    output: str,
    api: str,
    kubeconfig: str,
    namespace: str,
) -> None:
    """Explain where a request would go. REQUEST.json is an OpenAI body, or an object with host, path, headers and body.

    Endpoints are asked for their load. What is in flight is known to the running gateway alone and counts as equal.
    """
    form = form_of(output)
    request = _request(file, headers, host, path)

    async def work(client: "Client") -> int:
        explanation = await _explained(client, request, pool, namespace or client.target.namespace, port)
        if form.table:
            from turnout.cli.explanation import lines

            click.echo("\n".join(lines(explanation)).strip("\n"))
        else:
            from turnout.cli.explanation import as_document
            from turnout.picker.profile import DEFAULT

            click.echo(form.text(as_document(explanation, DEFAULT)), nl=False)
        return 0

    sys.exit(talk(api, kubeconfig, work))


def _request(file: str, headers: tuple[str, ...], host: str, path: str) -> "WrittenRequest":
    from turnout.cli.requestfile import RequestFileError, read_request_file

    given: dict[str, str] = {}
    for header in headers:
        name, colon, value = header.partition(":")
        if not colon or not name.strip():
            raise click.UsageError(f"{header!r} is not NAME:VALUE")
        given[name.strip()] = value.strip()
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        return read_request_file(text, given, host=host, path=path)
    except OSError as error:
        raise Asked(f"error: {file}: {error.strerror}") from error
    except (RequestFileError, UnicodeDecodeError) as error:
        raise Asked(f"error: {file}: {error}") from error


async def _explained(
    client: "Client", request: "WrittenRequest", pool: str, namespace: str, port: int
) -> "Explanation":
    from turnout.cli.explanation import of_pool, of_target
    from turnout.cli.sighted import endpoints_of, read_resources
    from turnout.routing import Index
    from turnout.translate import Facts, translate

    resources = await read_resources(client)
    if pool:
        key = pool if "/" in pool else f"{namespace}/{pool}"
        if key not in resources.inference_pools:
            raise Asked(f'error: no InferencePool "{key}"')
        return of_pool(key, (await endpoints_of(resources, [key]))[key])
    facts = Facts(gateway_port=GATEWAY_PORT, now="1970-01-01T00:00:00Z")
    table = translate(resources, facts).table
    target = Index.build(table).lookup(port, request.host, request.path.partition("?")[0], request)
    if target is None:
        asked = f"{request.method_name} {request.host or '*'}{request.path}"
        raise Asked(f"no rule serves {asked} at port {port}: the answer is 404 no-route")
    pools = [each.ref.key for each in target.splitter.split.backends if not each.invalid]
    return of_target(target, request, await endpoints_of(resources, pools))
