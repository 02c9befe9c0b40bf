"""The models of the tutorial of Django: https://docs.djangoproject.com/en/5.2/intro/tutorial02/."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import ForeignKey, MetaData, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.contrib.admin.views import display
from dovetail.database.column_types import UTCDateTime
from dovetail.database.models import NAMING_CONVENTION, Base, IdMixin


class PollsBase(Base):
    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class Question(IdMixin, PollsBase):
    __tablename__ = "polls_question"

    question_text: Mapped[str] = mapped_column(String(200))
    pub_date: Mapped[datetime] = mapped_column(UTCDateTime)

    choices: Mapped[list["Choice"]] = relationship(back_populates="question", lazy="raise", passive_deletes=True)

    def __str__(self) -> str:
        return self.question_text

    @display(boolean=True, ordering="pub_date", description="Published recently?")
    def was_published_recently(self) -> bool:
        now = datetime.now(UTC)
        return now - timedelta(days=1) <= self.pub_date <= now


class Choice(IdMixin, PollsBase):
    __tablename__ = "polls_choice"

    question_id: Mapped[int] = mapped_column(ForeignKey(Question.id, ondelete="CASCADE"), index=True)
    choice_text: Mapped[str] = mapped_column(String(200))
    votes: Mapped[int] = mapped_column(default=0, server_default="0")

    question: Mapped[Question] = relationship(back_populates="choices", lazy="raise")

    def __str__(self) -> str:
        return self.choice_text
