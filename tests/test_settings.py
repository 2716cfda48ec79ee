"""Settings: file, then environment, then command line; unknown keys are errors."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from liver_mre.errors import ExitCode, SettingsError
from liver_mre.settings import ROOT, SETTING_NAMES, Settings, load_settings


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "app.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_app_yaml_names_every_setting_and_holds_the_built_in_defaults() -> None:
    section = yaml.safe_load((ROOT / "app.yaml").read_text(encoding="utf-8"))["settings"]
    assert set(section) == set(SETTING_NAMES)
    assert load_settings(environment={}) == Settings()


def test_command_line_wins_over_environment_wins_over_file(tmp_path: Path) -> None:
    config = write(tmp_path, "settings: {profile: from_file, device: cpu, preview: true}")
    environment = {"LIVER_MRE_PROFILE": "from_environment", "LIVER_MRE_DEVICE": "cuda:1", "UNRELATED": "x"}
    settings = load_settings(config, environment, {"profile": "from_command_line"})
    assert settings.profile == "from_command_line"
    assert settings.device == "cuda:1"
    assert settings.preview is True


@pytest.mark.parametrize("source", ["file", "environment", "command line"])
def test_an_unknown_key_is_an_error_that_lists_the_known_ones(tmp_path: Path, source: str) -> None:
    config = write(tmp_path, "settings: {proflie: x}" if source == "file" else "settings: {}")
    environment = {"LIVER_MRE_PROFLIE": "x"} if source == "environment" else {}
    given = {"proflie": "x"} if source == "command line" else {}
    with pytest.raises(SettingsError, match=r"proflie.*profile") as caught:
        load_settings(config, environment, given)
    assert caught.value.exit_code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("confidence_threshold", "high"),
        ("confidence_threshold", "0"),
        ("confidence_threshold", "1.2"),
        ("kpa_per_count", "-0.01"),
        ("kpa_per_count", "nan"),
        ("min_area_cm2", "-1"),
        ("skipped_exit_code", "3.5"),
        ("skipped_exit_code", "300"),
        ("preview", "maybe"),
        ("precision", "int8"),
        ("profile", ""),
    ],
)
def test_values_no_run_could_use_are_refused_by_name(key: str, value: str) -> None:
    with pytest.raises(SettingsError, match=key):
        Settings().overridden({key: value})


def test_text_from_the_environment_becomes_the_settings_types() -> None:
    settings = Settings().overridden(
        {"kpa_per_count": "0.001", "preview": "yes", "skipped_exit_code": "126", "profiles_dir": "own", "series": "1.2"}
    )
    assert settings.kpa_per_count == 0.001
    assert settings.preview is True
    assert settings.skipped_exit_code == 126
    assert settings.profiles_dir == Path("own")
    assert settings.series == "1.2"
    assert settings.overridden({"kpa_per_count": ""}).kpa_per_count is None


def test_paths_in_a_file_are_relative_to_that_file(tmp_path: Path) -> None:
    config = write(tmp_path, "settings: {profiles_dir: own}")
    assert load_settings(config, {}).profiles_dir == tmp_path / "own"


@pytest.mark.parametrize("text", ["[1, 2]", "settings: [1]", "settings: {a: : }", "setings: {}"])
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError):
        load_settings(write(tmp_path, text), {})


def test_a_named_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path / "nowhere.yaml", {})


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "app.yaml"
    path.write_bytes("settings: {profile: \xe9}".encode("latin-1"))
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(path, {})
