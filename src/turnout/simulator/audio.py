"""Speech to text (/v1/audio/transcriptions and /translations) as vLLM answers it: forms in, a text out."""

from typing import Literal, cast

import msgspec
from msgspec import Struct

from turnout.inference.multipart import boundary_of, read_form
from turnout.simulator.refusal import Refusal
from turnout.simulator.requests import Served
from turnout.simulator.words import Prompt, Script, natural_length, prompt_of

BYTES_PER_SECOND = 16_000
"""Of any sound: 128 kbit/s, the usual MP3."""
TOKENS_PER_SECOND = 50
"""An encoder's frames, Whisper's."""
_FORMS = ("json", "text", "verbose_json")

Form = Literal["json", "text", "verbose_json"]


class Transcribe(Struct, frozen=True):
    """A sound of `seconds` to write down in `output` tokens."""

    model: str
    prompt: Prompt
    output: int
    form: Form
    seconds: int


def read_audio(body: bytes, content_type: str, served: Served) -> Transcribe | Refusal:
    """A request of either path. Streams, and the forms `srt` and `vtt`, are not simulated."""
    boundary = boundary_of(content_type.encode("latin-1"))
    if not boundary:
        return Refusal(400, "The body must be multipart/form-data.")
    form = read_form(body, boundary)
    if form is None:
        return Refusal(400, "There was an error parsing the body.")
    sound = form.files.get("file")
    if sound is None:
        return Refusal(400, "Field required: file", "file")
    model = served.resolve(form.fields.get("model"))
    if isinstance(model, Refusal):
        return model
    if form.fields.get("stream", "false").lower() not in ("false", "0"):
        return Refusal(400, "stream is not supported by this server.", "stream")
    wanted = form.fields.get("response_format", "json")
    if wanted not in _FORMS:
        return Refusal(400, f"response_format must be one of {', '.join(_FORMS)}, got {wanted}.", "response_format")
    seed = prompt_of(sound.decode("latin-1")).seed
    seconds = max(1, -(-len(sound) // BYTES_PER_SECOND))
    prompt = Prompt(seconds * TOKENS_PER_SECOND, seed)
    return Transcribe(model, prompt, natural_length(seed), cast("Form", wanted), seconds)


def whole_transcript(ask: Transcribe, *, empty: bool = False) -> tuple[bytes, str]:
    """The body and its type."""
    text = "" if empty else Script(ask.model, ask.prompt.seed, ask.output).text()
    if ask.form == "text":
        return text.encode(), "text/plain; charset=utf-8"
    if ask.form == "verbose_json":
        document: dict[str, object] = {"duration": str(ask.seconds), "language": "en", "text": text, "segments": []}
    else:
        document = {"text": text, "usage": {"type": "duration", "seconds": ask.seconds}}
    return msgspec.json.encode(document), "application/json"
