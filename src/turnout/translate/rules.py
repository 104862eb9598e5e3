"""What a rule asks for that Turnout does not do. It is refused by name, never ignored."""

from turnout.resources.httproute import HTTPRouteMatch, HTTPRouteRule


def unsupported(rule: HTTPRouteRule, field: str) -> tuple[str, ...]:
    """The fields of the rule at `field` that cannot be served; none when all of it can."""
    asked = {
        "filters": bool(rule.filters),
        "timeouts": rule.timeouts is not None,
        "retry": rule.retry is not None,
        "sessionPersistence": rule.session_persistence is not None,
    }
    asked |= {f"backendRefs[{index}].filters": bool(ref.filters) for index, ref in enumerate(rule.backend_refs)}
    for index, match in enumerate(rule.matches):
        asked |= {f"matches[{index}].{name}": is_asked for name, is_asked in _of_match(match).items()}
    return tuple(f"{field}.{name}" for name, is_asked in asked.items() if is_asked)


def _of_match(match: HTTPRouteMatch) -> dict[str, bool]:
    return {
        "path.type RegularExpression": match.path.type == "RegularExpression",
        "headers": bool(match.headers),
        "queryParams": bool(match.query_params),
        "method": match.method is not None,
    }
