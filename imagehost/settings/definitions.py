"""All settings with their defaults, read from the environment or ``.env``, and checked at the start."""

import os
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from imagehost.domain.host_names import LAST_PORT
from imagehost.domain.kinds import KINDS
from imagehost.settings.database_url import read_database_url
from imagehost.settings.parsers import (
    parse_address,
    parse_contact,
    parse_hosts,
    parse_kinds,
    parse_networks,
    parse_public_url,
)
from imagehost.settings.reader import ROOT, Reader, WrongSetting
from imagehost.settings.secret_key import kept_secret_key

BY_DEFAULT = tuple(name for name, kind in KINDS.items() if kind.by_default)
FORM_OVERHEAD = 64 * 1024
"""The bytes that a request may have in addition to the picture: the other parts and headers of the form."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. Paths are absolute, sizes are in bytes."""

    instance_dir: Path
    database_url: sa.URL
    images_dir: Path
    log_dir: Path
    backup_dir: Path
    max_file_size: int
    max_pixels: int
    max_animation_pixels: int
    max_work: int
    allowed_extensions: tuple[str, ...]
    public_url: str | None
    access: str
    """``open``, or an empty string if the setting is not given."""
    bind_address: str | None
    allowed_hosts: tuple[str, ...]
    trusted_proxies: int
    proxy_addresses: tuple[str, ...]
    web_server_host: str
    web_server_start_port: int
    web_server_ports: int
    web_server_workers: int
    log_level: str
    log_format: str
    log_max_size: int
    log_keep: int
    secret_key: str
    keep_metadata: bool
    rate_limit_enabled: bool
    rate_limit: str
    deletion_rate_limit: str
    list_rate_limit: str
    rendering_rate_limit: str
    allow_indexing: bool
    security_contact: str | None


def load_settings(**overrides: object) -> Settings:
    """Read and check all settings. Raises WrongSetting, which ends the program with a line of text.

    Raises TypeError if ``overrides`` has a name that is not a setting.
    """
    read = Reader(overrides)
    instance = read.folder("INSTANCE_DIR", ROOT / "instance")
    settings = Settings(
        instance_dir=instance,
        database_url=read_database_url(read, instance),
        images_dir=read.path("IMAGES_DIR", read.path("UPLOAD_DIR", instance / "images")),
        log_dir=read.folder("LOG_DIR", instance / "logs"),
        backup_dir=read.path("BACKUP_DIR", instance / "backups"),
        max_file_size=read.number("MAX_FILE_SIZE", 10 * 1024 * 1024, 1, 2**40),
        max_pixels=read.number("MAX_PIXELS", 100_000_000, 1, 2**40),
        max_animation_pixels=read.number("MAX_ANIMATION_PIXELS", 5_000_000_000, 1, 2**50),
        max_work=read.number("MAX_WORK", 2_000_000_000, 1, 2**50),
        allowed_extensions=read.parsed(
            "ALLOWED_EXTENSIONS", BY_DEFAULT, "a list of " + ", ".join(KINDS), parse_kinds
        ),
        public_url=read.parsed(
            "PUBLIC_URL", None, "a scheme and a host, such as https://img.example.org", parse_public_url
        ),
        access=read.choice("ACCESS", "", ("open",)),
        bind_address=read.parsed("BIND_ADDRESS", None, "an IP address, such as 127.0.0.1", parse_address),
        allowed_hosts=read.parsed(
            "ALLOWED_HOSTS", (), "a list of host names, such as img.example.org,img.example.net", parse_hosts
        ),
        trusted_proxies=read.number("TRUSTED_PROXIES", 0, 0, 16),
        proxy_addresses=read.parsed(
            "PROXY_ADDRESSES", (), "a list of IP addresses and networks, such as 10.0.0.0/8", parse_networks
        ),
        web_server_host=read.text("WEB_SERVER_HOST", "127.0.0.1") or "",
        web_server_start_port=read.number("WEB_SERVER_START_PORT", 8000, 1, LAST_PORT),
        web_server_ports=read.number("WEB_SERVER_PORTS", 1, 1, 256),
        web_server_workers=read.number("WEB_SERVER_WORKERS", os.cpu_count() or 1, 1, 256),
        log_level=read.choice("LOG_LEVEL", "info", ("debug", "info", "warning", "error")),
        log_format=read.choice("LOG_FORMAT", "text", ("text", "json")),
        log_max_size=read.number("LOG_MAX_SIZE", 20 * 1024 * 1024, 1, 2**40),
        log_keep=read.number("LOG_KEEP", 5, 1, 1000),
        secret_key=read.secret("SECRET_KEY") or kept_secret_key(instance),
        keep_metadata=read.flag("KEEP_METADATA", default=False),
        rate_limit_enabled=read.flag("RATE_LIMIT_ENABLED", default=True),
        rate_limit=read.rate("RATE_LIMIT", "600/minute"),
        deletion_rate_limit=read.rate("DELETION_RATE_LIMIT", "120/minute"),
        list_rate_limit=read.rate("LIST_RATE_LIMIT", "600/minute"),
        rendering_rate_limit=read.rate("RENDERING_RATE_LIMIT", "600/minute"),
        allow_indexing=read.flag("ALLOW_INDEXING", default=False),
        security_contact=read.parsed(
            "SECURITY_CONTACT", None, "an e-mail address or an https address", parse_contact
        ),
    )
    last_port = settings.web_server_start_port + settings.web_server_ports - 1
    if last_port > LAST_PORT:
        raise WrongSetting(
            "WEB_SERVER_PORTS",
            settings.web_server_ports,
            f"small enough that the last port is at most {LAST_PORT}",
        )
    if read.overrides:
        raise TypeError(f"no such settings: {', '.join(read.overrides)}")
    return settings
