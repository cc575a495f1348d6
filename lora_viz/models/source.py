"""From what a reader calls a model to its configuration: a dictionary as in `config.json`.

A model is named by a key of the catalogue, a hub id, a local folder or `config.json`, a custom
GPT-2 (`custom:layers x width x heads x vocabulary x context`), or an upload (`upload:hash`).
A local one is named by its whole path, from the root of the file system: `typed_model` makes that
of what a reader types. So no name of a model that stands in a link can be a path.
Only configurations are read: no weights, and no code that comes with a model.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, NoReturn

from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.models.catalogue import catalogue
from lora_viz.models.hub_names import catalogue_key
from lora_viz.models.known_names import known_model
from lora_viz.storage import keep, kept_file
from lora_viz.storage import note_use as note_use_of_file
from lora_viz.storage.plain_files import read_plain_file

MAXIMUM_CONFIG_MB = 1
MAXIMUM_CONFIG_BYTES = MAXIMUM_CONFIG_MB * 10**6
MAXIMUM_INTEGER = 2**40
MAXIMUM_LISTED = 10**6  # in a list: numbers of blocks, token ids
MAXIMUM_NESTING = 20
MAXIMUM_DIGITS = 30
SHOWN_CHARACTERS = 20
HUB_TIMEOUT_SECONDS = 1.5
CUSTOM_FORM = re.compile("custom:" + "x".join([r"([0-9]{1,12})"] * 5))
HUB_ID_FORM = re.compile(r"\b[\w.-]{1,96}\b/\b[\w.-]{1,96}\b")
UPLOAD_FORM = re.compile(r"upload:([0-9a-f]{16})")
# No path: one name, or two with a slash between them, of which none begins with a dot or a tilde.
MODEL_IN_LINKS = re.compile(
    r"custom:[0-9x]{0,80}|upload:[0-9a-f]{0,64}|\w[\w.-]{0,95}(/\w[\w.-]{0,95})?"
)


ModelKind = Literal["named", "custom", "uploaded"]


class MissingModelError(UserError):
    """The hub cannot be reached, or has no such model."""


@dataclass(frozen=True)
class ModelConfig:
    """A model's checked configuration, and what people know it by.

    `name` is the catalogue's, the hub id, or that of its folder; a model of the reader's own, a
    custom GPT-2 or an uploaded configuration, has none (""), and `kind` says which it is.
    """

    kind: ModelKind
    name: str
    values: dict[str, Any]


@dataclass(frozen=True)
class CustomGPT2:
    """The five sizes of a GPT-2 of the reader's own; the defaults are those of GPT-2 small."""

    layers: int = 12
    width: int = 768
    heads: int = 12
    vocabulary: int = 50257
    context: int = 1024

    LIMITS: ClassVar[dict[str, tuple[int, int]]] = {
        "layers": (1, 200),
        "width": (8, 32768),
        "heads": (1, 256),
        "vocabulary": (16, 1_000_000),
        "context": (8, 1_048_576),
    }

    @property
    def name(self) -> str:
        """The text that names this model in links and on the command line."""
        return f"custom:{self.layers}x{self.width}x{self.heads}x{self.vocabulary}x{self.context}"

    def config(self) -> dict[str, Any]:
        """The configuration. Raises `UserError` where sizes do not go together."""
        for size, (low, high) in self.LIMITS.items():
            if not low <= getattr(self, size) <= high:
                raise UserError(
                    N_("A custom GPT-2's %(size)s should be from %(low)s to %(high)s."),
                    size=size,
                    low=f"{low:,}",
                    high=f"{high:,}",
                )
        if self.width % self.heads:
            raise UserError(
                N_(
                    "A width of %(width)s cannot be shared by %(heads)s heads; it must be "
                    "divisible by them."
                ),
                width=self.width,
                heads=self.heads,
            )
        return {
            "model_type": "gpt2",
            "architectures": ["GPT2LMHeadModel"],
            "n_layer": self.layers,
            "n_embd": self.width,
            "n_head": self.heads,
            "vocab_size": self.vocabulary,
            "n_positions": self.context,
        }


def parse_custom(model: str) -> CustomGPT2 | None:
    """The sizes in `custom:12x768x12x50257x1024`, or None if it is another kind of name."""
    match = CUSTOM_FORM.fullmatch(model)
    return CustomGPT2(*map(int, match.groups())) if match else None


def vocabulary_of(values: dict[str, Any]) -> int:
    """How many tokens a configuration says that its vocabulary has; 0 where it does not."""
    for part in (values, values.get("text_config"), values.get("decoder")):
        count = part.get("vocab_size") if isinstance(part, dict) else None
        if isinstance(count, int):
            return count
    return 0


def resolve(model: str) -> ModelConfig:
    """Find the configuration of a model.

    Raises:
        UserError: it is not found, cannot be reached, or is not a configuration.
    """
    if model in catalogue():
        entry = catalogue()[model]
        return ModelConfig("named", entry.name, entry.config)
    if model.startswith("custom:"):
        sizes = parse_custom(model)
        if sizes is None:
            raise UserError(N_("A custom GPT-2 is written as %s."), CustomGPT2().name)
        return ModelConfig("custom", "", sizes.config())
    if model.startswith("upload:"):
        return _uploaded(model)
    file = local_config(model)
    if file is not None:
        return ModelConfig("named", file.parent.name or model, _read_file(file))
    if HUB_ID_FORM.fullmatch(model):
        return _of_hub(model)
    raise UserError(
        N_(
            "“%s” is not a model: use a name of the catalogue, a hub id such as "
            "openai-community/gpt2, a folder or a config.json."
        ),
        model[:80],
    )


def typed_model(text: str) -> str:
    """The name of a model that somebody types on this machine: of a local one the whole path, of
    one of the catalogue its key, however it is written."""
    if text in catalogue() or text.startswith(("custom:", "upload:")):
        return text
    try:
        path = Path(text).expanduser().absolute()
        if text.strip() and path.exists():
            return str(path)
    except (OSError, RuntimeError, ValueError):  # no name of a file, or of a user, can be like this
        return text
    shown = catalogue().get(known_model(text))  # a name may have a slash, as ViT-B/16 has
    is_shown = shown is not None and shown.hub_id.lower() != text.strip().lower()
    return catalogue_key(text) or text if is_shown or "/" not in text else text


def local_path(model: str) -> Path | None:
    """The folder or file on this machine whose whole path a model's name is, if it is one."""
    try:
        path = Path(model)
        return path if path.is_absolute() and path.exists() else None
    except (OSError, ValueError):  # no name of a file can be like this
        return None


def local_config(model: str) -> Path | None:
    """The `config.json` on this machine that a model's name is a path to, if it is one."""
    path = local_path(model)
    file = path / "config.json" if path and path.is_dir() else path
    return file if file and file.is_file() else None


def parse_config(text: str | bytes) -> dict[str, Any]:
    """Read and check the text of a `config.json`.

    Raises:
        UserError: it is too long, not JSON, or holds values that no model has.
    """
    _check_length(text)
    values = _read_json(text)
    if not isinstance(values, dict) or not isinstance(values.get("model_type"), str):
        raise UserError(N_("This is not a model's config.json: it has no “model_type”."))
    _check_values(values, 0)
    return values


def store_upload(text: str | bytes) -> str:
    """Keep an uploaded `config.json` on this machine and return its model name, `upload:hash`.

    Raises:
        UserError: it is no configuration, or there is no room to keep it.
    """
    values = parse_config(text)
    canonical = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    _check_length(canonical.encode())
    digest = hashlib.sha256(canonical.encode()).hexdigest()[:16]
    keep("uploads", f"{digest}.json", canonical.encode())
    return f"upload:{digest}"


def note_use(model: str) -> None:
    """Remember that an uploaded configuration is used, so that it is kept; other names are none."""
    if UPLOAD_FORM.fullmatch(model):
        note_use_of_file(_uploaded_file(model))


def _uploaded_file(model: str) -> Path:
    return kept_file("uploads", f"{model.removeprefix('upload:')}.json")


def _uploaded(model: str) -> ModelConfig:
    file = _uploaded_file(model) if UPLOAD_FORM.fullmatch(model) else None
    if file is None or not file.is_file():
        raise UserError(N_("This uploaded config.json is not on this machine; upload it again."))
    values = _read_file(file)
    note_use_of_file(file)
    return ModelConfig("uploaded", "", values)


def _read_file(file: Path) -> dict[str, Any]:
    try:
        return parse_config(read_plain_file(file, MAXIMUM_CONFIG_BYTES + 1))
    except OSError:
        raise UserError(N_("%s cannot be read."), file) from None


def _check_length(text: str | bytes) -> None:
    if len(text) > MAXIMUM_CONFIG_BYTES:
        raise UserError(
            N_("This file is too large; a config.json has at most %s MB."), MAXIMUM_CONFIG_MB
        )


def _read_json(text: str | bytes) -> object:
    """The values of a JSON text. Raises `UserError`, whatever the text holds.

    Infinity is a value, as some models have limits that are infinite; a number that is too large
    to be one is not.
    """
    try:
        return json.loads(
            text,
            object_pairs_hook=_each_key_once,
            parse_int=_read_integer,
            parse_float=_read_fraction,
            parse_constant=_read_constant,
        )
    except UserError:
        raise
    except (ValueError, RecursionError):
        raise UserError(N_("This file is not JSON; a model's config.json is.")) from None


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in pairs:
        if key in values:
            _check_text(key)
            raise UserError(N_("This config.json has “%s” twice."), _shortened(key))
        values[key] = value
    return values


def _read_integer(digits: str) -> int:
    if len(digits) > MAXIMUM_DIGITS:  # Python itself reads no more than 4,300
        _refuse_number(digits)
    return int(digits)


def _read_fraction(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        _refuse_number(digits)
    return number


def _read_constant(word: str) -> float:
    if word == "NaN":
        raise UserError(N_("This config.json holds NaN, which is not a number."))
    return float(word)


def _refuse_number(written: str) -> NoReturn:
    raise UserError(N_("This config.json holds %s. No model has such a size."), _shortened(written))


def _shortened(words: str) -> str:
    """Words as they fit into a sentence, with a mark for each sign that cannot be shown."""
    shown = "".join(sign if sign.isprintable() else "�" for sign in words[:SHOWN_CHARACTERS])
    return shown if len(words) <= SHOWN_CHARACTERS else shown + "…"


def _check_text(text: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise UserError(N_("This config.json holds half a character (a lone surrogate)."))


def _check_values(value: object, depth: int, most: int = MAXIMUM_INTEGER) -> None:
    if depth > MAXIMUM_NESTING:
        raise UserError(N_("This config.json is nested too deeply to be a model's."))
    if isinstance(value, dict):
        for key, inner in value.items():
            _check_text(key)
            _check_values(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check_values(inner, depth + 1, MAXIMUM_LISTED)
    elif isinstance(value, str):
        _check_text(value)
    elif isinstance(value, (int, float)) and most < abs(value) < math.inf:
        _refuse_number(f"{value:.3g}")


def _of_hub(hub_id: str) -> ModelConfig:
    """A hub model's configuration, or that of the catalogue's model with the same layers where the
    hub is out of reach or lets nobody in."""
    try:
        return ModelConfig("named", hub_id, _read_file(_download(hub_id)))
    except MissingModelError:
        key = catalogue_key(hub_id)
        if key is None:
            raise
        return ModelConfig("named", catalogue()[key].name, catalogue()[key].config)


def _download(hub_id: str) -> Path:
    """Fetch one hub model's `config.json`, or find it among the files fetched before."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
    )

    reachable = hub_answers(hub_id)
    try:
        return Path(hf_hub_download(hub_id, "config.json", local_files_only=not reachable))
    except LocalEntryNotFoundError:
        raise MissingModelError(
            N_("The hub cannot be reached for “%s”; check the network or use a local folder."),
            hub_id,
        ) from None
    except GatedRepoError:
        raise MissingModelError(
            N_(
                "The hub asks for a licence to be accepted for “%s”: accept it on the model's page "
                "and set HF_TOKEN, or upload its config.json."
            ),
            hub_id,
        ) from None
    except (HfHubHTTPError, HFValidationError):
        raise MissingModelError(
            N_("The hub has no public config.json for “%s”; check the name."), hub_id
        ) from None


def hub_answers(hub_id: str) -> bool:
    """Ask once, briefly: `hf_hub_download` itself would try for 24 seconds without a network."""
    from huggingface_hub import get_session, hf_hub_url

    try:
        get_session().head(hf_hub_url(hub_id, "config.json"), timeout=HUB_TIMEOUT_SECONDS)
    except Exception:  # whichever HTTP client the hub's library uses, each has errors of its own
        return False
    return True
