"""The guess at what prefix caches hold."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from turnout.inference import EDGES
from turnout.picker.prefix_index import CAPACITY, PrefixIndex

NAMES = ("a:1", "b:1", "c:1")
CHAINS = st.lists(st.integers(0, 3), min_size=1, max_size=5)


def chained(labels: Sequence[int]) -> list[int]:
    """Block hashes of a prompt: each stands for all that came before it too."""
    return [hash(tuple(labels[: end + 1])) for end in range(len(labels))]


def index() -> PrefixIndex:
    made = PrefixIndex()
    made.admit(NAMES)
    return made


def test_a_prompt_that_nobody_was_sent_has_no_match() -> None:
    assert index().match([1, 2]) is None


def test_no_blocks_have_no_match() -> None:
    made = index()
    made.add([1], "a:1")

    assert made.match([]) is None


@given(st.lists(st.tuples(CHAINS, st.sampled_from(NAMES)), max_size=12), CHAINS)
def test_who_looks_first_and_says_so_learns_the_same(sent: list[tuple[list[int], str]], asked: list[int]) -> None:
    plain, spared = index(), index()
    for labels, name in sent:
        blocks = chained(labels)
        plain.add(blocks, name)
        spared.add(blocks, name, known=spared.match(blocks) is not None)

    assert spared.shares(chained(asked)) == plain.shares(chained(asked))


def test_a_prompt_of_one_that_left_is_the_next_one_s() -> None:
    made = index()
    made.add([1, 2], "a:1", known=False)
    made.admit(NAMES[1:])
    assert made.match([1, 2, 3, 4]) is None

    made.add([1, 2, 3, 4], "b:1", known=False)

    assert made.shares([1, 2, 3, 4]) == {"b:1": 1.0}


def test_prompts_that_are_not_met_again_are_forgotten_like_the_others() -> None:
    made = PrefixIndex()
    made.admit(["a:1"])
    made.add([1, 2], "a:1", known=False)
    for start in range(3, CAPACITY // 2 + 3, 5):
        made.add(list(range(start, start + 5)), "a:1", known=False)
    assert made.match([1, 2]) is not None  # it is old by now
    for start in range(CAPACITY, CAPACITY + CAPACITY // 2, 5):
        made.add(list(range(start, start + 5)), "a:1", known=False)

    assert made.match([1, 2]) is None


@given(st.lists(st.tuples(CHAINS, st.sampled_from(NAMES)), max_size=12), CHAINS)
def test_an_endpoint_holds_the_longest_beginning_that_it_was_sent(
    sent: list[tuple[list[int], str]], asked: list[int]
) -> None:
    made = index()
    for labels, name in sent:
        made.add(chained(labels), name)

    def depth(name: str) -> int:
        mine = [labels for labels, to in sent if to == name]
        return max((n for n in range(len(asked) + 1) if any(labels[:n] == asked[:n] for labels in mine)), default=0)

    expected = {name: EDGES[depth(name)] / EDGES[len(asked)] for name in NAMES if depth(name)}
    assert made.shares(chained(asked)) == expected


def test_one_that_left_and_came_back_holds_nothing() -> None:
    made = index()
    made.add([1, 2], "a:1")
    made.admit(NAMES[1:])
    made.admit(NAMES)

    assert made.shares([1, 2]) == {}


def test_one_that_came_does_not_inherit_from_one_that_left() -> None:
    made = index()
    made.add([1, 2], "a:1")
    made.admit((*NAMES[1:], "d:1"))

    assert made.shares([1, 2]) == {}


def test_those_that_stay_keep_what_they_hold_when_another_leaves() -> None:
    made = index()
    made.add([1, 2], "b:1")
    made.admit(NAMES[1:])

    assert made.shares([1, 2, 3, 4]) == {"b:1": 0.5}


def test_what_was_sent_to_one_that_is_not_known_is_not_kept() -> None:
    made = index()
    made.add([1, 2], "z:1")

    assert made.match([1, 2]) is None


def test_what_was_not_sent_again_is_forgotten_after_two_generations() -> None:
    made = PrefixIndex()
    made.admit(["a:1"])
    made.add([1], "a:1")
    for start in range(2, CAPACITY + 400, 100):
        made.add(list(range(start, start + 100)), "a:1")

    assert made.match([1]) is None
    assert made.match([CAPACITY + 300]) is not None


def test_what_is_sent_again_is_kept() -> None:
    made = PrefixIndex()
    made.admit(["a:1"])
    for start in range(2, 3 * CAPACITY, 100):
        made.add([1], "a:1")
        made.add(list(range(start, start + 100)), "a:1")

    assert made.match([1]) is not None


def test_endpoints_that_come_and_go_for_ever_do_not_grow_it() -> None:
    made = PrefixIndex()

    assert max(made.admit([f"10.0.0.1:{port}"])[0] for port in range(20_000)) < 10_000


def test_the_deepest_holders_come_first() -> None:
    made = index()
    made.add([1], "a:1")
    made.add([1, 2], "c:1")
    match = made.match([1, 2, 3])

    assert match is not None
    assert list(match.deepest(5)) == [made.admit(NAMES)[2]]
