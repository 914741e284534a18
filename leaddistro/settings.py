"""Every setting of the product, read top to bottom. Unset environment means the embedded default."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import environ

from core import logging
from leaddistro.valkey import server_binary, socket_path

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent
environ.Env.read_env(BASE_DIR / env.str("ENV_FILE", default=".env"))

# --- paths -------------------------------------------------------------------------------------------------
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "data"))).resolve()

# --- secrets -----------------------------------------------------------------------------------------------
DEVELOPMENT_SECRET = "embedded-default-secret-key-for-one-machine-only"  # noqa: S105 - refused in production by a check
SECRET_KEY = env.str("SECRET_KEY", default="") or DEVELOPMENT_SECRET
SEALING_KEYS = env.list("SEALING_KEYS", default=[])  # "id:base64 of 32 bytes", newest first; [] = made of SECRET_KEY

# --- where we are reached ----------------------------------------------------------------------------------
PORT = env.int("PORT", default=8000)
PUBLIC_URL = env.str("PUBLIC_URL", default=f"http://localhost:{PORT}").rstrip("/")
PRODUCTION = PUBLIC_URL.startswith("https://")  # the one switch: HTTPS only, HSTS, secure cookies, second factor
HOST = env.str("HOST", default="0.0.0.0" if PRODUCTION else "127.0.0.1")  # noqa: S104 - behind the operator's proxy
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["*"])
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=[])  # networks whose X-Forwarded-For and -Proto count
EGRESS_ALLOW = env.list("EGRESS_ALLOW", default=[])  # private networks that deliveries may reach
METRICS_ALLOW = env.list("METRICS_ALLOW", default=[])  # networks that may read /metrics
DEMO = env.str("SEED_DEMO", default="1") != "0" and not PRODUCTION  # a demo agency, and its buyers' receiver
DEBUG = False

# --- apps --------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "leaddistro",
    "portal.admin_app.OperatorsAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "axes",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "accounts",
    "routing",
    "scoring",
    "billing",
    "webhooks",
    "buyers",
    "leads",
    "portal",
]
MIDDLEWARE = [
    "core.middleware.Arrival",
    "django.middleware.security.SecurityMiddleware",
    "core.middleware.ApiDoor",  # requests of the API leave here; what follows serves browsers
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "portal.second_factor.RequireSecondFactor",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "leaddistro.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
WSGI_APPLICATION = "leaddistro.wsgi.application"

# --- database ----------------------------------------------------------------------------------------------
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url_config(env.str("DATABASE_URL", default="") or f"sqlite:///{DATA_DIR / 'leaddistro.sqlite3'}"),
}
ON_SQLITE = DATABASES["default"]["ENGINE"].endswith("sqlite3")
if ON_SQLITE:
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }
else:
    DATABASES["default"]["ENGINE"] = "core.postgresql"
    DATABASES["default"]["CONN_MAX_AGE"] = 600
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- processes, broker -------------------------------------------------------------------------------------
WEB_WORKERS = env.int("WEB_WORKERS", default=1 if ON_SQLITE else 2)
EMBEDDED_BROKER = not env.str("REDIS_URL", default="")  # then `up` starts a Valkey of its own
REDIS_URL = f"unix://{socket_path(DATA_DIR)}" if EMBEDDED_BROKER else env.str("REDIS_URL")
BROKER_FOLDER = DATA_DIR / "queue" if EMBEDDED_BROKER and server_binary() is None else None  # messages as files
LAG_PROBES = ["webhooks.queries.lag"]  # how long the oldest due work has waited; /readyz asks

# --- people ------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/agency/"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
REQUIRE_MFA = env.bool("REQUIRE_MFA", default=PRODUCTION)
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_IPWARE_META_PRECEDENCE_ORDER = ["REMOTE_ADDR"]  # core.middleware.Arrival has put the client's address there
AXES_VERBOSE = False  # its lines name the person
AXES_USERNAME_CALLABLE = "portal.sign_in.attempted_name"
AXES_LOCKOUT_TEMPLATE = "429.html"
AXES_ENABLE_ADMIN = False
ACCOUNT_ADAPTER = "portal.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # people are invited by e-mail: an address that works is how they came here
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = "leaddistro: "
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = True  # the session's length is SESSION_COOKIE_AGE for everybody
ACCOUNT_SESSION_COOKIE_AGE = 12 * 3600
ACCOUNT_RATE_LIMITS = {"login_failed": "30/m/ip"}  # axes counts by person, and survives a restart
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
MFA_ADAPTER = "portal.sign_in.SealedMFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True
CACHES = {
    "default": {
        "BACKEND": "portal.cache.SharedCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    },
}

# --- browsers ----------------------------------------------------------------------------------------------
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = ["^v1/", "^healthz$", "^readyz$", "^metrics$"]  # the API refuses, machines ask from inside
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]  # HSTS for sibling domains is for their owner to decide
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    },
}

# --- mail, logs --------------------------------------------------------------------------------------------
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="leaddistro@localhost")
LOGGING = logging.configure(env.str("LOG_LEVEL", default="info"))

# --- API ---------------------------------------------------------------------------------------------------
RATE_LIMIT_PER_MINUTE = env.int("RATE_LIMIT_PER_MINUTE", default=1000)
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,
}

SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SCHEMA_PATH_PREFIX": "/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": ["leaddistro.openapi.complete"],  # enums stay in place: most are called status or state
}

# --- language, time ----------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # straight from the apps: nothing to collect, nothing to go stale
