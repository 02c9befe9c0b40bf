"""Resources whose schemas need Python."""

from fastapi import APIRouter
from pydantic import computed_field

from dovetail.api.schemas import Schema
from dovetail.resources.policy import Open
from dovetail.resources.resource import Resource
from tests.people.models import Architect, Engineer, Mood, Person, Team


class MemberRead(Schema):
    id: int
    name: str

    @computed_field  # type: ignore[prop-decorator]  # pydantic's own way to write it
    @property
    def initial(self) -> str:
        return self.name[:1]


class TeamWrite(Schema):
    name: str = "a"
    badge: bytes | None = None
    charter: str = ""
    mood: str = "glad"
    size: str = "S"


class PlainTeamRead(Schema):
    id: int
    name: str
    mood: Mood


class TeamRead(PlainTeamRead):
    badge: bytes | None
    charter: str
    size: str
    members: list[MemberRead]

    @computed_field  # type: ignore[prop-decorator]  # as above
    @property
    def shout(self) -> str:
        return self.name.upper()


class EngineerWrite(Schema):
    name: str
    language: str
    team_id: int | None = None


class PersonRead(Schema):
    id: int
    kind: str
    name: str


class EngineerRead(MemberRead):
    language: str


class PersonWrite(Schema):
    name: str


teams = Resource(
    model=Team, read=TeamRead, create=TeamWrite, update=TeamWrite, policy=Open(), filters={"size": "exact"}
)
plain = Resource(model=Team, read=PlainTeamRead, create=TeamWrite, update=TeamWrite, policy=Open(), name="plain_team")
people = Resource(model=Person, read=PersonRead, create=PersonWrite, policy=Open(), plural="people")
engineers = Resource(model=Engineer, read=EngineerRead, create=EngineerWrite, update=EngineerWrite, policy=Open())
architects = Resource(model=Architect, read=EngineerRead, create=EngineerWrite, policy=Open())

router = APIRouter(tags=["people"])
for resource in (teams, plain, people, engineers, architects):
    router.include_router(resource.router)
