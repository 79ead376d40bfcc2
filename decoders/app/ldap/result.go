package ldap

// resultNames are the codes of results (RFC 4511 appendix A, the codes of the
// C interface and IANA's list), as EVE and rules name them.
var resultNames = [...]string{
	"success", "operations_error", "protocol_error", "time_limit_exceeded", "size_limit_exceeded", "compare_false",
	"compare_true", "auth_method_not_supported", "stronger_auth_required", 10: "referral", "admin_limit_exceeded",
	"unavailable_critical_extension", "confidentiality_required", "sasl_bind_in_progress", 16: "no_such_attribute",
	"undefined_attribute_type", "inappropriate_matching", "constraint_violation", "attribute_or_value_exists",
	"invalid_attribute_syntax", 32: "no_such_object", "alias_problem", "invalid_dns_syntax", "is_leaf",
	"alias_dereferencing_problem", 48: "inappropriate_authentication", "invalid_credentials",
	"insufficient_access_rights", "busy", "unavailable", "unwilling_to_perform", "loop_detect",
	60: "sort_control_missing", "offset_range_error", 64: "naming_violation", "object_class_violation",
	"not_allowed_on_non_leaf", "not_allowed_on_rdn", "entry_already_exists", "object_class_mods_prohibited",
	"results_too_large", "affects_multiple_dsas", 76: "control_error", 80: "other", "server_down", "local_error",
	"encoding_error", "decoding_error", "timeout", "auth_unknown", "filter_error", "user_canceled", "param_error",
	"no_memory", "connect_error", "not_supported", "control_not_found", "no_results_returned", "more_results_to_return",
	"client_loop", "referral_limit_exceeded", 100: "invalid_response", "ambiguous_response", 112: "tls_not_supported",
	"intermediate_response", "unknown_type", 118: "canceled", "no_such_operation", "too_late", "cannot_cancel",
	"assertion_failed", "authorization_denied",
}

// resultName returns the name of a code, "" when it has none.
func resultName(code int64) string {
	if code < 0 || code >= int64(len(resultNames)) {
		return ""
	}
	return resultNames[code]
}
