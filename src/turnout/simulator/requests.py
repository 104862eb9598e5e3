"""Requests of the OpenAI API as the simulated server reads them: what to generate or embed, or why not.

Unknown fields and those that change nothing here (`temperature`, `stop`, `tools`, ...) are ignored, as are parts of a
message that are not text, which count as a fixed number of tokens.
"""

from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct

from turnout.simulator.refusal import Refusal
from turnout.simulator.words import Prompt, natural_length, prompt_of

PART_TOKENS = 256
"""Tokens of an image or another part that is not text."""

DIMENSIONS = 64
MAX_DIMENSIONS = 4096
MAX_INPUTS = 2048


class Served(Struct, frozen=True):
    """What a server answers to: a base model and its adapters."""

    model: str
    loras: tuple[str, ...] = ()
    max_model_len: int = 131072

    def resolve(self, name: str | None) -> str | Refusal:
        """The model that answers to `name`; none or empty means the base."""
        if not name:
            return self.model
        if name == self.model or name in self.loras:
            return name
        return Refusal(404, f"The model `{name}` does not exist.", "model")


Api = Literal["chat", "completions", "responses", "messages"]
"""Which API's words a text is answered in."""


class Generate(Struct, frozen=True):
    """A text to write: `output` tokens, cut there (`capped`) or ended by itself."""

    api: Api
    model: str
    prompt: Prompt
    output: int
    capped: bool
    stream: bool
    include_usage: bool
    json: bool


class Embed(Struct, frozen=True):
    """Texts to embed."""

    model: str
    prompts: tuple[Prompt, ...]
    dimensions: int
    base64: bool


class Part(Struct):
    """A part of a message; one without `text` is an image or the like."""

    type: str = "text"
    text: str | None = None


class Message(Struct):
    """One turn of a conversation."""

    role: str
    content: str | list[Part] | None = None


class _StreamOptions(Struct):
    include_usage: bool | None = None


class Format(Struct):
    """What form the text is to have."""

    type: str

    @property
    def is_json(self) -> bool:
        """Whether it is JSON."""
        return self.type in ("json_object", "json_schema")


class _Generation(Struct, kw_only=True):
    model: str | None = None
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    n: int | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    response_format: Format | None = None


class _Chat(_Generation, kw_only=True):
    messages: Annotated[list[Message], Meta(min_length=1)]


_Tokens = list[str | int | list[int]]


class _Completion(_Generation, kw_only=True):
    prompt: str | Annotated[_Tokens, Meta(min_length=1)]


class _Embedding(Struct, kw_only=True):
    model: str | None = None
    input: str | Annotated[_Tokens, Meta(min_length=1, max_length=MAX_INPUTS)]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, Meta(ge=1, le=MAX_DIMENSIONS)] | None = None


_chat = msgspec.json.Decoder(_Chat)
_completion = msgspec.json.Decoder(_Completion)
_embedding = msgspec.json.Decoder(_Embedding)


def read_chat(body: bytes, served: Served) -> Generate | Refusal:
    """A request of /v1/chat/completions."""
    try:
        request = _chat.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return undecodable(error)
    texts: list[str] = []
    extra = 0
    for message in request.messages:
        texts.append(message.role)
        extra += gather(message.content, texts)
    prompt = prompt_of("\n".join(texts))
    return _generate(request, Prompt(prompt.tokens + extra, prompt.seed), served, "chat")


def read_completion(body: bytes, served: Served) -> Generate | Refusal:
    """A request of /v1/completions, with one prompt."""
    try:
        request = _completion.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return undecodable(error)
    prompts = _prompts(request.prompt, "prompt")
    if isinstance(prompts, Refusal):
        return prompts
    if len(prompts) > 1:
        return Refusal(400, f"prompt holds {len(prompts)} prompts; this server takes one per request.", "prompt")
    return _generate(request, prompts[0], served, "completions")


def read_embedding(body: bytes, served: Served) -> Embed | Refusal:
    """A request of /v1/embeddings."""
    try:
        request = _embedding.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return undecodable(error)
    model = served.resolve(request.model)
    if isinstance(model, Refusal):
        return model
    prompts = _prompts(request.input, "input")
    if isinstance(prompts, Refusal):
        return prompts
    for prompt in prompts:
        if prompt.tokens > served.max_model_len:
            return too_long(prompt.tokens, served, "input")
    return Embed(model, prompts, request.dimensions or DIMENSIONS, base64=request.encoding_format == "base64")


def gather(content: str | list[Part] | None, texts: list[str]) -> int:
    """Adds the texts of a message's content to `texts`; returns the tokens of what is no text."""
    if isinstance(content, str):
        texts.append(content)
        return 0
    extra = 0
    for part in content or ():
        if part.text is None:
            extra += PART_TOKENS
        else:
            texts.append(part.text)
    return extra


class Length(NamedTuple):
    """The length asked for, None for none, and the fields that an error names: the limit's and the prompt's."""

    limit: int | None
    param: str
    prompt: str

    def output(self, prompt: Prompt, served: Served) -> int | Refusal:
        """Tokens to write: what is asked for, or what the prompt naturally gives, if the context has room for it."""
        limit = self.limit
        if limit is not None and limit < 1:
            return Refusal(400, f"{self.param} must be at least 1, got {limit}.", self.param)
        room = served.max_model_len - prompt.tokens
        if room < (limit or 1):
            return too_long(prompt.tokens + (limit or 1), served, self.param if limit else self.prompt)
        return limit or min(natural_length(prompt.seed), room)


def _generate(request: _Generation, prompt: Prompt, served: Served, api: Api) -> Generate | Refusal:
    model = served.resolve(request.model)
    if isinstance(model, Refusal):
        return model
    if request.n is not None and request.n != 1:
        return Refusal(400, f"n must be 1, got {request.n}.", "n")
    param = "max_tokens" if request.max_completion_tokens is None else "max_completion_tokens"
    limit = request.max_tokens if request.max_completion_tokens is None else request.max_completion_tokens
    output = Length(limit, param, "messages" if api == "chat" else "prompt").output(prompt, served)
    if isinstance(output, Refusal):
        return output
    options = request.stream_options
    stream = bool(request.stream)
    if options is not None and not stream:
        return Refusal(400, "stream_options are only allowed with stream.", "stream_options")
    return Generate(
        api=api,
        model=model,
        prompt=prompt,
        output=output,
        capped=limit is not None,
        stream=stream,
        include_usage=options is not None and bool(options.include_usage),
        json=request.response_format is not None and request.response_format.is_json,
    )


def _prompts(value: str | _Tokens, param: str) -> tuple[Prompt, ...] | Refusal:
    """The prompts of a text, a list of texts, a list of tokens, or a list of lists of tokens."""
    if isinstance(value, str):
        return (prompt_of(value),)
    if all(isinstance(each, int) for each in value):
        return (_of_tokens(value),)
    if all(isinstance(each, str) for each in value):
        return tuple(prompt_of(each) for each in value if isinstance(each, str))
    lists = [each for each in value if isinstance(each, list)]
    if len(lists) == len(value) and all(lists):
        return tuple(_of_tokens(each) for each in lists)
    return Refusal(400, f"{param} must be a text, a list of texts, a list of tokens or a list of those.", param)


def _of_tokens(tokens: "list[int] | _Tokens") -> Prompt:
    return Prompt(len(tokens), prompt_of(repr(tokens)).seed)


def too_long(asked: int, served: Served, param: str) -> Refusal:
    """More tokens than the context holds."""
    text = (
        f"This model's maximum context length is {served.max_model_len} tokens. However, you requested {asked} tokens."
    )
    return Refusal(400, text, param)


def undecodable(error: Exception) -> Refusal:
    """The body is no JSON, or has a field of another type."""
    text = str(error)
    if not isinstance(error, msgspec.ValidationError):
        return Refusal(400, f"The body is not valid JSON: {text}")
    _, _, path = text.partition(" - at `$.")
    return Refusal(400, text, path.rstrip("`").split(".")[0].split("[")[0] or None)
