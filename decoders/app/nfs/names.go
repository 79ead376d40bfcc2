package nfs

// Procedures that are looked into, by version.
const (
	procGetattr = 1 // of versions 2 and 3

	v2Read   = 6
	v2Write  = 8
	v2Rename = 11

	v3Lookup      = 3
	v3Access      = 4
	v3Read        = 6
	v3Write       = 7
	v3Create      = 8
	v3Mkdir       = 9
	v3Remove      = 12
	v3Rmdir       = 13
	v3Rename      = 14
	v3Readdirplus = 17
	v3Commit      = 21

	v4Compound = 1
)

// procedureNames are the procedures of versions 2 and 3 and the operations of
// version 4, by number.
var procedureNames = [5][]string{
	2: {"NULL", "GETATTR", "SETATTR", "ROOT", "LOOKUP", "READLINK", "READ", "WRITECACHE", "WRITE", "CREATE", "REMOVE", "RENAME",
		"LINK", "SYMLINK", "MKDIR", "RMDIR", "READDIR", "STATFS"},
	3: {"NULL", "GETATTR", "SETATTR", "LOOKUP", "ACCESS", "READLINK", "READ", "WRITE", "CREATE", "MKDIR", "SYMLINK", "MKNOD",
		"REMOVE", "RMDIR", "RENAME", "LINK", "READDIR", "READDIRPLUS", "FSSTAT", "FSINFO", "PATHCONF", "COMMIT"},
	4: {3: "ACCESS", "CLOSE", "COMMIT", "CREATE", "DELEGPURGE", "DELEGRETURN", "GETATTR", "GETFH", "LINK", "LOCK", "LOCKT", "LOCKU",
		"LOOKUP", "LOOKUPP", "NVERIFY", "OPEN", "OPENATTR", "OPEN_CONFIRM", "OPEN_DOWNGRADE", "PUTFH", "PUTPUBFH", "PUTROOTFH",
		"READ", "READDIR", "READLINK", "REMOVE", "RENAME", "RENEW", "RESTOREFH", "SAVEFH", "SECINFO", "SETATTR", "SETCLIENTID",
		"SETCLIENTID_CONFIRM", "VERIFY", "WRITE", "RELEASE_LOCKOWNER"},
}

// procedureName returns the name of a procedure, "" when it has none.
func procedureName(version, procedure uint32) string {
	if int(version) < len(procedureNames) && uint64(procedure) < uint64(len(procedureNames[version])) {
		return procedureNames[version][procedure]
	}
	return ""
}

// statusName returns the name of a status that versions 2 and 3 have (RFC 1813
// section 2.6); "" when it has none.
func statusName(status uint32) string {
	switch status {
	case 0:
		return "OK"
	case 1:
		return "ERR_PERM"
	case 2:
		return "ERR_NOENT"
	case 5:
		return "ERR_IO"
	case 6:
		return "ERR_NXIO"
	case 13:
		return "ERR_ACCES"
	case 17:
		return "ERR_EXIST"
	case 18:
		return "ERR_XDEV"
	case 19:
		return "ERR_NODEV"
	case 20:
		return "ERR_NOTDIR"
	case 21:
		return "ERR_ISDIR"
	case 22:
		return "ERR_INVAL"
	case 27:
		return "ERR_FBIG"
	case 28:
		return "ERR_NOSPC"
	case 30:
		return "ERR_ROFS"
	case 31:
		return "ERR_MLINK"
	case 63:
		return "ERR_NAMETOOLONG"
	case 66:
		return "ERR_NOTEMPTY"
	case 69:
		return "ERR_DQUOT"
	case 70:
		return "ERR_STALE"
	case 71:
		return "ERR_REMOTE"
	}
	return highStatusName(status)
}

// highStatusName is statusName for those that version 3 brought.
func highStatusName(status uint32) string {
	const first = 10001
	names := [...]string{
		"ERR_BADHANDLE", "ERR_NOT_SYNC", "ERR_BAD_COOKIE", "ERR_NOTSUPP", "ERR_TOOSMALL", "ERR_SERVERFAULT", "ERR_BADTYPE", "ERR_JUKEBOX",
	}
	if status >= first && status < first+uint32(len(names)) {
		return names[status-first]
	}
	return ""
}

// authName returns the name of a flavour of authentication (RFC 5531 section
// 8.1 and IANA's list); "" when it has none.
func authName(flavour uint32) string {
	names := [...]string{"NULL", "UNIX", "SHORT", "DH", "KERB", "RSA", "GSS"}
	if int(flavour) < len(names) {
		return names[flavour]
	}
	return ""
}
