"""Edits in the audit log: which, of which kind, never what was typed (the meeting's own history has that).

Usage::

    record_edit(unit, Action.TRANSCRIPT_EDITED, edit)
"""

from scribe.adapters.unit_of_work import UnitOfWork
from scribe.domain.audit import Action
from scribe.domain.edits import Edit


def record_edit(unit: UnitOfWork, action: Action, edit: Edit) -> None:
    unit.record(action, meeting_id=edit.meeting_id, subject_id=edit.id, detail={"kind": str(edit.kind)})
