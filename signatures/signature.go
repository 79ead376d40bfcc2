package signatures

// Signature is one compiled rule, immutable.
type Signature struct{}
