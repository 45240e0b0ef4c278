"""Reading of settings from TOML files: a user's own before the shipped ones, with suggestions for unknown keys."""

from __future__ import annotations

import difflib
import json
import logging
import reprlib
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

import tomli_w
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from neurofeedback.errors import SettingsError
from neurofeedback.settings.base import SettingsModel
from neurofeedback.settings.clinic import ClinicContacts
from neurofeedback.settings.course import Course
from neurofeedback.settings.evidence import Evidence
from neurofeedback.settings.model import Settings
from neurofeedback.settings.montages import Montage
from neurofeedback.settings.programme import Programme
from neurofeedback.settings.questionnaire import Questionnaire, placeholder_problems
from neurofeedback.settings.renamed_keys import add_stored_values, rename_profile_keys, rename_segment_keys
from neurofeedback.settings.resolved_profile import (
    Profile,
    apply_montage,
    check_rate,
    check_regions,
    drop_frontal_features,
)
from neurofeedback.storage.atomic_files import explain_disk_errors, write_atomic
from neurofeedback.storage.private_files import make_folder
from neurofeedback.storage.toml_text import parse_toml
from neurofeedback.types import StreamInfo

_log = logging.getLogger(__name__)
_noticed: set[str] = set()
_MAX_FILE_BYTES = 100_000
_SEE_SETTINGS = "correct these keys; `neurofeedback doctor --settings` lists all with units and limits"
_SEE_PRACTICES = "correct that file; docs/practices.md lists the keys"
Model = TypeVar("Model", bound=SettingsModel)


def configs_folder() -> Path:
    """Return the folder of the shipped settings: in the wheel, or ``configs/`` of the checkout."""
    packaged = Path(str(resources.files("neurofeedback"))) / "configs"
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[2] / "configs"


def user_folder() -> Path:
    """Return the folder of a user's own settings, which replace shipped ones of the same name."""
    from platformdirs import user_config_path  # slow import

    return user_config_path("neurofeedback")


def available(kind: str) -> list[str]:
    """Return the names of all settings files of one kind, shipped or a user's own.

    A kind is ``profiles``, ``montages``, ``evidence``, ``programmes`` or ``questionnaires``.
    """
    folders = (configs_folder(), user_folder())
    return sorted({path.stem for folder in folders for path in (folder / kind).glob("*.toml")})


def load_settings(name: str = "default") -> Settings:
    """Load the settings of a profile, by name or by the path of a TOML file.

    Raises
    ------
    SettingsError
        The profile does not exist, is not TOML, or a key or value in it is wrong.
    """
    return _load(Settings, name, "profiles", "profile")


def load_montage(name: str) -> Montage:
    """Load a montage by name or path."""
    return _load(Montage, name, "montages", "montage")


def load_programme(name: str) -> Programme:
    """Load a programme of segments by name or path."""
    return _load(Programme, name, "programmes", "programme")


def load_questionnaire(name: str) -> Questionnaire:
    """Load a questionnaire by name or path."""
    questionnaire = _load(Questionnaire, name, "questionnaires", "questionnaire")
    if problems := placeholder_problems(questionnaire):
        raise SettingsError(f"{name} cannot be used", got="; ".join(problems), todo=_SEE_SETTINGS)
    return questionnaire


def load_course(name: str) -> Course:
    """Load the plan of a course by name or path."""
    return _load(Course, name, "courses", "course")


def contacts_path() -> Path:
    """Return the path of the contacts of a clinic, in the user's settings folder."""
    return user_folder() / "clinic.toml"


def load_contacts() -> ClinicContacts | None:
    """Load the contacts of a clinic; None if none are set."""
    path = contacts_path()
    return parse(ClinicContacts, read_toml(path), str(path), todo="correct that file") if path.exists() else None


def parse_contacts(clinic: str, emergency: str, crisis_line: str) -> ClinicContacts:
    """Return the contacts of a clinic as they were typed.

    Raises
    ------
    SettingsError
        One of them is missing.
    """
    values = {"clinic": clinic.strip(), "emergency": emergency.strip(), "crisis_line": crisis_line.strip()}
    return parse(ClinicContacts, values, "the contacts", todo="enter all three")


def save_contacts(contacts: ClinicContacts) -> None:
    """Save the contacts of a clinic in the user's settings folder.

    Raises
    ------
    RecordingError
        The folder cannot be written.
    """
    path = contacts_path()
    with explain_disk_errors(f"{path} cannot be written", todo="check the rights of that folder"):
        make_folder(path.parent)
        write_atomic(path, tomli_w.dumps(contacts.model_dump()))


def _load(model: type[Model], name: str, kind: str, what: str) -> Model:
    path = _locate(name, kind, what)
    where = name if path.parent == configs_folder() / kind else str(path)
    return parse(model, read_toml(path), where, todo=_SEE_PRACTICES if model is Programme else _SEE_SETTINGS)


def load_evidence(name: str) -> Evidence:
    """Load an evidence profile by name or path; the members of a mixture are loaded too."""
    data = read_toml(_locate(name, "evidence", "evidence profile"))
    members = data.get("members")
    if isinstance(members, list):
        data = data | {"members": [_member(member, name) for member in cast("list[object]", members)]}
    return parse(Evidence, data, name)


def _member(member: object, name: str) -> dict[str, Any]:
    if not isinstance(member, str):
        raise SettingsError(
            f"a member of the mixture {name} is not a name", got=repr(member), allowed="names of profiles"
        )
    data = read_toml(_locate(member, "evidence", "evidence profile"))
    if "members" in data:
        raise SettingsError(
            f"a member of the mixture {name} is itself a mixture", got=member, allowed="profiles with features"
        )
    return data


def resolve(settings: Settings, stream: StreamInfo) -> tuple[StreamInfo, Profile]:
    """Combine settings, montage and evidence for one stream.

    Returns
    -------
    stream : StreamInfo
        The stream with the montage's channel names.
    profile : Profile
        The resolved profile, for the engine and ``dump_profile``.
    """
    name = stream.montage if settings.montage == "device" else settings.montage
    montage = None if name == "auto" else load_montage(name)
    named_stream, matched = apply_montage(montage, stream)
    profile = Profile(settings=settings, montage=matched, evidence=load_evidence(settings.index.evidence))
    return named_stream, check_rate(check_regions(drop_frontal_features(profile)), stream.sfreq)


def dump_profile(profile: Profile) -> str:
    """Return the resolved profile as TOML text, for saving beside a session."""
    return tomli_w.dumps(profile.model_dump(mode="json", exclude_none=True))


def read_profile(path: Path) -> Profile:
    """Read a profile that ``dump_profile`` wrote."""
    return check_regions(parse(Profile, read_toml(path), str(path)))


def parse(model: type[Model], data: dict[str, Any], where: str, *, todo: str = _SEE_SETTINGS) -> Model:
    """Validate plain data; an error lists every mistake, with suggestions for unknown keys.

    ``todo`` is the advice in the error message.

    Raises
    ------
    SettingsError
        With one line for each mistake.
    """
    data = _rename_old_keys(model, data, where)
    try:
        return model.model_validate_json(json.dumps(data, default=str))
    except RecursionError:
        raise SettingsError(
            f"{where} cannot be used", got="tables nested too deeply", todo="correct that file"
        ) from None
    except ValidationError as error:
        items = error.errors()
        places = [item["loc"] for item in items]
        inner = [item for item in items if not any(_is_within(place, item["loc"]) for place in places)]
        problems = [_describe_error(model, dict(item)) for item in inner]
        raise SettingsError(
            f"{where} cannot be used",
            got="; ".join(problems),
            todo=todo,
        ) from None


def _is_within(place: tuple[int | str, ...], other: tuple[int | str, ...]) -> bool:
    """Return whether a mistake is inside a table or list that another mistake is about."""
    return len(place) > len(other) and place[: len(other)] == other


def _rename_old_keys(model: type[BaseModel], data: dict[str, Any], where: str) -> dict[str, Any]:
    """Return the data with the keys of version 0.1.0 renamed, with one line in the log about it."""
    notices: list[str] = []
    if model is Profile and isinstance(data.get("settings"), dict):
        settings, notices = rename_profile_keys(data["settings"])
        data = {**data, "settings": add_stored_values(settings)}
    elif model is Settings:
        data, notices = rename_profile_keys(data)
    elif model is Programme:
        data, notices = rename_segment_keys(data)
    kind = "saved with a session" if model is Profile else where
    if notices and kind not in _noticed:
        _noticed.add(kind)
        more = f" and {len(notices) - 3} more" if len(notices) > 3 else ""
        _log.warning("old names in the settings %s: %s%s", kind, ", ".join(notices[:3]), more)
    return data


def _describe_error(model: type[BaseModel], error: dict[str, Any]) -> str:
    place = ".".join(str(part) or '""' for part in error["loc"]) or "the file"
    if error["type"] != "extra_forbidden":
        value = "" if isinstance(error["input"], dict) else f" = {reprlib.repr(error['input'])}"
        return f"{place}{value}: {str(error['msg']).removeprefix('Value error, ')}"
    known = _fields_at(model, error["loc"][:-1])
    close = difflib.get_close_matches(str(error["loc"][-1]), known, n=1)
    return f"unknown key {place}" + (f" (did you mean {close[0]}?)" if close else f" (known: {', '.join(known)})")


def _fields_at(model: type[BaseModel], place: tuple[str | int, ...]) -> list[str]:
    for part in place:
        if isinstance(part, str):  # numbers are positions in a list
            model = _model_in(_fields_by_key(model)[part].annotation)
    return list(_fields_by_key(model))


def _fields_by_key(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {str(field.validation_alias or name): field for name, field in model.model_fields.items()}


def _model_in(annotation: Any) -> type[BaseModel]:
    candidates = (annotation, *get_args(annotation))
    return next(kind for kind in candidates if isinstance(kind, type) and issubclass(kind, BaseModel))


def _locate(name: str, kind: str, what: str) -> Path:
    known = available(kind)
    if name in known:
        own = user_folder() / kind / f"{name}.toml"
        return own if own.is_file() else configs_folder() / kind / f"{name}.toml"
    path = Path(name)
    if path.suffix == ".toml" and _is_file(path):
        return path
    close = difflib.get_close_matches(name, known, n=1)
    raise SettingsError(
        f"no such {what}",
        got=repr(name),
        allowed=f"{', '.join(known)}, or the path of a .toml file",
        todo=f"did you mean {close[0]}?" if close else "check the name",
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # name too long for the file system
        return False


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML settings file as plain data.

    Raises
    ------
    SettingsError
        The file cannot be read, is too large or is not TOML.
    """
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise SettingsError(f"{path} is too large for a settings file", allowed="at most 100 kB")
        return parse_toml(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise SettingsError(
            f"{path} is not a TOML file", got="a file that is not text (UTF-8)", todo="save it as plain text in UTF-8"
        ) from None
    except (ValueError, RecursionError) as error:  # not TOML, a number of 5,000 digits, deep nesting
        raise SettingsError(f"{path} is not a TOML file", got=str(error), todo="correct that line") from None
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read", got=error.strerror or str(error), todo="check path and permissions"
        ) from None
