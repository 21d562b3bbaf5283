#include "agent/serve/status.h"

const char *http_reason(unsigned status)
{
	switch ((enum http_status)status) {
	case HTTP_OK:
		return "OK";
	case HTTP_NO_CONTENT:
		return "No Content";
	case HTTP_NOT_MODIFIED:
		return "Not Modified";
	case HTTP_BAD_REQUEST:
		return "Bad Request";
	case HTTP_UNAUTHORIZED:
		return "Unauthorized";
	case HTTP_FORBIDDEN:
		return "Forbidden";
	case HTTP_NOT_FOUND:
		return "Not Found";
	case HTTP_BAD_METHOD:
		return "Method Not Allowed";
	case HTTP_NOT_ACCEPTABLE:
		return "Not Acceptable";
	case HTTP_REQUEST_TIMEOUT:
		return "Request Timeout";
	case HTTP_CONFLICT:
		return "Conflict";
	case HTTP_PRECONDITION_FAILED:
		return "Precondition Failed";
	case HTTP_TOO_LARGE:
		return "Content Too Large";
	case HTTP_URI_TOO_LONG:
		return "URI Too Long";
	case HTTP_UNSUPPORTED_TYPE:
		return "Unsupported Media Type";
	case HTTP_EXPECTATION_FAILED:
		return "Expectation Failed";
	case HTTP_UNPROCESSABLE:
		return "Unprocessable Content";
	case HTTP_TOO_MANY_REQUESTS:
		return "Too Many Requests";
	case HTTP_HEAD_TOO_LARGE:
		return "Request Header Fields Too Large";
	case HTTP_INTERNAL_ERROR:
		return "Internal Server Error";
	case HTTP_NOT_IMPLEMENTED:
		return "Not Implemented";
	case HTTP_UNAVAILABLE:
		return "Service Unavailable";
	case HTTP_TIMED_OUT:
		return "Gateway Timeout";
	case HTTP_BAD_VERSION:
		return "HTTP Version Not Supported";
	}
	return "";
}
