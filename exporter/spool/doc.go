// Package spool keeps events on disk until their destination takes them.
//
//	Append ─► <dir>/alert/00000000000000000001.seg ─► Head ─► destination ─► Commit
//	          <dir>/flow/…                                                   (cursor moves,
//	          one log per event type, segments named                         used-up segments
//	          by the number of their first record                            are removed)
//
// Each log is a queue of its own: records of one type come out in the order in
// which they went in, also after a restart. Records are numbered without holes,
// and each carries its number under a CRC-32C, so that whatever is missing from
// a damaged log is counted to the record, and nothing after the damage is given
// up. A torn end, which a crash leaves behind, is cut off by Open.
//
// The bound on bytes is shared by all logs. When it is reached, or the disk is
// full, the oldest segments of flow records (Config.GiveUp) go first, then those
// of the other types; alerts (Config.Keep) that were taken are never given up
// for room, and new ones are refused only when alerts alone fill the spool. What is given up or refused is
// counted; per type, at every moment:
//
//	recovered + written = taken + lost{reason} + pending
//
// Records can be put on the disk before their turn: Stage them, and Release them
// when readers may have them. After a restart they are like all others.
//
// What Append or Stage has taken is with the kernel, which keeps it when the
// process is killed, SIGKILL and out-of-memory included, whatever Config.Sync
// says. Only a crash of the kernel or a loss of power takes what had not been
// forced to the disk: with SyncAlways nothing, with SyncInterval what came since
// the last sync, about SyncEvery while records come, with SyncNever what the
// kernel had not written by itself, for Linux up to about 30 seconds. The cut is
// at a whole record. SyncAlways costs an fsync for each group of batches with
// alerts in them, and for each Deliver that spools.
//
// Delivery is at least once: a crash between the destination's answer and
// Commit, or of the machine before the cursor reached the disk, makes records
// come out again, with the same event_id.
//
// A folder belongs to one process at a time, by a lock that ends with the
// process. Methods may be called from several goroutines; they wait for each
// other.
package spool
