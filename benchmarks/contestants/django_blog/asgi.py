"""What uvicorn is pointed at; the settings' ROOT_URLCONF says which of the two APIs it serves."""

from django.core.asgi import get_asgi_application

app = get_asgi_application()
