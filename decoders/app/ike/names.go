package ike

// named returns the name of a number, "" when it has none.
func named(names []string, n uint64) string {
	if n < uint64(len(names)) {
		return names[n]
	}
	return ""
}

// Names of version 1, as EVE has them: attributes of a security association and
// their values (RFC 2409 appendix A and IANA's list), payloads (RFC 2408 section
// 3.1).
var (
	attributeNames = []string{
		1: "alg_enc", "alg_hash", "alg_auth", "alg_dh", "sa_group_type", "sa_group_prime", "sa_group_generator_one",
		"sa_group_generator_two", "sa_group_curve_a", "sa_group_curve_b", "sa_life_type", "sa_life_duration", "alg_prf",
		"sa_key_length", "sa_field_size", "sa_group_order", "unknown",
	}
	valueNames = [...][]string{
		attributeEncryption: {
			1: "EncDesCbc", "EncIdeaCbc", "EncBlowfishCbc", "EncRc5R16B64Cbc", "EncTripleDesCbc", "EncCastCbc", "EncAesCbc",
			"EncCamelliaCbc",
		},
		attributeHash: {
			1: "HashMd5", "HashSha", "HashTiger", "HashSha2_256", "HashSha2_384", "HashSha2_512",
		},
		attributeAuth: {
			1: "AuthPreSharedKey", "AuthDssSignatures", "AuthRsaSignatures", "AuthEncryptionWithRsa",
			"AuthRevisedEncryptionWithRsa", "AuthReserved", "AuthReserved", "AuthReserved", "AuthEcdsaSha256", "AuthEcdsaSha384",
			"AuthEcdsaSha512",
		},
		attributeGroup: {
			1: "GroupDefault768BitModp", "GroupAlternate1024BitModpGroup", "GroupEc2nOnGp2p155", "GroupEc2nOnGp2p185",
			"GroupModp1536Bit", "GroupEc2nOverGf2p163", "GroupEc2nOverGf2p163", "GroupEc2nOverGf2p283", "GroupEc2nOverGf2p283",
			"GroupEc2nOverGf2p409", "GroupEc2nOverGf2p409", "GroupEc2nOverGf2p571", "GroupEc2nOverGf2p571", "GroupModp2048Bit",
			"GroupModp3072Bit", "GroupModp4096Bit", "GroupModp6144Bit", "GroupModp8192Bit", "GroupRandomEcp256",
			"GroupRandomEcp384", "GroupRandomEcp521", "GroupModp1024With160BitPrime", "GroupModp2048With224BitPrime",
			"GroupModp2048With256BitPrime", "GroupRandomEcp192", "GroupRandomEcp224", "GroupBrainpoolEcp224",
			"GroupBrainpoolEcp256", "GroupBrainpoolEcp384", "GroupBrainpoolEcp512",
		},
		attributeLifeType: {
			1: "LifeTypeSeconds", "LifeTypeKilobytes",
		},
	}
	payloadNames = []string{
		"None", "SecurityAssociation", "Proposal", "Transform", "KeyExchange", "Identification", "Certificate",
		"CertificateRequest", "Hash", "Signature", "Nonce", "Notification", "Delete", "VendorID", 15: "SaKekPayload",
		"SaTekPayload", "KeyDownload", "SequenceNumber", "ProofOfPossession", "NatDiscovery", "NatOriginalAddress",
		"GroupAssociatedPolicy",
	}
)

// Names of version 2, as EVE has them: payloads and kinds of notifications (RFC
// 7296 sections 3.2 and 3.10.1), transforms (section 3.3.2), and what IANA added.
var (
	payloadNames2 = []string{
		"NoNextPayload", 33: "SecurityAssociation", "KeyExchange", "IdentInitiator", "IdentResponder", "Certificate",
		"CertificateRequest", "Authentication", "Nonce", "Notify", "Delete", "VendorID", "TrafficSelectorInitiator",
		"TrafficSelectorResponder", "EncryptedAndAuthenticated", "Configuration", "ExtensibleAuthentication",
	}
	encryptionNames = []string{
		1: "ENCR_DES_IV64", "ENCR_DES", "ENCR_3DES", "ENCR_RC5", "ENCR_IDEA", "ENCR_CAST", "ENCR_BLOWFISH", "ENCR_3IDEA",
		"ENCR_DES_IV32", 11: "ENCR_NULL", "ENCR_AES_CBC", "ENCR_AES_CTR", "ENCR_AES_CCM_8", "ENCR_AES_CCM_12",
		"ENCR_AES_CCM_16", 18: "ENCR_AES_GCM_8", "ENCR_AES_GCM_12", "ENCR_AES_GCM_16", "ENCR_NULL_AUTH_AES_GMAC",
		23: "ENCR_CAMELLIA_CBC", "ENCR_CAMELLIA_CTR", "ENCR_CAMELLIA_CCM_8", "ENCR_CAMELLIA_CCM_12", "ENCR_CAMELLIA_CCM_16",
		"ENCR_CHACHA20_POLY1305",
	}
	prfNames = []string{
		"PRF_NULL", "PRF_HMAC_MD5", "PRF_HMAC_SHA1", "PRF_HMAC_TIGER", "PRF_AES128_XCBC", "PRF_HMAC_SHA2_256",
		"PRF_HMAC_SHA2_384", "PRF_HMAC_SHA2_512", "PRF_AES128_CMAC",
	}
	authNames = []string{
		"NONE", "AUTH_HMAC_MD5_96", "AUTH_HMAC_SHA1_96", "AUTH_DES_MAC", "AUTH_KPDK_MD5", "AUTH_AES_XCBC_96",
		"AUTH_HMAC_MD5_128", "AUTH_HMAC_SHA1_160", "AUTH_AES_CMAC_96", "AUTH_AES_128_GMAC", "AUTH_AES_192_GMAC",
		"AUTH_AES_256_GMAC", "AUTH_HMAC_SHA2_256_128", "AUTH_HMAC_SHA2_384_192", "AUTH_HMAC_SHA2_512_256",
	}
	groupNames = []string{
		"None", "Modp768", "Modp1024", 5: "Modp1536", 14: "Modp2048", "Modp3072", "Modp4096", "Modp6144", "Modp8192",
		"Ecp256", "Ecp384", "Ecp521", "Modp1024s160", "Modp2048s224", "Modp2048s256", "Ecp192", "Ecp224", "BrainpoolP224r1",
		"BrainpoolP256r1", "BrainpoolP384r1", "BrainpoolP512r1", "Curve25519", "Curve448",
	}
	esnNames    = []string{"NoESN", "ESN"}
	notifyNames = map[uint16]string{
		1: "UNSUPPORTED_CRITICAL_PAYLOAD", 4: "INVALID_IKE_SPI", 5: "INVALID_MAJOR_VERSION", 7: "INVALID_SYNTAX",
		9: "INVALID_MESSAGE_ID", 11: "INVALID_SPI", 14: "NO_PROPOSAL_CHOSEN", 17: "INVALID_KE_PAYLOAD",
		24: "AUTHENTICATION_FAILED", 34: "SINGLE_PAIR_REQUIRED", 35: "NO_ADDITIONAL_SAS", 36: "INTERNAL_ADDRESS_FAILURE",
		37: "FAILED_CP_REQUIRED", 38: "TS_UNACCEPTABLE", 39: "INVALID_SELECTORS", 43: "TEMPORARY_FAILURE",
		44: "CHILD_SA_NOT_FOUND", 16384: "INITIAL_CONTACT", 16385: "SET_WINDOW_SIZE", 16386: "ADDITIONAL_TS_POSSIBLE",
		16387: "IPCOMP_SUPPORTED", 16388: "NAT_DETECTION_SOURCE_IP", 16389: "NAT_DETECTION_DESTINATION_IP", 16390: "COOKIE",
		16391: "USE_TRANSPORT_MODE", 16392: "HTTP_CERT_LOOKUP_SUPPORTED", 16393: "REKEY_SA",
		16394: "ESP_TFC_PADDING_NOT_SUPPORTED", 16395: "NON_FIRST_FRAGMENTS_ALSO", 16404: "MULTIPLE_AUTH_SUPPORTED",
		16405: "ANOTHER_AUTH_FOLLOWS", 16406: "REDIRECT_SUPPORTED", 16430: "IKEV2_FRAGMENTATION_SUPPORTED",
		16431: "SIGNATURE_HASH_ALGORITHMS",
	}
)
