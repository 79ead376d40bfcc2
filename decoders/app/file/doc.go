// Package file follows the files that application protocols carry: their name,
// size, hashes, type and whether all of them was seen.
//
//	parser ──► Start ──► Write · Gap · … ──► Close or Truncate ──► name, size, md5, sha1, sha256, magic
//
// Input is the content in order, borrowed until Write returns; of it only the
// first HeadLen bytes are kept, for the type. What a File gives out is memory
// of its own and lives until Reset. A File belongs to one transaction at a
// time; a Pool of one worker lends them, so that following a file of ordinary
// size allocates nothing.
package file
