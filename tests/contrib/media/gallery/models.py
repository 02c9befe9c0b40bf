"""Pictures with files; they stay out of the site's own metadata."""

from typing import ClassVar

from sqlalchemy import MetaData, String
from sqlalchemy.orm import Mapped, mapped_column

from dovetail.database.models import NAMING_CONVENTION, Base, FileField, IdMixin, ImageField, StoredFile


class GalleryBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Picture(IdMixin, GalleryBase):
    __tablename__ = "gallery_picture"

    title: Mapped[str] = mapped_column(String(100))
    image: Mapped[StoredFile | None] = mapped_column(
        ImageField(thumbnails={"small": (40, 40), "large": (300, 200)}), index=True
    )
    cover: Mapped[StoredFile | None] = mapped_column(ImageField(public=True, types=("image/png",)), index=True)
    scan: Mapped[StoredFile | None] = mapped_column(FileField(max_size=1000, types=("application/pdf", "text/html")))
    is_shown: Mapped[bool] = mapped_column(default=False, server_default="0")

    def __str__(self) -> str:
        return self.title


class Portrait(IdMixin, GalleryBase):
    __tablename__ = "gallery_portrait"

    image: Mapped[StoredFile] = mapped_column(ImageField(), index=True)


class Exhibit(IdMixin, GalleryBase):
    __tablename__ = "gallery_exhibit"
    __mapper_args__: ClassVar[dict[str, object]] = {"polymorphic_on": "kind", "polymorphic_identity": "own"}

    kind: Mapped[str] = mapped_column(String(10))
    label: Mapped[StoredFile | None] = mapped_column(FileField(), index=True)


class LentExhibit(Exhibit):
    __mapper_args__: ClassVar[dict[str, object]] = {"polymorphic_identity": "lent"}
