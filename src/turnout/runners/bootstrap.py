"""What `turnout up` creates where it is missing, so that the first manifest of a newcomer finds its place."""

BOOTSTRAP: tuple[dict[str, object], ...] = (
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}},
    {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GatewayClass",
        "metadata": {"name": "turnout"},
        "spec": {"controllerName": "turnout.dev/gateway"},
    },
)
