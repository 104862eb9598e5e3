"""How much each scorer counts."""

from msgspec import Struct


class Profile(Struct, frozen=True):
    """Weights of the scorers, each of which gives 0 to 1.

    Queue, KV cache usage and prefix cache weigh as GIE's default profile has them; requests in flight weigh as the
    queue does, because they are known at once while the scraped numbers are up to one scrape old.
    """

    queue: float = 2.0
    kv_cache: float = 2.0
    in_flight: float = 2.0
    prefix_cache: float = 3.0


DEFAULT = Profile()
