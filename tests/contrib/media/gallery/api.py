from dovetail.resources.resource import Resource
from tests.contrib.media.gallery.models import Picture
from tests.contrib.media.gallery.policies import PICTURES

pictures = Resource(model=Picture, fields=("title", "is_shown", "image", "scan"), policy=PICTURES)
router = pictures.router
