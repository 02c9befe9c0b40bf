"""Papers in folders: they stay out of the site's own metadata."""

from sqlalchemy import ForeignKey, Integer, MetaData, String, func
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from dovetail.contrib.auth.models import User
from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin


class CabinetBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Folder(IdMixin, CabinetBase):
    __tablename__ = "cabinet_folder"

    name: Mapped[str] = mapped_column(String(50))
    is_open: Mapped[bool] = mapped_column(default=True)

    papers: Mapped[list["Paper"]] = relationship(back_populates="folder", lazy="raise")
    clips: Mapped[list["Clip"]] = relationship(lazy="raise")

    def __str__(self) -> str:
        return self.name


class Paper(IdMixin, CabinetBase):
    """It is called by what it says, and by its remark."""

    __tablename__ = "cabinet_paper"

    title: Mapped[str] = mapped_column(String(50))
    remark: Mapped[str] = mapped_column(String(50), default="")
    level: Mapped[int] = mapped_column(default=0)
    owner_id: Mapped[int] = mapped_column(ForeignKey(User.__table__.c.id, ondelete="CASCADE"))
    folder_id: Mapped[int | None] = mapped_column(ForeignKey(Folder.id, ondelete="SET NULL"))
    origin_id: Mapped[int | None] = mapped_column(ForeignKey("cabinet_paper.id", ondelete="SET NULL"))

    owner: Mapped[User] = relationship(lazy="raise")
    folder: Mapped[Folder | None] = relationship(back_populates="papers", lazy="raise")
    origin: Mapped["Paper | None"] = relationship(lambda: Paper, remote_side=lambda: Paper.id, lazy="raise")
    clips: Mapped[list["Clip"]] = relationship(lazy="raise")
    remark_length: Mapped[int] = column_property(func.length(remark.column, type_=Integer))

    @property
    def loud_remark(self) -> str:
        return self.remark.upper()

    def __str__(self) -> str:
        return f"{self.title} ({self.loud_remark})"


class Clip(IdMixin, CabinetBase):
    """It has neither a view nor a policy of its own."""

    __tablename__ = "cabinet_clip"

    name: Mapped[str] = mapped_column(String(50))
    is_public: Mapped[bool] = mapped_column(default=False)
    paper_id: Mapped[int] = mapped_column(ForeignKey(Paper.id, ondelete="CASCADE"))
    folder_id: Mapped[int] = mapped_column(ForeignKey(Folder.id, ondelete="CASCADE"))

    def __str__(self) -> str:
        return self.name
