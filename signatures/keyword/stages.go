package keyword

// Stages of HTTP, as its parser counts the progress of either direction.
const (
	HTTPLine    = 1
	HTTPHeaders = 2
	HTTPBody    = 3
	HTTPTrailer = 4
)

// Stages of TLS, as its parser counts the progress of the client's and of the
// server's side.
const (
	TLSStart           = 0
	TLSClientHello     = 1
	TLSClientCert      = 2
	TLSClientHandshake = 3
	TLSClientFinished  = 4
	TLSServerHello     = 1
	TLSServerCert      = 2
	TLSServerHelloDone = 3
	TLSServerHandshake = 4
	TLSServerFinished  = 5
)

// Stages of SSH, as its parser counts the progress of either direction.
const (
	SSHStart    = 0
	SSHBanner   = 1
	SSHKex      = 2
	SSHFinished = 3
)

// SMTPData is the stage of SMTP from DATA or BDAT to the end of the mail.
const SMTPData = 1
