import pytest

from scribe.core.config import load_settings
from scribe.core.paths import data_dir
from scribe.domain.errors import OptionError
from scribe.engines.model_store import default_models_dir


def test_a_user_without_a_home_is_told_which_setting_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container: a number, no name, no HOME."""
    for name in ("HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.getuid", lambda: 1_000_650_000)
    monkeypatch.setattr("os.geteuid", lambda: 1_000_650_000)
    with pytest.raises(OptionError, match="SCRIBE_DATA_DIR"):
        data_dir(load_settings())
    with pytest.raises(OptionError, match="SCRIBE_MODELS_DIR"):
        default_models_dir()
