"""Names that are not there."""
# pyright: standard

from __future__ import annotations

import hookline
from hookline import Cleint  #! attr-defined | reportAttributeAccessIssue
from hookline.plugins import hookimp  #! attr-defined | reportAttributeAccessIssue
from hookline.types import HeaderType  #! attr-defined | reportAttributeAccessIssue

hookline.gett("https://a.example")  #! attr-defined | reportAttributeAccessIssue
hookline.codes.NOT_FUOND  #! attr-defined | reportAttributeAccessIssue
hookline.EventSorce  #! attr-defined | reportAttributeAccessIssue
