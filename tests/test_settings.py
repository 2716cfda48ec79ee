"""Settings: file, then environment, then command line; unknown keys are errors."""

from __future__ import annotations

import os
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
        ("model_dir", ""),
        *((name, value) for name in SETTING_NAMES if name.startswith("roi_") for value in ("1e308", "nan", "-1", "x")),
        ("min_area_cm2", "1e308"),
        ("repeatability_percent", "1e308"),
        ("kpa_per_count", "1e308"),
        ("kpa_per_count", "5e-324"),
        ("kpa_per_count", "0_01"),
        ("kpa_per_count", "\u0661"),
        ("kpa_per_count", True),
        ("kpa_per_count", "9" * 5000),
        ("skipped_exit_code", "9" * 5000),
        ("skipped_exit_code", "137"),
        ("skipped_exit_code", True),
        ("threads", "0"),
        ("threads", "1e9"),
        ("threads", "100000"),
        ("profile", ["a"]),
        ("profile", {"a": 1}),
        ("profile", b"a"),
        ("profile", "a\0b"),
        ("series", "1.2\x1b[2J"),
        ("scanner_rules", "a\0b"),
    ],
)
def test_values_no_run_could_use_are_refused_by_name(key: str, value: object) -> None:
    with pytest.raises(SettingsError, match=key) as refused:
        Settings().overridden({key: value})
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 250


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


@pytest.mark.parametrize(
    "text",
    [
        *("[1, 2]", "settings: [1]", "settings: {a: : }", "setings: {}", "7", "settings: 7", "1: x\nb: x"),
        *("[" * 10_000, "settings: " + "[" * 900, "settings: {profile: a, profile: b}", "settings: {}\nsettings: {}"),
        *(
            "settings: {min_area_cm2: .nan}",
            "settings: {roi_edge_mm: 1e308}",
            f"settings: {{roi_edge_mm: {'9' * 5000}}}",
        ),
        *("settings: {profile: !!python/object:os.system x}", "settings: {[a]: 1}", "settings: {profile: 2024-13-45}"),
        "a: &a [x, x]\nb: &b [*a, *a]\nsettings: {profile: [*b, *b]}",
        "settings: {profile: &a [*a]}",
    ],
)
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError):
        load_settings(write(tmp_path, text), {})


def test_the_last_of_two_values_is_not_taken_silently(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="the key 'profile' twice"):
        load_settings(write(tmp_path, "settings:\n  profile: wu_2015\n  profile: liang_2023"), {})


def test_a_pipe_or_device_is_no_settings_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), tmp_path, tmp_path / ("x" * 5000)):
        with pytest.raises(SettingsError, match="cannot be read"):
            load_settings(path, {})


def test_a_named_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path / "nowhere.yaml", {})


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "app.yaml"
    path.write_bytes("settings: {profile: \xe9}".encode("latin-1"))
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(path, {})
