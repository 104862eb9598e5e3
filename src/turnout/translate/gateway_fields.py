"""Fields of a Gateway that are stored and have no effect: its status names them."""

from turnout.resources.gateway import GatewaySpec


def without_effect(spec: GatewaySpec) -> tuple[str, ...]:
    """The fields of `spec` that ask for something and get nothing."""
    allowed, tls, infrastructure = spec.allowed_listeners, spec.tls, spec.infrastructure
    asked = {
        "spec.allowedListeners": allowed is not None and allowed.namespaces.from_ != "None",
        "spec.tls.backend": tls is not None and tls.backend is not None,
        "spec.tls.frontend": tls is not None and tls.frontend is not None,
        "spec.listeners[].tls.options": any(each.tls is not None and each.tls.options for each in spec.listeners),
        "spec.defaultScope": spec.default_scope not in (None, "None"),
        "spec.infrastructure.labels": infrastructure is not None and bool(infrastructure.labels),
        "spec.infrastructure.annotations": infrastructure is not None and bool(infrastructure.annotations),
    }
    return tuple(field for field, is_asked in asked.items() if is_asked)
