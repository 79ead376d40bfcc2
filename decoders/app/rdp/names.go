package rdp

// unknown stands where a number has no name, so that it is seen that there is
// one.
const unknown = "unknown"

// requestFlagNames are the flags of a negotiation request by bit (section
// 2.2.1.1.1).
var requestFlagNames = []string{"restricted_admin_mode_required", "redirected_authentication_mode_required", "", "correlation_info_present"}

const requestFlags = 1 | 2 | 8 // that have names

// responseFlagNames are the flags of a negotiation response by bit (section
// 2.2.1.2.1).
var responseFlagNames = []string{"extended_client_data", "dynvc_gfx", "", "restricted_admin", "redirected_authentication"}

// protocolNames are the security protocols that a server selects (section
// 2.2.1.2.1).
var protocolNames = map[uint32]string{0: "rdp", 1: "ssl", 2: "hybrid", 4: "rds_tls", 8: "hybrid_ex", 16: "rds_aad"}

// failureNames are the codes of a negotiation failure (section 2.2.1.2.2).
var failureNames = [...]string{
	1: "ssl required by server",
	2: "ssl not allowed by server",
	3: "ssl cert not on server",
	4: "inconsistent flags",
	5: "hybrid required by server",
	6: "ssl with user auth required by server",
}

// keyboardNames are the types of keyboards (section 2.2.1.3.2).
var keyboardNames = [...]string{1: "xt", 2: "ico", 3: "at", 4: "enhanced", 5: "1050", 6: "9140", 7: "jp"}

// hintNames are the values of connectionType.
var hintNames = [...]string{"", "modem", "low_broadband", "satellite", "high_broadband", "wan", "lan", "autodetect"}

// capabilityNames are the bits of earlyCapabilityFlags.
var capabilityNames = []string{
	"support_errinfo_pdf", "want_32bpp_session", "support_statusinfo_pdu", "strong_asymmetric_keys", "", "valid_connection_type",
	"support_monitor_layout_pdu", "support_netchar_autodetect", "support_dynvc_gfx_protocol", "support_dynamic_time_zone",
	"support_heartbeat_pdu", "support_skip_channeljoin",
}

// versionNames are the versions of clients, by what follows 0x00080000.
var versionNames = [...]string{
	1: "v4", 4: "v5", 5: "v10.0", 6: "v10.1", 7: "v10.2", 8: "v10.3", 9: "v10.4", 10: "v10.5", 11: "v10.6", 12: "v10.7",
	13: "v10.8", 14: "v10.9", 15: "v10.10", 16: "v10.11", 17: "v10.12",
}

func versionName(v uint32) string {
	if minor := v - 0x80000; minor < uint32(len(versionNames)) && versionNames[minor] != "" {
		return versionNames[minor]
	}
	return unknown
}

// builds are the systems of clients by their build.
var builds = map[uint32]string{
	528: "Windows NT 3.1", 807: "Windows NT 3.5", 1057: "Windows NT 3.51", 1381: "Windows NT 4.0", 2195: "Windows 2000",
	2600: "Windows XP", 3790: "Windows Server 2003", 6000: "Windows Vista RTM", 6001: "Windows Vista SP1", 6002: "Windows Vista SP2",
	7600: "Windows 7 RTM", 7601: "Windows 7 SP1", 9200: "Windows 8", 9600: "Windows 8.1",
	10240: "Windows 10 TH1", 10586: "Windows 10 TH2", 14393: "Windows 10 RS1", 15063: "Windows 10 RS2", 16299: "Windows 10 RS3",
	17134: "Windows 10 RS4", 17763: "Windows 10 RS5", 18362: "Windows 10 19H1", 18363: "Windows 10 19H2", 19041: "Windows 10 20H1",
	19042: "Windows 10 20H2", 19043: "Windows 10 21H1", 19044: "Windows 10 21H2", 19045: "Windows 10 22H2", 20348: "Windows Server 2022",
	22000: "Windows 11 21H2", 22621: "Windows 11 22H2", 22631: "Windows 11 23H2", 26100: "Windows 11 24H2",
}

func buildName(n uint32) string {
	if name := builds[n]; name != "" {
		return name
	}
	return unknown
}

// localeName is the name of a language code ([MS-LCID] section 2.2), which
// names a layout of the keyboard.
func localeName(lcid uint32) string {
	if name := locales[lcid]; name != "" {
		return name
	}
	return unknown
}
