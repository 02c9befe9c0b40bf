"""The kernel's settings, read from the environment and from `.env` (https://docs.pydantic.dev/latest/concepts/pydantic_settings/)."""

import json
import re
import secrets
from contextlib import suppress
from functools import lru_cache
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from dotenv.parser import parse_stream
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from dovetail.errors import LONGEST_QUOTE, ConfigurationError
from dovetail.state import StateKey
from dovetail.validators import ANY, check_methods, check_origins, check_proxies, check_tokens, check_zone

Environment = Literal["development", "test", "production"]
Positive = Annotated[int, Field(gt=0)]
NotNegative = Annotated[int, Field(ge=0)]
ModelT = TypeVar("ModelT", bound=BaseModel)

MINIMUM_SECRET_LENGTH = 32
LONGEST_PROBLEM = 500  # characters of what is wrong with one value: a plugin may quote it in full
REDIS_SCHEMES = ("redis", "rediss", "redis+unix", "valkey", "valkeys", "valkey+unix")
DOTENV_ENCODING = "utf-8-sig"  # UTF-8, with or without a byte order mark, which editors on Windows write

# What clients of the API send, and what they read.
CORS_ALLOWED_METHODS = ("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE")
CORS_ALLOWED_HEADERS = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "X-Request-ID")
CORS_EXPOSED_HEADERS = (
    "Allow",
    "Content-Disposition",
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-ID",
)


def split_names(value: object) -> object:
    """Return the names in `a.example, b.example` or in a JSON list; a value that is no text is returned as it is.

    Raise ValueError for a text that starts like a JSON list and is none.
    """
    if not isinstance(value, str):
        return value
    if not value.lstrip().startswith("["):
        return [name.strip() for name in value.split(",") if name.strip()]
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        raise ValueError("expected names with commas between them, or a JSON list of them") from None


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_names)]


class SecretKey(SecretStr):
    """SECRET_KEY with the earlier ones (SECRET_KEY_FALLBACKS), which are used for reading alone."""

    def __init__(self, value: str, earlier: tuple[str, ...]) -> None:
        super().__init__(value)
        self.earlier = earlier


def secrets_to_read_with(secret_key: SecretStr) -> tuple[str, ...]:
    """Return the secrets with which something may have been signed or encrypted, the current one first."""
    earlier = secret_key.earlier if isinstance(secret_key, SecretKey) else ()
    return (secret_key.get_secret_value(), *earlier)


class Settings(BaseSettings):
    """The kernel's settings; a site subclasses them in `config/settings.py` to name its plugins.

    Every field is read from the environment variable of its name in capitals (`DATABASE_URL`), then from `.env`.
    Read them with `load_settings`, which makes one message of all that is wrong.
    """

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding=DOTENV_ENCODING, extra="ignore", hide_input_in_errors=True, frozen=True
    )

    site_name: str = "Dovetail"
    environment: Environment = "development"
    base_dir: Path = Path()
    language_code: str = "en"  # of pages, unless the user or their browser asks for another one of `languages`
    languages: tuple[tuple[str, str], ...] = (("en", "English"), ("de", "Deutsch"))  # code, and name in that language
    time_zone: Annotated[str, AfterValidator(check_zone)] = "UTC"  # of pages, unless the user has chosen another
    plugins: tuple[str, ...] = ()
    application_factory: str = "dovetail.application:make_application"  # how commands and tests make the application
    asgi_application: str = "config.asgi:app"  # what `manage.py runserver` serves

    secret_key: SecretStr = SecretStr("")
    secret_key_fallbacks: tuple[SecretStr, ...] = ()  # earlier secrets, for reading alone, as Django's
    allowed_hosts: Names = ("localhost", "127.0.0.1", "[::1]", "testserver")
    # The proxies whose X-Forwarded headers are trusted.
    trusted_proxies: Annotated[Names, AfterValidator(check_proxies)] = ("127.0.0.1", "::1")
    max_body_size: Positive = 2_621_440  # bytes
    max_body_items: Positive = 10_000  # values in a body of JSON
    docs: Literal["public", "staff", "off"] = "public"  # who may read /docs and /openapi.json
    request_head_timeout: Annotated[float, Field(gt=0, le=3600)] = 20.0  # seconds, see docs/server.md
    request_body_timeout: Annotated[float, Field(gt=0, le=3600)] = 60.0  # seconds, more while a body keeps coming
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    opentelemetry: bool = False  # whether FastAPI reports to the providers that the process has configured

    cors_allowed_origins: Annotated[Names, AfterValidator(check_origins)] = ()  # whose pages may read the API
    cors_allowed_methods: Annotated[Names, AfterValidator(check_methods)] = (
        "GET",
        "HEAD",
        "POST",
        "PATCH",
        "PUT",
        "DELETE",
    )
    cors_allowed_headers: Annotated[Names, AfterValidator(check_tokens)] = CORS_ALLOWED_HEADERS
    cors_exposed_headers: Annotated[Names, AfterValidator(check_tokens)] = CORS_EXPOSED_HEADERS
    cors_allow_credentials: bool = False  # whether those pages may send cookies
    cors_max_age: Annotated[int, Field(ge=0, le=86_400)] = 600  # seconds a browser remembers the answer to a preflight

    database_url: SecretStr = SecretStr("sqlite+aiosqlite:///var/dovetail.sqlite3")
    database_pool_size: Positive = 10
    database_max_overflow: NotNegative = 0
    database_pool_timeout: Annotated[float, Field(gt=0, le=60)] = 2.0  # seconds
    database_connect_timeout: Annotated[float, Field(gt=0, le=60)] = 5.0  # seconds, for a ping too
    database_command_timeout: Annotated[float, Field(gt=0, le=3600)] = 30.0  # seconds, for a statement of a request
    database_lock_timeout: Annotated[float, Field(ge=0, le=3600)] = 1.5  # seconds, on PostgreSQL; 0 for no limit
    database_pool_recycle: Annotated[int, Field(ge=-1)] = 1800  # seconds
    database_pool_pre_ping: bool = True
    database_prepared_statements: bool = True  # on PostgreSQL; some poolers do not support them
    database_echo: bool = False

    redis_url: SecretStr = SecretStr("")  # of Redis or Valkey, to count requests there and not in the database

    @field_validator("database_url")
    @classmethod
    def _use_async_driver(cls, value: SecretStr) -> SecretStr:
        return SecretStr(with_async_driver(value.get_secret_value()))

    @field_validator("redis_url")
    @classmethod
    def _use_known_scheme(cls, value: SecretStr) -> SecretStr:
        scheme = value.get_secret_value().partition("://")[0]
        if scheme and scheme not in REDIS_SCHEMES:
            raise ValueError(f"expected redis://host:6379/0, or one of {', '.join(REDIS_SCHEMES)}")
        return value

    @model_validator(mode="after")
    def _check_language(self) -> Self:
        codes = [code for code, _ in self.languages]
        if unfit := [code for code in codes if re.fullmatch("[a-z]{2,3}(-[a-z0-9]{2,8})*", code) is None]:
            raise ValueError(f"LANGUAGES has {unfit[0][:20]!r}, expected codes such as 'de' or 'pt-br'")
        if self.language_code not in codes:
            raise ValueError(f"LANGUAGE_CODE is {self.language_code[:20]!r}, expected one of {', '.join(codes)}")
        return self

    @model_validator(mode="after")
    def _name_origins_for_credentials(self) -> Self:
        everything = [
            name
            for name in ("cors_allowed_origins", "cors_exposed_headers", "cors_allowed_headers")
            if ANY in getattr(self, name)
        ]
        if self.cors_allow_credentials and everything:
            raise ValueError(f"{everything[0].upper()}='*' cannot be used with CORS_ALLOW_CREDENTIALS; name each")
        return self

    @model_validator(mode="after")
    def _have_a_secret(self) -> Self:
        given = self.secret_key.get_secret_value()
        if not given and self.environment != "production":
            object.__setattr__(self, "secret_key", SecretStr(_own_secret(self.base_dir / "var")))
        elif len(given) < MINIMUM_SECRET_LENGTH:
            raise ValueError(
                f"SECRET_KEY has {len(given)} characters, expected {MINIMUM_SECRET_LENGTH} or more; "
                'make one with: python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
            )
        return self

    @model_validator(mode="after")
    def _know_earlier_secrets(self) -> Self:
        earlier = tuple(one.get_secret_value() for one in self.secret_key_fallbacks)
        if any(len(one) < MINIMUM_SECRET_LENGTH for one in earlier):
            raise ValueError(f"SECRET_KEY_FALLBACKS: one is shorter than {MINIMUM_SECRET_LENGTH} characters; remove it")
        if earlier:
            object.__setattr__(self, "secret_key", SecretKey(self.secret_key.get_secret_value(), earlier))
        return self

    @property
    def debug(self) -> bool:
        """Return whether mistakes may be shown in full: everywhere but in production."""
        return self.environment != "production"

    @classmethod
    def dotenv_files(cls) -> tuple[Path, ...]:
        """Return the files that are read besides the environment, `.env` by default; the last one wins."""
        found = cls.model_config.get("env_file")
        if found is None:
            return ()
        return (Path(found),) if isinstance(found, (str, Path)) else tuple(map(Path, found))


SettingsT = TypeVar("SettingsT", bound=Settings)


SETTINGS = StateKey[Settings]("settings")


def load_settings(settings_class: type[SettingsT]) -> SettingsT:
    """Read `settings_class` from the environment.

    Raise ConfigurationError that names each wrong variable, and never its value, or the bad line of `.env`.
    """
    for path in settings_class.dotenv_files():
        _check_dotenv(path)
    try:
        return settings_class()
    except (ValidationError, SettingsError) as error:
        raise ConfigurationError(_explain(error)) from None


def load_plugin_settings(
    schema: type[ModelT], prefix: str, base_dir: Path, dotenv_files: tuple[Path, ...] = (Path(".env"),)
) -> ModelT:
    """Read a plugin's own settings from the variables that start with `prefix` (`BLOG_`).

    They are read from the environment and from `dotenv_files` below `base_dir`; those of a site are
    `Settings.dotenv_files`. Raise ConfigurationError as `load_settings` does.
    """
    try:
        values: Any = _reader(schema, prefix, tuple(base_dir / file for file in dotenv_files))()
    except (ValidationError, SettingsError) as error:
        raise ConfigurationError(_explain(error, prefix)) from None
    return values  # type: ignore[no-any-return]  # a subclass of schema, made above


def with_async_driver(url: str) -> str:
    """Return a database URL with the driver that Dovetail uses: asyncpg for PostgreSQL, aiosqlite for SQLite.

    Raise ValueError for any other database.
    """
    scheme, separator, rest = url.partition("://")
    driver = {
        "postgres": "postgresql+asyncpg",
        "postgresql": "postgresql+asyncpg",
        "postgresql+asyncpg": "postgresql+asyncpg",
        "sqlite": "sqlite+aiosqlite",
        "sqlite+aiosqlite": "sqlite+aiosqlite",
    }.get(scheme)
    if not separator or driver is None:
        raise ValueError(
            "expected postgresql://user:password@host/name or sqlite:///path/to/file.sqlite3, "
            f"found a URL that starts with {scheme[:24]!r}"
            if separator
            else "expected a URL such as sqlite:///var/site.sqlite3"
        )
    return f"{driver}://{rest}"


def development_secret(folder: Path) -> str:
    """Return the secret in `folder/secret_key`, which is made once on a developer's machine, readable by its owner."""
    path = folder / "secret_key"
    with suppress(FileNotFoundError):
        if found := path.read_text(encoding="ascii").strip():
            return found
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f"secret_key.{secrets.token_hex(8)}"
    fresh.touch(mode=0o600, exist_ok=False)
    fresh.write_text(secrets.token_urlsafe(48), encoding="ascii")
    with suppress(FileExistsError):
        path.hardlink_to(fresh)  # atomic: of two processes that start at once, both read the first one's secret
    fresh.unlink()
    return path.read_text(encoding="ascii").strip()


@lru_cache(maxsize=64)  # a start reads each plugin's settings several times, and making the class takes longest
def _reader(schema: type[BaseModel], prefix: str, dotenv_files: tuple[Path, ...]) -> type[BaseSettings]:
    """Return a class that reads `schema` from the environment anew each time it is called."""
    config = SettingsConfigDict(
        env_prefix=prefix,
        env_file=dotenv_files,
        env_file_encoding=DOTENV_ENCODING,
        extra="ignore",
        hide_input_in_errors=True,
    )
    return type(schema.__name__, (schema, _Reader), {"model_config": config, "__module__": schema.__module__})


class _Reader(BaseSettings):
    """Settings that skip sources without a variable of their prefix; reading those takes a sixth of a start."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic-settings hands it over
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources that have a variable of the prefix."""
        sources = (init_settings, env_settings, dotenv_settings, file_secret_settings)
        if any(field.validation_alias is not None for field in cls.model_fields.values()):  # read without the prefix
            return sources
        prefix = cls.model_config.get("env_prefix", "").lower()
        return tuple(one for one in sources if not isinstance(one, EnvSettingsSource) or _has(one, prefix))


def _has(source: EnvSettingsSource, prefix: str) -> bool:
    return any(name.lower().startswith(prefix) for name in source.env_vars)


def _own_secret(folder: Path) -> str:
    try:
        return development_secret(folder)
    except OSError as error:
        raise ValueError(
            f"SECRET_KEY is not set, and none can be kept in {folder} ({error.strerror}); set it"
        ) from None


def _check_dotenv(path: Path) -> None:
    # What python-dotenv cannot parse it passes over: a variable with an unclosed quote would silently not be set.
    if not path.is_file():
        return
    try:
        text = path.read_text(encoding=DOTENV_ENCODING)
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is not UTF-8; save it as UTF-8") from None
    for binding in parse_stream(StringIO(text)):
        if binding.error:
            found = binding.original.string
            line = binding.original.line + found[: len(found) - len(found.lstrip())].count("\n")
            raise ConfigurationError(f"{path}, line {line}: expected NAME=value, with every quote closed")


def _explain(error: ValidationError | SettingsError, prefix: str = "") -> str:
    if isinstance(error, SettingsError):
        field = re.search(r'field "(\w+)"', str(error))
        name = (prefix + field[1]).upper() if field else "a variable"
        return f'The settings cannot be read: {name} is not valid JSON; a list is written as ["one", "two"].'
    problems = []
    for problem in error.errors(include_input=False, include_url=False):
        name = prefix + "_".join(str(part) for part in problem["loc"][:1]).upper()
        where = ".".join(str(part)[:LONGEST_QUOTE] for part in problem["loc"][1:])  # within a list or a mapping
        message = f"{where}: " * bool(where) + problem["msg"].removeprefix("Value error, ")[:LONGEST_PROBLEM]
        problems.append(f"{name}: {message}" if problem["loc"] else message)
    return "The settings are not usable: " + "; ".join(problems)
