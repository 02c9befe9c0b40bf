from collections.abc import Mapping

from sqlalchemy import ColumnElement, and_, or_, true
from typing_extensions import override

from dovetail.contrib.auth.access import UserPolicy
from dovetail.contrib.auth.models import User
from tests.contrib.admin.cabinet.models import Clip, Folder, Paper

KEEPS_REMARKS = "cabinet.change_folder"  # whoever has it reads and writes remarks, and levels


class PaperPolicy(UserPolicy[Paper]):
    """Everybody sees low papers and their own, changes their own low ones, and deletes their own lowest."""

    @override
    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        assert viewer is not None
        mine = Paper.owner_id == viewer.id
        return {
            "view": or_(mine, Paper.level < 3),
            "add": and_(mine, Paper.level < 3),
            "change": and_(mine, Paper.level < 5),
            "delete": and_(mine, Paper.level == 0),
            "stamp": Paper.level == 1,
        }.get(action, super().where(viewer, action))

    @override
    def explain(self, viewer: User | None, action: str) -> str:
        return f"This paper is not yours to {action}."

    @override
    def related(self, viewer: User | None) -> Mapping[str, ColumnElement[bool]]:
        return {"clips": Clip.is_public.is_(True)}

    @override
    def hidden(self, viewer: User | None) -> frozenset[str]:
        return frozenset() if viewer is not None and viewer.has_perm(KEEPS_REMARKS) else frozenset({"remark"})

    @override
    def read_only(self, viewer: User | None) -> frozenset[str]:
        return frozenset() if viewer is not None and viewer.has_perm(KEEPS_REMARKS) else frozenset({"level"})


class FolderPolicy(UserPolicy[Folder]):
    """Open folders are for all."""

    @override
    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        return Folder.is_open.is_(True) if action == "view" else true()


PAPERS, FOLDERS = PaperPolicy(), FolderPolicy()
