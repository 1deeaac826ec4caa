"""huggingface_hub: a download into its cache, an API call, a listing of two pages, an error."""

import sys
from pathlib import Path

import httpx2
import pytest
from huggingface_hub import HfApi, close_session, get_session, hf_hub_download
from huggingface_hub.errors import EntryNotFoundError
from huggingface_hub.utils import disable_progress_bars

ENDPOINT = f"{sys.argv[1]}/hub"
disable_progress_bars()


def seen(what: str) -> int:
    count: int = httpx2.get(f"{sys.argv[1]}/seen", params={"what": what}).json()
    return count


path = hf_hub_download("acme/tiny", "config.json", endpoint=ENDPOINT)
assert Path(path).read_bytes() == b'{"layers": 3}\n'
assert isinstance(get_session(), httpx2.Client)
gets = seen("hub GET")
assert gets >= 1
# From the cache.
assert hf_hub_download("acme/tiny", "config.json", endpoint=ENDPOINT) == path
assert seen("hub GET") == gets

api = HfApi(endpoint=ENDPOINT)
info = api.model_info("acme/tiny")
assert info.id == "acme/tiny"
assert [sibling.rfilename for sibling in info.siblings or []] == ["config.json"]
assert [model.id for model in api.list_models()] == ["acme/tiny-1", "acme/tiny-2"]
with pytest.raises(EntryNotFoundError) as missing:
    hf_hub_download("acme/tiny", "missing.json", endpoint=ENDPOINT)
assert isinstance(missing.value, httpx2.HTTPError)
assert missing.value.response.status_code == 404
close_session()
