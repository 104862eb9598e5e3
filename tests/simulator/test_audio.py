"""Speech to text of a simulated server."""

import json

import pytest

from turnout.simulator.audio import Transcribe, read_audio, whole_transcript
from turnout.simulator.refusal import Refusal
from turnout.simulator.requests import Served

SERVED = Served("whisper", ("ada",))
MEDIA = "multipart/form-data; boundary=b"


def form(sound: bytes | None = b"sound", **fields: str) -> bytes:
    parts = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields.items()]
    body = "".join(parts).encode()
    if sound is not None:
        body += b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n' + sound + b"\r\n"
    return body + b"--b--\r\n"


def asked(body: bytes) -> Transcribe:
    ask = read_audio(body, MEDIA, SERVED)
    assert isinstance(ask, Transcribe), ask
    return ask


def test_a_sound_is_written_down_alike_every_time() -> None:
    body, media = whole_transcript(asked(form(model="whisper")))
    assert media == "application/json"
    answer = json.loads(body)
    assert answer["text"].startswith("whisper ")
    assert answer["usage"] == {"type": "duration", "seconds": 1}
    assert whole_transcript(asked(form()))[0] == body
    assert whole_transcript(asked(form(b"noise")))[0] != body


def test_the_longer_the_sound_the_more_there_is_to_compute() -> None:
    ask = asked(form(bytes(160_001), model="ada"))
    assert (ask.seconds, ask.model) == (11, "ada")
    assert ask.prompt.tokens > asked(form()).prompt.tokens


def test_the_answer_has_the_form_that_is_asked_for() -> None:
    text, media = whole_transcript(asked(form(response_format="text")))
    assert media.startswith("text/plain")
    document = json.loads(whole_transcript(asked(form(response_format="verbose_json")))[0])
    assert (document["text"].encode(), document["duration"]) == (text, "1")


@pytest.mark.parametrize(
    ("body", "media", "status", "param"),
    [
        (form(model="gpt"), MEDIA, 404, "model"),
        (form(None), MEDIA, 400, "file"),
        (form(None, file="text"), MEDIA, 400, "file"),
        (form(stream="true"), MEDIA, 400, "stream"),
        (form(response_format="srt"), MEDIA, 400, "response_format"),
        (form(), "application/json", 400, None),
        (b"no form", MEDIA, 400, None),
    ],
)
def test_what_cannot_be_written_down_is_refused(body: bytes, media: str, status: int, param: str | None) -> None:
    ask = read_audio(body, media, SERVED)
    assert isinstance(ask, Refusal)
    assert (ask.status, ask.param) == (status, param)


def test_an_empty_answer_has_no_text() -> None:
    assert json.loads(whole_transcript(asked(form()), empty=True)[0])["text"] == ""
