"""`codes`: the registered status codes, by name (RFC 9110 section 15 and the IANA registry)."""

from __future__ import annotations

from enum import IntEnum


def _number(value: int, phrase: str) -> int:
    """A member's arguments. Checkers are to see a number: some take the arguments for the value,
    and then think that no status equals a code."""
    return value, phrase  # type: ignore[return-value]


class codes(IntEnum):  # noqa: N801 (httpx's name)
    """HTTP status codes: `codes.NOT_FOUND`, `codes.not_found`, `codes(404).phrase`."""

    def __new__(cls, value: int, phrase: str = "") -> codes:
        member = int.__new__(cls, value)
        member._value_ = value
        member.phrase = phrase
        return member

    phrase: str

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def get_reason_phrase(cls, value: int) -> str:
        """The standard's phrase for a code, or "" where it has none. Any number may be asked
        for."""
        try:
            return cls(value).phrase
        except ValueError:
            return ""

    @classmethod
    def is_informational(cls, value: int) -> bool:
        """Whether the code is 1xx. Interim: another follows (RFC 9110 section 15.2)."""
        return 100 <= value <= 199

    @classmethod
    def is_success(cls, value: int) -> bool:
        """Whether the code is 2xx. The request succeeded (RFC 9110 section 15.3)."""
        return 200 <= value <= 299

    @classmethod
    def is_redirect(cls, value: int) -> bool:
        """Whether the code is 3xx. More is to be done, mostly at another URL (RFC 9110 section
        15.4)."""
        return 300 <= value <= 399

    @classmethod
    def is_client_error(cls, value: int) -> bool:
        """Whether the code is 4xx. The request is at fault (RFC 9110 section 15.5)."""
        return 400 <= value <= 499

    @classmethod
    def is_server_error(cls, value: int) -> bool:
        """Whether the code is 5xx. The server is at fault (RFC 9110 section 15.6)."""
        return 500 <= value <= 599

    @classmethod
    def is_error(cls, value: int) -> bool:
        """Whether the code is 4xx or 5xx. Either side is at fault."""
        return 400 <= value <= 599

    CONTINUE = _number(100, "Continue")
    SWITCHING_PROTOCOLS = _number(101, "Switching Protocols")
    PROCESSING = _number(102, "Processing")
    EARLY_HINTS = _number(103, "Early Hints")

    OK = _number(200, "OK")
    CREATED = _number(201, "Created")
    ACCEPTED = _number(202, "Accepted")
    NON_AUTHORITATIVE_INFORMATION = _number(203, "Non-Authoritative Information")
    NO_CONTENT = _number(204, "No Content")
    RESET_CONTENT = _number(205, "Reset Content")
    PARTIAL_CONTENT = _number(206, "Partial Content")
    MULTI_STATUS = _number(207, "Multi-Status")
    ALREADY_REPORTED = _number(208, "Already Reported")
    IM_USED = _number(226, "IM Used")

    MULTIPLE_CHOICES = _number(300, "Multiple Choices")
    MOVED_PERMANENTLY = _number(301, "Moved Permanently")
    FOUND = _number(302, "Found")
    SEE_OTHER = _number(303, "See Other")
    NOT_MODIFIED = _number(304, "Not Modified")
    USE_PROXY = _number(305, "Use Proxy")
    TEMPORARY_REDIRECT = _number(307, "Temporary Redirect")
    PERMANENT_REDIRECT = _number(308, "Permanent Redirect")

    BAD_REQUEST = _number(400, "Bad Request")
    UNAUTHORIZED = _number(401, "Unauthorized")
    PAYMENT_REQUIRED = _number(402, "Payment Required")
    FORBIDDEN = _number(403, "Forbidden")
    NOT_FOUND = _number(404, "Not Found")
    METHOD_NOT_ALLOWED = _number(405, "Method Not Allowed")
    NOT_ACCEPTABLE = _number(406, "Not Acceptable")
    PROXY_AUTHENTICATION_REQUIRED = _number(407, "Proxy Authentication Required")
    REQUEST_TIMEOUT = _number(408, "Request Timeout")
    CONFLICT = _number(409, "Conflict")
    GONE = _number(410, "Gone")
    LENGTH_REQUIRED = _number(411, "Length Required")
    PRECONDITION_FAILED = _number(412, "Precondition Failed")
    REQUEST_ENTITY_TOO_LARGE = _number(413, "Request Entity Too Large")
    REQUEST_URI_TOO_LONG = _number(414, "Request-URI Too Long")
    UNSUPPORTED_MEDIA_TYPE = _number(415, "Unsupported Media Type")
    REQUESTED_RANGE_NOT_SATISFIABLE = _number(416, "Requested Range Not Satisfiable")
    EXPECTATION_FAILED = _number(417, "Expectation Failed")
    IM_A_TEAPOT = _number(418, "I'm a teapot")
    MISDIRECTED_REQUEST = _number(421, "Misdirected Request")
    UNPROCESSABLE_ENTITY = _number(422, "Unprocessable Entity")
    LOCKED = _number(423, "Locked")
    FAILED_DEPENDENCY = _number(424, "Failed Dependency")
    TOO_EARLY = _number(425, "Too Early")
    UPGRADE_REQUIRED = _number(426, "Upgrade Required")
    PRECONDITION_REQUIRED = _number(428, "Precondition Required")
    TOO_MANY_REQUESTS = _number(429, "Too Many Requests")
    REQUEST_HEADER_FIELDS_TOO_LARGE = _number(431, "Request Header Fields Too Large")
    UNAVAILABLE_FOR_LEGAL_REASONS = _number(451, "Unavailable For Legal Reasons")

    INTERNAL_SERVER_ERROR = _number(500, "Internal Server Error")
    NOT_IMPLEMENTED = _number(501, "Not Implemented")
    BAD_GATEWAY = _number(502, "Bad Gateway")
    SERVICE_UNAVAILABLE = _number(503, "Service Unavailable")
    GATEWAY_TIMEOUT = _number(504, "Gateway Timeout")
    HTTP_VERSION_NOT_SUPPORTED = _number(505, "HTTP Version Not Supported")
    VARIANT_ALSO_NEGOTIATES = _number(506, "Variant Also Negotiates")
    INSUFFICIENT_STORAGE = _number(507, "Insufficient Storage")
    LOOP_DETECTED = _number(508, "Loop Detected")
    NOT_EXTENDED = _number(510, "Not Extended")
    NETWORK_AUTHENTICATION_REQUIRED = _number(511, "Network Authentication Required")

    # The same by the names of RFC 9110, which httpx2 uses.
    CONTENT_TOO_LARGE = REQUEST_ENTITY_TOO_LARGE
    URI_TOO_LONG = REQUEST_URI_TOO_LONG
    RANGE_NOT_SATISFIABLE = REQUESTED_RANGE_NOT_SATISFIABLE
    UNPROCESSABLE_CONTENT = UNPROCESSABLE_ENTITY


# Code written for requests spells them in lower case.
for _name, _code in codes.__members__.items():
    setattr(codes, _name.lower(), int(_code))
