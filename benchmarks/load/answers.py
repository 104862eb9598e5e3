"""Where a whole answer ends, as far as a load needs to know."""


def is_whole(got: bytes) -> bool:
    """Whether these bytes, from an answer's first one on, are all of it."""
    end = got.find(b"\r\n\r\n")
    if end < 0:
        return False
    low = got[:end].lower()
    at = low.find(b"content-length:")
    if at < 0:
        return got.endswith(b"0\r\n\r\n")
    return len(got) >= end + 4 + int(low[at + 15 :].split(b"\r\n", 1)[0])
